"""After a backup was restored, whatever would send by itself waits for a person: it may have been sent since."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from businesses.models import Business, User
from businesses.tenancy import acting_for
from testing.broadcasts import addresses, make_broadcast
from whatsapp.audience.choice import SegmentChoice
from whatsapp.audience.conditions import Conditions
from whatsapp.broadcasts import drafts
from whatsapp.broadcasts.creation import NewBroadcast, Timing
from whatsapp.models import Broadcast, BroadcastSeries, MessageTemplate, Segment, Sender, SeriesPause, SeriesStatus
from whatsapp.sending import agenda
from whatsapp.series import after_restoring, occurring, plans
from whatsapp.series.repeats import Period, Repeat
from whatsapp.states import BroadcastStatus, PauseReason, RecipientStatus
from whatsapp.tests.conftest import NOW

HOUR = timedelta(hours=1)


def state(broadcast: Broadcast) -> tuple[str, str]:
    broadcast.refresh_from_db()
    return broadcast.status, broadcast.pause_reason


@pytest.fixture
def one(sender: Sender, template: MessageTemplate) -> Broadcast:
    return make_broadcast(sender, template, addresses(3))


def test_one_that_was_running_waits(one: Broadcast) -> None:
    assert after_restoring.hold_everything(now=NOW) == 1
    assert state(one) == (BroadcastStatus.PAUSED, PauseReason.USER)
    assert set(one.recipients.values_list("status", flat=True)) == {RecipientStatus.PENDING}
    assert after_restoring.hold_everything(now=NOW) == 0, "again, it changes nothing"


@pytest.mark.parametrize("reason", [PauseReason.QUOTA_24H, PauseReason.WINDOW, PauseReason.TEMPLATE])
def test_one_that_would_have_gone_on_by_itself_waits(one: Broadcast, reason: PauseReason) -> None:
    Broadcast.objects.filter(pk=one.pk).update(status="paused", pause_reason=reason, resume_at=NOW + HOUR)
    assert after_restoring.hold_everything(now=NOW) == 1
    agenda.tend(NOW + 2 * HOUR)
    assert state(one) == (BroadcastStatus.PAUSED, PauseReason.USER)
    assert one.resume_at is None


def test_one_that_waits_for_a_person_already_is_left_alone(one: Broadcast) -> None:
    Broadcast.objects.filter(pk=one.pk).update(status="paused", pause_reason=PauseReason.CANARY_REVIEW)
    assert after_restoring.hold_everything(now=NOW) == 0
    assert state(one) == (BroadcastStatus.PAUSED, PauseReason.CANARY_REVIEW)


def test_what_was_scheduled_is_a_draft_if_its_time_has_come(one: Broadcast) -> None:
    Broadcast.objects.filter(pk=one.pk).update(status="scheduled", scheduled_at=NOW + HOUR)
    assert after_restoring.hold_everything(now=NOW) == 0
    assert state(one)[0] == BroadcastStatus.SCHEDULED
    assert after_restoring.hold_everything(now=NOW + HOUR) == 1
    agenda.tend(NOW + 2 * HOUR)
    assert state(one)[0] == BroadcastStatus.DRAFT


def test_every_business_is_looked_at(one: Broadcast) -> None:
    other = Business.objects.create(name="Other", slug="other", time_zone="UTC")
    with acting_for(other):
        assert after_restoring.hold_everything(now=NOW) == 1


def test_nothing_recurs(sender: Sender, template: MessageTemplate, clinic: Business) -> None:
    segment = Segment.objects.create(business=clinic, name="VIPs", conditions=Conditions(any_tags=("vip",)).kept())
    draft = drafts.begin(clinic, template, sender)
    chosen = SegmentChoice(str(segment.pk), values={"first_name": "first_name"})
    new = NewBroadcast(template, sender, chosen, "Weekly news", timing=Timing(late_after_minutes=60))
    daily = Repeat(Period.DAILY, time(12), "Asia/Jerusalem", date(2026, 11, 23))
    owner = User.objects.create_user("owner@clinic.test", "pw")
    series = plans.save(draft, new, daily, only_new=False, edition=draft.edition, now=NOW, actor=owner)
    BroadcastSeries.objects.update(status=SeriesStatus.ACTIVE)
    assert after_restoring.hold_everything(now=NOW) == 1
    occurring.make_due(NOW + HOUR)
    assert not Broadcast.objects.exists()
    series.refresh_from_db()
    assert (series.status, series.pause_reason) == (SeriesStatus.PAUSED, SeriesPause.USER)
