"""Adding many opt-outs at once does what adding them one by one does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from businesses.models import Business
from testing.broadcasts import make_broadcast, make_sender, make_template
from whatsapp.models import ConsentChange, Contact, Recipient, Suppression, SuppressionCategory, SuppressionSource
from whatsapp.people.many_opt_outs import OptOut, suppress_many
from whatsapp.people.suppressions import suppress
from whatsapp.tests.conftest import NOW

DANA, NOAM, BRAZIL = "+972501234567", "+972521111111", "+5511987654321"
ADDRESSES = (DANA, NOAM, BRAZIL, "+551187654321", "US.13491208655302741918", "+972541111111", "+972541111112")


@pytest.fixture
def world(clinic: Business) -> Business:
    """Dana has a number and a user id, and two messages wait for her; somebody in Brazil is known in one form."""
    Contact.objects.create(business=clinic, phone=DANA, bsuid="US.13491208655302741918", consent="granted")
    Contact.objects.create(business=clinic, phone=BRAZIL)
    sender = make_sender(clinic)
    for number, category in enumerate(("MARKETING", "UTILITY")):
        template = make_template(sender, name=f"t{number}", category=category)
        make_broadcast(sender, template, [DANA, NOAM])
    suppress(clinic, NOAM, category=SuppressionCategory.MARKETING, source=SuppressionSource.STAFF, now=NOW, note="rang")
    return clinic


def everything() -> list[Any]:
    return [
        sorted(Suppression.objects.values_list("address", "category", "source", "note", "created_at")),
        sorted(Contact.objects.values_list("phone", "consent", "consent_source")),
        sorted(Recipient.objects.values_list("address", "broadcast__template_category", "status", "skip_reason")),
        sorted(ConsentChange.objects.values_list("address", "what", "source", "at")),
    ]


CHOICES = st.builds(
    lambda address, category, source, days: OptOut(address, category, source, "n", NOW - timedelta(days=days)),
    st.sampled_from(ADDRESSES),
    st.sampled_from(list(SuppressionCategory)),
    st.sampled_from([SuppressionSource.IMPORT, SuppressionSource.REPLY]),
    st.integers(0, 3),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.lists(CHOICES, max_size=5, unique_by=lambda each: (each.address, each.category)))
def test_the_result_is_that_of_one_by_one(world: Business, opt_outs: list[OptOut]) -> None:
    results = []
    for together in (True, False):
        with transaction.atomic():
            if together:
                count = suppress_many(world, opt_outs, by=None)
            else:
                count = sum(
                    suppress(world, o.address, category=o.category, source=o.source, now=o.since, note=o.note)
                    for o in opt_outs
                )
            results.append((count, everything()))
            transaction.set_rollback(True)
    assert results[0] == results[1]


def test_a_person_of_the_business_withdraws_and_gets_nothing_more(world: Business) -> None:
    opt_out = OptOut(DANA, SuppressionCategory.MARKETING, SuppressionSource.IMPORT, "", NOW)
    assert suppress_many(world, [opt_out], by=None) == 1
    assert Contact.objects.get(phone=DANA).consent == "withdrawn"
    rows = dict(Recipient.objects.filter(address=DANA).values_list("broadcast__template_category", "status"))
    assert rows == {"MARKETING": "skipped", "UTILITY": "pending"}


def test_strangers_take_few_queries(world: Business) -> None:
    strangers = [
        OptOut(f"+97254{n:07d}", SuppressionCategory.ALL, SuppressionSource.IMPORT, "", NOW)
        for n in range(2_000_000, 2_000_200)
    ]
    with CaptureQueriesContext(connection) as queries:
        assert suppress_many(world, strangers, by=None) == 200
    assert len(queries) < 15
