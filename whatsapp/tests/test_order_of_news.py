"""In whatever order a tie, an opt-out and a repetition of both arrive: the same people, the same silence."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from businesses.models import Business, Membership, Role, User
from whatsapp.models import Contact, ContactMerge, SuppressionCategory, SuppressionSource, TieSource
from whatsapp.people import identity, merging, suppressions, tagging, ties
from whatsapp.people.ties import Tie
from whatsapp.tests.conftest import NOW

ADDRESSES = ["+972501111111", "+5531996883193", "+553196883193", "+15550107777", "IL.1", "BR.2"]
CONSENTS = ["granted", "unknown", "withdrawn", "granted", "unknown", "granted"]
addresses = st.sampled_from(ADDRESSES)
tied = st.tuples(st.just("tie"), addresses, addresses)
stopped = st.tuples(st.just("stop"), addresses, st.just(""))
news = st.lists(tied | stopped, max_size=6)


@pytest.fixture
def owner(clinic: Business) -> User:
    user = User.objects.create_user("owner@clinic.test", "pw")
    Membership.objects.create(business=clinic, user=user, role=Role.OWNER)
    return user


def world(business: Business) -> None:
    for number, (address, consent) in enumerate(zip(ADDRESSES, CONSENTS, strict=True)):
        field = "phone" if address.startswith("+") else "bsuid"
        contact = Contact.objects.create(business=business, consent=consent, **{field: address})
        Contact.objects.filter(pk=contact.pk).update(created_at=NOW + timedelta(minutes=number))
        tagging.tag(business, [contact], f"tag {number}")


def hear(business: Business, told: list[tuple[str, str, str]]) -> None:
    for what, one, other in told:
        if what == "tie":
            ties.learn(business, [Tie(one, other, TieSource.STATUS)], now=NOW)
        else:
            suppressions.suppress(
                business, one, category=SuppressionCategory.ALL, source=SuppressionSource.REPLY, now=NOW
            )
    for address in ADDRESSES:
        merging.one_contact(business, [address], now=NOW)


def state(business: Business) -> dict[str, Any]:
    contacts = {
        min(identity.addresses_of_contact(each)): (each.consent, sorted(tag.name for tag in each.tags.all()))
        for each in Contact.objects.all()
    }
    return {
        "people": {frozenset(identity.addresses_of(business, address)) for address in ADDRESSES},
        "silent": suppressions.blocked(business, ADDRESSES, "UTILITY"),
        "contacts": contacts,
    }


def after(business: Business, told: list[tuple[str, str, str]]) -> dict[str, Any]:
    with transaction.atomic():
        world(business)
        hear(business, told)
        found = state(business)
        transaction.set_rollback(True)
    return found


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=news, chance=st.randoms())
def test_the_order_makes_no_difference(clinic: Business, told: list[tuple[str, str, str]], chance: Any) -> None:
    shuffled = [*told, *told]
    chance.shuffle(shuffled)
    found = after(clinic, told)
    assert after(clinic, shuffled) == found
    for person in found["people"]:
        assert found["silent"] & person in (set(), person & set(ADDRESSES)), "an opt-out holds for the whole person"
    for consent, tags in found["contacts"].values():
        consents = {CONSENTS[int(tag.split()[1])] for tag in tags}
        assert consent == "withdrawn" or "withdrawn" not in consents, "the strictest wins"
    assert sorted(tag for _consent, tags in found["contacts"].values() for tag in tags) == sorted(
        f"tag {number}" for number in range(len(ADDRESSES))
    )


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=st.lists(tied, max_size=5))
def test_undoing_every_merge_gives_every_contact_back(
    clinic: Business, owner: Any, told: list[tuple[str, str, str]]
) -> None:
    def contacts() -> dict[Any, Any]:
        columns = ("phone", "bsuid", "name", "attributes", "consent", "consent_source", "created_at")
        return {
            each.pk: ([getattr(each, name) for name in columns], sorted(tag.name for tag in each.tags.all()))
            for each in Contact.objects.all()
        }

    with transaction.atomic():
        world(clinic)
        before = contacts()
        for number, (_what, one, other) in enumerate(told):
            ties.learn(clinic, [Tie(one, other, TieSource.STATUS)], now=NOW + timedelta(hours=number))
        for merge in ContactMerge.objects.order_by("-at", "-pk"):
            merging.undo(merge, now=NOW + timedelta(days=1), by=owner)
        assert contacts() == before
        transaction.set_rollback(True)
