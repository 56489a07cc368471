"""The pages of outgoing calls: asking, what is refused, taking back, and what an owner chooses."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from businesses.models import Business, Membership, Role, User
from businesses.tenancy import acting_for
from calls.models import OutgoingCall, OutgoingChoices, Task, TaskKind
from calls.tests.conftest import make_business

PERSON = "+972525550000"


@pytest.fixture
def client_of_staff(business: Business, client: Client) -> Client:
    user = User.objects.create_user("staff@clinic.test", "pw")
    Membership.objects.create(business=business, user=user, role=Role.STAFF)
    client.force_login(user)
    return client


def task_of(business: Business) -> Task:
    with acting_for(business):
        OutgoingChoices.objects.create(business=business, enabled=True)
        return Task.objects.create(
            business=business, kind=TaskKind.CALL_BACK, who="Dana", number=PERSON, about="A tooth hurts.",
            created_at=timezone.now() - timedelta(hours=1),
        )  # fmt: skip


def rows(business: Business) -> list[OutgoingCall]:
    with acting_for(business):
        return list(OutgoingCall.objects.all())


def test_a_member_has_somebody_called_from_a_task_and_takes_it_back(
    business: Business, client_of_staff: Client
) -> None:
    base, task = f"/b/{business.slug}", task_of(business)
    assert f'name="task" value="{task.pk}"' in client_of_staff.get(f"{base}/tasks/").content.decode()
    for _press in range(2):
        client_of_staff.post(f"{base}/calls/outgoing/ask/", {"number": PERSON, "task": str(task.pk)})
    (row,) = rows(business)
    assert (row.task, row.who, row.about, row.basis) == (task, "Dana", "A tooth hurts.", "asked")
    assert "Waiting" in client_of_staff.get(f"{base}/tasks/").content.decode()
    client_of_staff.post(f"{base}/calls/outgoing/{row.pk}/cancel/")
    assert [each.state for each in rows(business)] == ["cancelled"]


def test_who_has_not_agreed_is_not_called_and_the_page_says_why(business: Business, client_of_staff: Client) -> None:
    task_of(business)
    answer = client_of_staff.post(f"/b/{business.slug}/calls/outgoing/ask/", {"number": "+972525550009"})
    assert answer.status_code == 422
    assert "This person has not asked to be called" in answer.content.decode()
    assert rows(business) == []


def test_nothing_is_called_for_a_task_of_another_business(business: Business, client_of_staff: Client) -> None:
    task_of(business)
    other = task_of(make_business())
    told = {"number": PERSON, "task": str(other.pk)}
    assert client_of_staff.post(f"/b/{business.slug}/calls/outgoing/ask/", told).status_code == 404
    assert rows(business) == []


def test_an_owner_chooses_and_mistakes_are_refused(business: Business, client_of_staff: Client) -> None:
    with acting_for(business):
        Membership.objects.update(role=Role.OWNER)
    address = f"/b/{business.slug}/settings/outgoing-calls/"
    chosen = {
        "enabled": "on", "earliest": "10:00", "latest": "18:00", "words": "Hello {name}, {business} calls.",
        "at_machine": "say", "machine_words": "Please call us.", "retries": "2", "retry_minutes": "15",
        "most_a_day": "5", "most_per_person": "2",
    }  # fmt: skip
    for wrong in ({"latest": "09:00"}, {"words": "Hello {phone}"}, {"machine_words": ""}, {"retries": "3"}):
        assert client_of_staff.post(address, chosen | wrong).status_code == 422
    assert client_of_staff.post(address, chosen).status_code == 302
    with acting_for(business):
        kept = OutgoingChoices.objects.get()
    assert (kept.enabled, kept.only_on_open_days, kept.retries, kept.latest.hour) == (True, False, 2, 18)
