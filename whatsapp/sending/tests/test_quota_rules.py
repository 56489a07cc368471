"""Who counts against the 24-hour limit and for how long, trials, and whether a broadcast may send now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from businesses.models import Business
from businesses.tenancy import acting_for
from testing.broadcasts import addresses, make_broadcast, make_sender, make_template
from whatsapp.models import Attempt, Broadcast, MessageTemplate, Recipient, Sender, TieSource
from whatsapp.people import ties
from whatsapp.people.identity import People
from whatsapp.people.ties import Tie
from whatsapp.sending import gates, quota, reached
from whatsapp.sending.gates import Closed
from whatsapp.sending.quota import PeopleGauge
from whatsapp.states import PauseReason, RecipientStatus

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)
FIRST, SECOND = addresses(2)


@pytest.fixture(autouse=True)
def _as_in_a_wave(sender: Sender) -> Iterator[None]:
    """Counting locks the numbers of a portfolio, which needs a transaction."""
    with transaction.atomic():
        yield


def limited(sender: Sender, limit: int | None = 100) -> Sender:
    Sender.objects.filter(pk=sender.pk).update(messaging_limit=limit)
    sender.refresh_from_db()
    return sender


def reach(
    broadcast: Broadcast, count: int, *, status: str = "accepted", at: datetime | None = NOW, first: int = 0
) -> None:
    """Let some people of a broadcast have been reached at a moment."""
    rows = Recipient.objects.filter(broadcast=broadcast).order_by("pk")
    keys = list(rows.values_list("pk", flat=True)[first : first + count])
    why = "opted_out" if status == "skipped" else ""
    Recipient.objects.filter(pk__in=keys).update(status=status, accepted_at=at, skip_reason=why)


def left(sender: Sender, now: datetime = NOW) -> int | None:
    return quota.people_left_to_tell(sender, now)


# Who counts -------------------------------------------------------------------------------------------------------
def test_without_a_known_limit_nobody_is_counted(sender: Sender, broadcast: Broadcast) -> None:
    assert left(limited(sender, None)) is None
    assert quota.people_left(sender, NOW) is None


def test_who_is_with_the_provider_counts_for_24_hours(sender: Sender, broadcast: Broadcast) -> None:
    limited(sender)
    for status in RecipientStatus:
        reach(broadcast, 3, status=status, at=NOW - DAY + MOMENT)
        reached = {"accepted", "held", "sent", "expired", "delivered", "read", "sending"}
        assert left(sender) == (97 if status in reached else 100), status
        reach(broadcast, 3, status=status, at=NOW - DAY)
        assert left(sender) == (97 if status == "sending" else 100), status


def test_a_doubt_counts_by_its_last_attempt(sender: Sender, broadcast: Broadcast) -> None:
    limited(sender)
    rows = list(Recipient.objects.order_by("pk")[:3])
    for row, age in zip(rows, (timedelta(hours=1), DAY - MOMENT, DAY), strict=True):
        Attempt.objects.create(business=row.business, recipient=row, no=1, started_at=NOW - age)
    Recipient.objects.filter(pk__in=[row.pk for row in rows]).update(status="unknown")
    assert left(sender) == 98
    Recipient.objects.filter(pk=rows[0].pk).update(status="failed")
    assert left(sender) == 99, "what was refused reached nobody"


def test_a_person_counts_once_and_the_limit_is_never_below_nothing(
    sender: Sender, template: MessageTemplate, broadcast: Broadcast
) -> None:
    other = make_broadcast(sender, template, addresses(3))
    for one in (broadcast, other):
        reach(one, 3)
    assert left(limited(sender, 10)) == 7
    assert left(limited(sender, 2)) == 0


def test_two_addresses_of_one_person_count_once(
    acme: Business, sender: Sender, template: MessageTemplate, broadcast: Broadcast
) -> None:
    """Both forms of a Brazilian number, a user id that is tied to a number, and a landline that stands alone."""
    limited(sender, 10)
    new, old, landline, gone = "+5511987654321", "+551187654321", "+551132654321", "+551188888888"
    ties.learn(acme, [Tie(FIRST, "IL.77", TieSource.STATUS), Tie(gone, "BR.5", TieSource.STATUS)], now=NOW)
    early, late = NOW - timedelta(hours=5), NOW - timedelta(hours=2)
    for told, at in (([new, FIRST, "BR.5"], early), ([old, "IL.77", gone], late)):
        one = make_broadcast(sender, template, told)
        reach(one, len(told), at=at)
    assert left(sender) == 7
    reach(make_broadcast(sender, template, [landline]), 1, at=early)
    assert left(sender) == 6
    assert sorted(reached.last_reached(sender, NOW)) == [early, late, late, late]
    limited(sender, 3)
    fresh = Broadcast.objects.select_related("sender").get(pk=broadcast.pk)
    assert quota.goes_on_at(fresh, NOW) == late + DAY, "the landline's place is the one too many"


def test_many_people_are_counted_in_few_queries(
    sender: Sender, template: MessageTemplate, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    reach(make_broadcast(sender, template, [f"+55118765{number:04}" for number in range(900)]), 900)
    reach(make_broadcast(sender, template, [f"+551198765{number:04}" for number in range(850, 1000)]), 150)
    with django_assert_num_queries(4):
        assert reached.people(sender, NOW) == 1000
    with django_assert_num_queries(4):
        assert len(reached.last_reached(sender, NOW)) == 1000


def test_numbers_of_a_portfolio_share_the_limit_and_others_do_not(
    acme: Business, sender: Sender, template: MessageTemplate
) -> None:
    """Without a portfolio, those of one account do."""
    same_account = make_sender(acme, number_id="1056")
    elsewhere = make_sender(acme, number_id="1057", account_id="2078")
    by_twilio = make_sender(acme, number_id="1058", provider="twilio")
    for number, one in enumerate((same_account, elsewhere, by_twilio)):
        reach(make_broadcast(one, template, addresses(10, start=100 * number)), 1 + number)
    assert left(limited(sender)) == 99
    Sender.objects.filter(pk__in=[sender.pk, elsewhere.pk]).update(portfolio_id="3")
    assert left(limited(sender)) == 98, "the portfolio, whatever the account"


def test_another_business_has_its_own_limit(sender: Sender, broadcast: Broadcast) -> None:
    other = Business.objects.create(name="Other", slug="other")
    with acting_for(other):
        theirs = Sender.objects.create(  # of the same account, which it has not proved to be its own
            business=other, provider="cloud", number_id="1999", account_id="2077"
        )
        reach(make_broadcast(theirs, make_template(theirs), addresses(5, start=50)), 5)
    assert left(limited(sender)) == 100


def test_it_goes_on_when_enough_have_left_and_a_person_leaves_a_day_after_the_last_message(
    sender: Sender, template: MessageTemplate, broadcast: Broadcast
) -> None:
    for hours, first in ((2, 0), (20, 2), (21, 4), (25, 6)):
        reach(broadcast, 2, at=NOW - timedelta(hours=hours), first=first)
    reach(make_broadcast(sender, template, addresses(6)[4:]), 2, at=NOW - timedelta(hours=1))

    def goes_on_at(limit: int) -> datetime:
        limited(sender, limit)
        return quota.goes_on_at(Broadcast.objects.select_related("sender").get(pk=broadcast.pk), NOW)

    assert goes_on_at(7) == NOW, "six count"
    assert goes_on_at(6) == NOW + timedelta(hours=4)
    assert goes_on_at(5) == NOW + timedelta(hours=4), "two have to leave, and both do then"
    assert goes_on_at(4) == NOW + timedelta(hours=22), "the next two were written to by the other broadcast since"
    reach(broadcast, 1, status="sending", at=None)
    assert goes_on_at(1) == NOW + DAY, "who is under way is reached now"


def test_with_far_more_reached_than_the_limit_it_pauses_once(sender: Sender, broadcast: Broadcast) -> None:
    """Sixteen of twenty were reached a second apart, and the limit is ten: seven have to leave before one may come."""
    for number in range(16):
        reach(broadcast, 1, at=NOW - timedelta(hours=1, seconds=60 - number), first=number)
    limited(sender, 10)
    fresh = Broadcast.objects.select_related("sender", "template", "business").get()
    shut = gates.room_for(fresh, PeopleGauge(), NOW)
    assert isinstance(shut, Closed)
    assert shut.resume_at is not None
    assert gates.room_for(fresh, PeopleGauge(), shut.resume_at - MOMENT) == shut
    assert gates.room_for(fresh, PeopleGauge(), shut.resume_at) == 1


# The gauge --------------------------------------------------------------------------------------------------------
def test_far_from_the_limit_the_count_is_reused_for_five_seconds(sender: Sender, broadcast: Broadcast) -> None:
    limited(sender, quota.PLENTY + 10)
    gauge = PeopleGauge()
    assert gauge.read(sender, NOW) == quota.PLENTY + 10
    reach(broadcast, 5)
    gauge.use(3)
    assert gauge.read(sender, NOW + timedelta(seconds=5)) == quota.PLENTY + 7
    assert gauge.read(sender, NOW + timedelta(seconds=5) + MOMENT) == quota.PLENTY + 5
    gauge.use(5)
    reach(broadcast, 1, first=5)
    assert gauge.read(sender, NOW + timedelta(seconds=6)) == quota.PLENTY + 4, "close to the limit it is counted anew"


def test_a_number_without_a_limit_stays_so_for_five_seconds(sender: Sender, broadcast: Broadcast) -> None:
    gauge = PeopleGauge()
    assert gauge.read(limited(sender, None), NOW) is None
    gauge.use(3)
    limited(sender, 10)
    assert gauge.read(sender, NOW + timedelta(seconds=5)) is None
    assert gauge.read(sender, NOW + timedelta(seconds=6)) == 10


# Trials -----------------------------------------------------------------------------------------------------------
def test_of_a_trial_everybody_counts_whose_message_was_posted(broadcast: Broadcast) -> None:
    Broadcast.objects.update(canary_size=5)
    broadcast.refresh_from_db()
    for status in RecipientStatus:
        is_posted = status not in {"pending", "claimed", "skipped", "cancelled"}
        reach(broadcast, 20, status="pending", at=None)
        reach(broadcast, 2, status=status, at=None)
        assert quota.trial_left(broadcast) == (3 if is_posted else 5), status
        reach(broadcast, 20, status=status, at=None)
        assert quota.trial_left(broadcast) == (0 if is_posted else 5), status


def test_there_is_no_trial_once_it_was_reviewed_nor_do_other_broadcasts_count(
    sender: Sender, template: MessageTemplate, broadcast: Broadcast
) -> None:
    assert quota.trial_left(broadcast) is None
    broadcast.canary_size = 5
    reach(make_broadcast(sender, template, addresses(3, start=50)), 3)
    assert quota.trial_left(broadcast) == 5
    broadcast.canary_reviewed_at = NOW
    assert quota.trial_left(broadcast) is None


# One message to a person every 6 s --------------------------------------------------------------------------------
def test_who_is_being_messaged_by_another_broadcast_must_wait(
    acme: Business, sender: Sender, template: MessageTemplate, broadcast: Broadcast
) -> None:
    other = make_broadcast(sender, template, [FIRST, SECOND])
    asked = addresses(5)

    def busy() -> set[str]:
        return quota.just_messaged(broadcast, asked, People(), NOW)

    assert busy() == set()
    Recipient.objects.filter(broadcast=other, address=FIRST).update(status="sending")
    assert busy() == {FIRST}
    Recipient.objects.filter(broadcast=other, address=FIRST).update(
        status="accepted", accepted_at=NOW - quota.PAIR_GAP + MOMENT
    )
    assert busy() == {FIRST}
    Recipient.objects.filter(broadcast=other, address=FIRST).update(accepted_at=NOW - quota.PAIR_GAP)
    assert busy() == set()
    Recipient.objects.filter(broadcast=broadcast, address=FIRST).update(status="sending")
    assert busy() == set(), "by itself it is not held up"
    Recipient.objects.filter(broadcast=other, address=SECOND).update(status="sending")
    assert quota.just_messaged(broadcast, [FIRST], People(), NOW) == set()


# Whether a broadcast may send now ---------------------------------------------------------------------------------
def test_the_smallest_limit_says_how_many_may_leave(sender: Sender, broadcast: Broadcast) -> None:
    def room(limit: int | None, trial: int | None) -> Any:
        limited(sender, limit)
        Broadcast.objects.update(canary_size=trial)
        fresh = Broadcast.objects.select_related("sender", "template", "business").get()
        return gates.room_for(fresh, PeopleGauge(), NOW)

    assert room(None, None) == gates.UNLIMITED
    assert (room(50, None), room(None, 7), room(50, 7), room(5, 7)) == (50, 7, 7, 5)
    reach(broadcast, 7)
    assert room(None, 7) == Closed(PauseReason.CANARY_REVIEW)
    full = room(7, None)
    assert (full.reason, full.because.data, full.resume_at) == (PauseReason.QUOTA_24H, {"limit": 7}, NOW + DAY)


@pytest.mark.parametrize(
    ("paused_until", "resume_at"),
    [(None, None), (NOW + timedelta(hours=3), NOW + timedelta(hours=3)), (NOW, NOW + gates.TEMPLATE_LOOK)],
)
def test_a_template_that_is_not_approved_closes_the_broadcast(
    broadcast: Broadcast, paused_until: datetime | None, resume_at: datetime | None
) -> None:
    assert gates.closed(broadcast, NOW) is None
    broadcast.template.status, broadcast.template.status_detail = "PAUSED", "Low quality"
    broadcast.template.paused_until = paused_until
    shut = gates.closed(broadcast, NOW)
    assert shut is not None
    assert shut.because is not None
    assert (shut.reason, shut.resume_at) == (PauseReason.TEMPLATE, resume_at)
    assert shut.because.data == {"status": "PAUSED", "words": "Low quality"}


def test_sending_hours_of_the_business_close_it_and_each_person_s_do_not(broadcast: Broadcast) -> None:
    broadcast.send_from, broadcast.send_until, broadcast.window_zone = time(12), time(20), "business"
    assert gates.closed(broadcast, NOW) == Closed(PauseReason.WINDOW, resume_at=NOW.replace(hour=10)), "12:00 in Israel"
    assert gates.closed(broadcast, NOW.replace(hour=10)) is None
    broadcast.window_zone = "recipient"
    assert gates.closed(broadcast, NOW) is None
    broadcast.window_zone = "business"
    for hours in ({"send_from": None}, {"send_until": None}):
        for name, value in ({"send_from": time(12), "send_until": time(20)} | hours).items():
            setattr(broadcast, name, value)
        assert gates.closed(broadcast, NOW) is None, "hours need a beginning and an end"
        assert gates.window_of(broadcast) is None
