"""The base of tasks that work for one business."""

import uuid

import pytest
from celery import shared_task

from businesses.models import Business, Membership, User
from businesses.tasks import BusinessTask
from businesses.tenancy import NoBusiness

pytestmark = pytest.mark.django_db


@shared_task(base=BusinessTask)
def count_members(*, business_id: str) -> int:
    """A task that asks for tenant data."""
    return Membership.objects.count()


def test_it_sees_its_business_only() -> None:
    here, elsewhere = (Business.objects.create(name=name, slug=name) for name in ("here", "elsewhere"))
    person = User.objects.create_user("person@here.example")
    for business in (here, elsewhere):
        Membership.objects.create(business=business, user=person)
    assert count_members(business_id=str(here.pk)) == 1
    with pytest.raises(NoBusiness):
        Membership.objects.count()


def test_of_a_business_that_is_gone_nothing_is_done() -> None:
    assert count_members(business_id=str(uuid.uuid4())) is None
