"""Messages whose answer was lost, at their exact limits: what counts as evidence, of whom, and since when."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from businesses.keeping.person import ERASED
from businesses.models import Business, User
from testing.broadcasts import addresses, make_broadcast, make_sender, make_template
from whatsapp.models import Attempt, Broadcast, BroadcastEvent, MessageTemplate, Recipient, Sender
from whatsapp.providers.base import ProviderUnavailable
from whatsapp.reasons import Cause, reason
from whatsapp.sending import doubts, evidence
from whatsapp.sending.threads import DatabaseThread

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)
WHY = reason(Cause.NO_REPORT)
FIRST, SECOND = addresses(2)


def in_doubt(broadcast: Broadcast, age: timedelta, *, position: int = 0) -> Recipient:
    """Returns a row whose second attempt began so long ago and was never answered."""
    key = Recipient.objects.filter(broadcast=broadcast).order_by("pk").values_list("pk", flat=True)[position]
    attempt_id = uuid.uuid4()
    Recipient.objects.filter(pk=key).update(
        status="unknown", attempt_id=attempt_id, attempt_no=2, error_class="unknown"
    )
    for no, one, since in ((1, uuid.uuid4(), age + timedelta(hours=9)), (2, attempt_id, age)):
        Attempt.objects.create(
            id=one, business=broadcast.business, recipient_id=key, no=no, started_at=NOW - since, outcome="unknown"
        )
    return Recipient.objects.select_related("broadcast__sender", "broadcast__business", "broadcast__template").get(
        pk=key
    )


def state(row: Recipient) -> str:
    return Recipient.objects.get(pk=row.pk).status


def heard_of(broadcast: Broadcast, *, accepted: timedelta, sent: timedelta) -> None:
    """Let a report of another message have come: how long before now it was accepted and sent."""
    rows = Recipient.objects.filter(broadcast=broadcast).order_by("-pk").values("pk")[:1]
    Recipient.objects.filter(pk__in=rows).update(status="sent", accepted_at=NOW - accepted, sent_at=NOW - sent)


@pytest.fixture
def utility(broadcast: Broadcast) -> Broadcast:
    """A broadcast whose messages Meta sends at once."""
    MessageTemplate.objects.update(quality="GREEN")
    broadcast.refresh_from_db()
    return broadcast


@pytest.fixture
def dana(acme: Business) -> User:
    return User.objects.create_user("dana@example.com")


# Which are decided ------------------------------------------------------------------------------------------------
@pytest.fixture
def askable_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the provider of these tests be one that can be asked."""
    monkeypatch.setattr(doubts, "provider_for", lambda _name: Asked([]))


@pytest.mark.usefixtures("askable_cloud")
def test_a_provider_is_asked_after_two_minutes(broadcast: Broadcast) -> None:
    rows = [in_doubt(broadcast, 2 * MINUTE + MOMENT, position=number) for number in range(4)]
    Attempt.objects.filter(recipient=rows[3], no=2).update(started_at=NOW - 2 * MINUTE)
    assert doubts.askable(NOW) == rows[:3], "an earlier attempt of the fourth is old enough, but it is not the doubt"
    Recipient.objects.filter(pk=rows[0].pk).update(status="delivered")
    assert doubts.askable(NOW) == rows[1:3]
    Recipient.objects.filter(pk=rows[1].pk).update(address=f"{ERASED}{rows[1].pk}")
    assert doubts.askable(NOW) == rows[2:3], "nobody asks about a person who was erased"


@pytest.mark.usefixtures("askable_cloud")
def test_those_that_wait_for_an_answer_hold_up_nobody(broadcast: Broadcast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doubts, "BATCH", 2)
    old = [in_doubt(broadcast, 3 * MINUTE, position=number) for number in range(3)]
    seen = {row.pk for _try in range(50) for row in doubts.askable(NOW)}
    assert seen == {row.pk for row in old}
    assert len(doubts.askable(NOW)) == 2


def test_all_that_are_old_enough_are_decided_at_once_and_the_others_wait(utility: Broadcast) -> None:
    ages = [300, 20, 16, 15, 14, 5]
    rows = [in_doubt(utility, age * MINUTE, position=number) for number, age in enumerate(ages)]
    heard_of(utility, accepted=14 * MINUTE + MOMENT, sent=MINUTE)
    assert doubts.weigh(NOW) == 3
    assert [state(row) for row in rows] == ["pending"] * 3 + ["unknown"] * 3
    event = BroadcastEvent.objects.get(kind="sent_again")
    assert (event.data["people"], event.data["cause"]) == (3, "no_report")


def test_what_left_later_need_not_wait_for_what_may_still_be_held(utility: Broadcast) -> None:
    MessageTemplate.objects.update(held_at=NOW - timedelta(hours=24, minutes=30))
    early = in_doubt(utility, 31 * MINUTE, position=0)
    late = in_doubt(utility, 29 * MINUTE, position=1)
    heard_of(utility, accepted=MINUTE, sent=MINUTE)
    doubts.weigh(NOW)
    assert (state(early), state(late)) == ("unknown", "pending")


def test_what_is_read_does_not_grow_with_the_number_of_doubts(utility: Broadcast) -> None:
    for number in range(12):
        in_doubt(utility, timedelta(hours=2), position=number)
    with CaptureQueriesContext(connection) as queries:
        assert doubts.weigh(NOW) == 0
    assert len(queries) == 6, "kinds, their templates, policy, is one held, who is silent, newest departure reported"
    heard_of(utility, accepted=MINUTE, sent=MINUTE)
    with CaptureQueriesContext(connection) as queries:
        assert doubts.weigh(NOW) == 12
    assert len(queries) < 20


# Evidence ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("age", "accepted", "sent", "proves"),
    [
        (15 * MINUTE, 5 * MINUTE, 5 * MINUTE, True),
        (15 * MINUTE - MOMENT, 5 * MINUTE, 5 * MINUTE, False),
        (15 * MINUTE, 14 * MINUTE - MOMENT, 14 * MINUTE - MOMENT, True),
        (15 * MINUTE, 14 * MINUTE, 5 * MINUTE, False),
        (15 * MINUTE, 5 * MINUTE, 14 * MINUTE, False),
    ],
)
def test_silence_of_15_minutes_beside_reports_of_what_left_a_minute_later_is_evidence(
    utility: Broadcast, age: timedelta, accepted: timedelta, sent: timedelta, proves: bool
) -> None:
    row = in_doubt(utility, age)
    heard_of(utility, accepted=accepted, sent=sent)
    doubts.weigh(NOW)
    assert state(row) == ("pending" if proves else "unknown")
    if proves:
        event = BroadcastEvent.objects.get(kind="sent_again")
        assert event.data["cause"] == "no_report"
        assert Recipient.objects.get(pk=row.pk).error_class == ""


def test_reports_of_another_number_prove_nothing(acme: Business, template: MessageTemplate, utility: Broadcast) -> None:
    row = in_doubt(utility, timedelta(hours=1))
    other = make_broadcast(make_sender(acme, number_id="1056"), template, addresses(1, start=50))
    heard_of(other, accepted=MINUTE, sent=MINUTE)
    doubts.weigh(NOW)
    assert state(row) == "unknown"


@pytest.mark.parametrize(
    ("category", "quality", "minutes"),
    [
        ("MARKETING", "YELLOW", 75),
        ("MARKETING", "GREEN", 15),
        ("UTILITY", "RED", 75),
        ("UTILITY", "UNKNOWN", 75),
        ("UTILITY", "GREEN", 15),
        ("AUTHENTICATION", "YELLOW", 75),
    ],
)
def test_messages_of_any_template_without_a_good_name_may_be_held_back(
    broadcast: Broadcast, category: str, quality: str, minutes: int
) -> None:
    Broadcast.objects.update(template_category=category)
    MessageTemplate.objects.update(quality=quality)
    row = in_doubt(broadcast, minutes * MINUTE)
    heard_of(broadcast, accepted=MINUTE, sent=MINUTE)
    doubts.weigh(NOW - MOMENT)
    assert state(row) == "unknown"
    doubts.weigh(NOW)
    assert state(row) == "pending"


def test_reports_of_another_template_prove_nothing(sender: Sender, utility: Broadcast) -> None:
    row = in_doubt(utility, timedelta(hours=30))
    other = make_broadcast(sender, make_template(sender, name="other"), addresses(1, start=50))
    heard_of(other, accepted=MINUTE, sent=MINUTE)
    doubts.weigh(NOW)
    assert state(row) == "unknown", "Meta may hold the messages of one template and send those of another"
    again = make_broadcast(sender, utility.template, addresses(1, start=60))
    heard_of(again, accepted=MINUTE, sent=MINUTE)
    doubts.weigh(NOW)
    assert state(row) == "pending", "the same template in another broadcast"


def test_a_late_report_of_a_message_that_left_earlier_proves_nothing(utility: Broadcast) -> None:
    row = in_doubt(utility, timedelta(hours=2))
    earlier = in_doubt(utility, timedelta(hours=3), position=1)
    at = NOW - MINUTE  # its answer was lost, too, so that this report is the first that is known of it
    Recipient.objects.filter(pk=earlier.pk).update(status="sent", accepted_at=at, sent_at=at)
    doubts.weigh(NOW)
    assert state(row) == "unknown"


def test_nothing_is_decided_while_a_message_of_the_template_is_held(sender: Sender, utility: Broadcast) -> None:
    row = in_doubt(utility, timedelta(days=3))
    heard_of(utility, accepted=MINUTE, sent=MINUTE)
    other = make_broadcast(sender, utility.template, addresses(1, start=50))
    Recipient.objects.filter(broadcast=other).update(status="held")
    doubts.weigh(NOW)
    assert state(row) == "unknown"
    Recipient.objects.filter(broadcast=other).update(status="sent")
    doubts.weigh(NOW)
    assert state(row) == "pending"


def test_where_meta_held_messages_of_that_day_it_may_hold_this_one_for_a_day() -> None:
    template = MessageTemplate(quality="GREEN", held_at=NOW)
    for started_at, expected in [
        (NOW - timedelta(hours=1), timedelta(hours=25, minutes=15)),
        (NOW + timedelta(hours=24) - MOMENT, timedelta(hours=25, minutes=15)),
        (NOW + timedelta(hours=24), 15 * MINUTE),
    ]:
        assert evidence.silence_of(template, started_at) == expected


def test_a_template_that_became_green_may_still_hold_what_left_before(utility: Broadcast) -> None:
    template = utility.template
    template.paced_until = NOW
    assert evidence.silence_of(template, NOW - MOMENT) == 75 * MINUTE
    assert evidence.silence_of(template, NOW) == 15 * MINUTE


# What a provider's list proves ------------------------------------------------------------------------------------
def test_an_id_that_only_another_provider_s_message_has_is_this_one_s(
    sender: Sender, template: MessageTemplate, broadcast: Broadcast
) -> None:
    row = in_doubt(broadcast, timedelta(hours=1))
    other = make_broadcast(sender, template, addresses(1, start=50))
    Recipient.objects.filter(broadcast=other).update(provider="twilio", provider_message_id="SM1")
    doubts.believe(row, ["SM1"], NOW)
    kept = Recipient.objects.get(pk=row.pk)
    assert (kept.status, kept.provider_message_id, kept.accepted_at) == ("accepted", "SM1", NOW)
    assert (kept.error_class, kept.error_text) == ("", "")


def test_of_several_unknown_ids_the_first_is_taken(broadcast: Broadcast) -> None:
    row = in_doubt(broadcast, timedelta(hours=1))
    doubts.believe(row, ["SM7", "SM8"], NOW)
    assert Recipient.objects.get(pk=row.pk).provider_message_id == "SM7"


class Asked:
    """A provider that can be asked, and its list."""

    can_prove_absence = True

    def __init__(self, found: list[str] | None) -> None:
        self.found = found
        self.questions: list[tuple[str, datetime]] = []

    async def find_messages(self, _http: Any, _account: Any, address: str, since: datetime) -> list[str]:
        self.questions.append((address, since))
        if self.found is None:
            raise ProviderUnavailable("away")
        return self.found


def decide(monkeypatch: pytest.MonkeyPatch, provider: object) -> None:
    monkeypatch.setattr(doubts, "provider_for", lambda _name: provider)

    async def run() -> None:
        database = DatabaseThread("doubts")
        await doubts.decide(cast("Any", None), database, NOW)
        await database.close()

    asyncio.run(run())


def test_a_provider_that_can_be_asked_is_asked_since_the_last_attempt(
    utility: Broadcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = in_doubt(utility, timedelta(hours=1))
    heard_of(utility, accepted=MINUTE, sent=MINUTE)
    away = Asked(None)
    decide(monkeypatch, away)
    assert state(row) == "unknown", "it is asked again, and the evidence of others is not weighed"
    assert away.questions == [(row.address, NOW - timedelta(hours=1))]
    decide(monkeypatch, Asked(["SM1"]))
    assert state(row) == "accepted"


def test_of_a_provider_that_cannot_be_asked_the_evidence_is_weighed(
    utility: Broadcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = in_doubt(utility, timedelta(hours=1))
    heard_of(utility, accepted=MINUTE, sent=MINUTE)
    silent = Asked([])
    silent.can_prove_absence = False
    decide(monkeypatch, silent)
    assert (state(row), silent.questions) == ("pending", [])


# Sending again ----------------------------------------------------------------------------------------------------
def test_what_was_decided_or_tried_again_meanwhile_is_left_alone(broadcast: Broadcast, dana: User) -> None:
    row = in_doubt(broadcast, timedelta(hours=1))
    for status in ("failed", "sending", "claimed", "accepted"):
        Recipient.objects.filter(pk=row.pk).update(status=status)
        assert doubts.requeue([row], now=NOW, why=WHY) == 0
        assert doubts.assume_sent([row], now=NOW, actor=dana) == 0
        assert state(row) == status
    Recipient.objects.filter(pk=row.pk).update(status="unknown", attempt_id=uuid.uuid4())
    assert doubts.requeue([row], now=NOW, why=WHY) == 0
    assert state(row) == "unknown", "it is another attempt's doubt"
    assert not BroadcastEvent.objects.exists()


def test_each_row_that_is_sent_again_is_counted_and_put_on_record_with_who_asked(
    broadcast: Broadcast, dana: User
) -> None:
    rows = [in_doubt(broadcast, timedelta(hours=1), position=number) for number in range(3)]
    Recipient.objects.filter(pk=rows[0].pk).update(status="delivered")
    Broadcast.objects.update(status="completed")
    assert doubts.requeue(rows, now=NOW, why=WHY, actor=dana) == 2
    assert [state(row) for row in rows] == ["delivered", "pending", "pending"]
    events = BroadcastEvent.objects.order_by("pk").values_list("kind", "actor", "data__people")
    assert list(events) == [("reopened", dana.pk, None), ("sent_again", dana.pk, 2)]


def test_each_row_that_a_person_counts_as_sent_is_counted(broadcast: Broadcast, dana: User) -> None:
    rows = [in_doubt(broadcast, timedelta(hours=1), position=number) for number in range(3)]
    assert doubts.assume_sent(rows[:2], now=NOW, actor=dana) == 2
    assert [state(row) for row in rows] == ["assumed_sent", "assumed_sent", "unknown"]
    assert BroadcastEvent.objects.get().data == {"people": 2}


def test_of_a_cancelled_broadcast_only_these_rows_are_cancelled(broadcast: Broadcast) -> None:
    row = in_doubt(broadcast, timedelta(hours=1))
    Broadcast.objects.update(status="cancelling")
    assert doubts.requeue([row], now=NOW, why=WHY) == 1
    assert state(row) == "cancelled"
    assert Recipient.objects.filter(status="pending").count() == 19
