from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from whatsapp.audience.choice import ContactsChoice
from whatsapp.broadcasts.creation import Timing
from whatsapp.control.money import CountryCost
from whatsapp.control.preflight import preflight
from whatsapp.models import Contact, MessageTemplate, MessagingSettings, Recipient, Sender, WindowZone
from whatsapp.states import RecipientStatus, SkipReason
from whatsapp.tests.conftest import NOW, Make

PEOPLE = "phone,first_name\n0501234567,Dana\n0501234567,Again\nabc,X\n0521234567,\n+14155552671,Joe\n0531234567,Tal\n"


def test_it_tells_what_will_happen(make: Make, sender: Sender) -> None:
    sender.max_mps = 2
    sender.save()
    look = preflight(make(PEOPLE), now=NOW)
    assert look.valid == 3
    assert look.skipped == {
        SkipReason.DUPLICATE: 1,
        SkipReason.INVALID_NUMBER: 1,
        SkipReason.MISSING_VARIABLE: 1,
    }
    assert [(row.row, row.reason) for row in look.skipped_rows] == [
        (3, SkipReason.DUPLICATE),
        (4, SkipReason.INVALID_NUMBER),
        (5, SkipReason.MISSING_VARIABLE),
    ]
    assert look.costs == [CountryCost("IL", 2, Decimal("0.0292")), CountryCost("US", 1, Decimal("0.0207"))]
    assert [line.cost for line in look.costs] == [Decimal("0.0584"), Decimal("0.0207")]
    assert (look.cost, look.currency) == (Decimal("0.0791"), "EUR")
    assert look.rates_source
    assert look.expected_end == NOW + timedelta(seconds=1.5)
    assert look.problems == []
    assert look.warnings == ["WhatsApp does not deliver marketing to numbers in the USA: 1 person."]


def test_it_weighs_the_rest_of_the_24_hour_limit(make: Make, sender: Sender) -> None:
    sender.messaging_limit = 250
    sender.save()
    earlier = make("phone,first_name\n" + "".join(f"05200000{n:02d},P\n" for n in range(99)))
    Recipient.objects.filter(broadcast=earlier).update(
        status=RecipientStatus.DELIVERED, accepted_at=NOW - timedelta(hours=1)
    )
    assert preflight(make(), now=NOW).people_left == 151
    many = make("phone,first_name\n" + "".join(f"0530000{n:03d},P\n" for n in range(152)))
    assert preflight(many, now=NOW).warnings == [
        "The number may reach 151 more people in 24 hours; the rest of 152 waits for the next."
    ]
    assert preflight(many, now=NOW + timedelta(hours=24)).people_left == 250


def test_the_expected_end_keeps_the_sending_hours(make: Make, sender: Sender) -> None:
    sender.max_mps = 1 / 3600
    sender.save()
    hours = Timing(send_from=time(9), send_until=time(12))
    look = preflight(make(PEOPLE, timing=hours), now=datetime(2026, 11, 23, 9, tzinfo=UTC))  # 11:00 in Jerusalem
    assert look.expected_end == datetime(2026, 11, 24, 9, tzinfo=UTC)
    by_their_clock = make(timing=Timing(send_from=time(9), send_until=time(12), window_zone=WindowZone.RECIPIENT))
    assert "each person's clock" in preflight(by_their_clock, now=NOW).warnings[0]


def test_an_audience_that_is_not_frozen_yet_is_estimated(make: Make, template: MessageTemplate) -> None:
    Contact.objects.create(business=template.business, phone="+972501234567", name="Dana")
    Contact.objects.create(business=template.business, phone="+972501234568", name="Tal")
    broadcast = make(choice=ContactsChoice())
    broadcast.audience_ready_at = None
    look = preflight(broadcast, now=NOW)
    assert look.valid == 2


def test_looking_changes_nothing(make: Make) -> None:
    broadcast = make(PEOPLE)
    before = list(Recipient.objects.values()), broadcast.epoch
    preflight(broadcast, now=NOW)
    broadcast.refresh_from_db()
    assert (list(Recipient.objects.values()), broadcast.epoch) == before


def test_it_says_when_a_budget_is_too_small_and_when_prices_are_not_sure(make: Make, template: MessageTemplate) -> None:
    broadcast = make("phone,first_name\n0501234567,Dana\n0531234567,Tal\n+96550123456,Noura\n")
    assert [line.country for line in preflight(broadcast, now=NOW).costs] == ["IL", "KW"]
    broadcast.budget = Decimal("0.05")
    MessagingSettings.objects.create(business=broadcast.business, monthly_budget=Decimal("0.06"))
    assert preflight(broadcast, now=NOW).warnings == [
        "It may cost 0.05 EUR, and all of it would cost 0.09: it pauses in between.",
        "0.06 EUR are left of this month's budget, and all of it would cost 0.09: "
        "it pauses in between and goes on next month.",
        "WhatsApp has new prices for KW, which are not known here: 1 person is estimated at an older one.",
    ]
    broadcast.budget = Decimal("0.09")
    assert len(preflight(broadcast, now=NOW).warnings) == 2
