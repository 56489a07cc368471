"""Opted-out people are not messaged from the moment they opt out."""

from __future__ import annotations

import pytest

from businesses.models import Business
from businesses.tenancy import across_businesses, acting_for
from whatsapp.broadcasts import lifecycle
from whatsapp.models import (
    Consent,
    Contact,
    MessageTemplate,
    Recipient,
    Suppression,
    SuppressionCategory,
    SuppressionSource,
)
from whatsapp.people import suppressions
from whatsapp.states import RecipientStatus
from whatsapp.tests.conftest import NOW, Make

DANA = "+972501234567"
REPLY = SuppressionSource.REPLY


@pytest.mark.parametrize(
    ("category", "template", "is_blocked"),
    [
        (SuppressionCategory.ALL, "MARKETING", True),
        (SuppressionCategory.ALL, "UTILITY", True),
        (SuppressionCategory.MARKETING, "MARKETING", True),
        (SuppressionCategory.MARKETING, "UTILITY", False),
        (SuppressionCategory.MARKETING, "AUTHENTICATION", False),
    ],
)
def test_a_category_blocks_what_it_means(
    category: SuppressionCategory, template: str, clinic: Business, *, is_blocked: bool
) -> None:
    suppressions.suppress(clinic, DANA, category=category, source=REPLY, now=NOW)
    assert suppressions.blocked(clinic, [DANA, "+972520000000"], template) == ({DANA} if is_blocked else set())


@pytest.mark.parametrize("state", RecipientStatus)
def test_a_running_broadcast_skips_whoever_waits_and_changes_nobody_else(state: RecipientStatus, make: Make) -> None:
    broadcast = make("phone,first_name\n0501234567,Dana\n0521234567,Tal\n")
    lifecycle._start(broadcast, now=NOW)
    dana = Recipient.objects.filter(broadcast=broadcast, address=DANA)
    dana.update(status=state, skip_reason="duplicate" if state == RecipientStatus.SKIPPED else "")
    suppressions.suppress(broadcast.business, DANA, category=SuppressionCategory.ALL, source=REPLY, now=NOW)
    waited = state in {RecipientStatus.PENDING, RecipientStatus.CLAIMED, RecipientStatus.RETRY_WAIT}
    expected = (RecipientStatus.SKIPPED, "opted_out") if waited else (state, dana.get().skip_reason)
    assert (dana.get().status, dana.get().skip_reason) == expected
    assert Recipient.objects.get(broadcast=broadcast, address="+972521234567").status == RecipientStatus.PENDING


def test_stopping_marketing_lets_a_running_receipt_through(make: Make, template: MessageTemplate) -> None:
    MessageTemplate.objects.update(category="UTILITY")
    template.refresh_from_db()
    broadcast = make()
    suppressions.suppress(broadcast.business, DANA, category=SuppressionCategory.MARKETING, source=REPLY, now=NOW)
    assert Recipient.objects.get(broadcast=broadcast).status == RecipientStatus.PENDING


def test_saying_it_twice_is_no_news(clinic: Business) -> None:
    said = [
        suppressions.suppress(clinic, DANA, category=SuppressionCategory.ALL, source=REPLY, now=NOW) for _ in range(2)
    ]
    assert said == [True, False]
    assert Suppression.objects.count() == 1


def test_taking_it_back(clinic: Business, make: Make) -> None:
    Contact.objects.create(business=clinic, phone=DANA)
    suppressions.suppress(clinic, DANA, category=SuppressionCategory.ALL, source=REPLY, now=NOW)
    assert Contact.objects.get().consent == Consent.WITHDRAWN
    assert suppressions.lift(clinic, DANA, now=NOW, categories=list(SuppressionCategory))
    assert (Contact.objects.get().consent, Contact.objects.get().consent_changed_at) == (Consent.GRANTED, NOW)
    assert not suppressions.lift(clinic, DANA, now=NOW, categories=list(SuppressionCategory))
    assert Recipient.objects.get(broadcast=make()).status == RecipientStatus.PENDING


def test_it_stays_inside_the_business(clinic: Business, make: Make) -> None:
    broadcast = make()
    other = Business.objects.create(name="Other", slug="other")
    with acting_for(other):
        suppressions.suppress(other, DANA, category=SuppressionCategory.ALL, source=REPLY, now=NOW)
    with across_businesses():
        suppressions.lift(clinic, DANA, now=NOW, categories=list(SuppressionCategory))
        assert Suppression.objects.get().business == other
    assert Recipient.objects.get(broadcast=broadcast).status == RecipientStatus.PENDING
