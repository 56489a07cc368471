"""Recurring broadcasts in every state that a page shows, with past occurrences of each outcome."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from businesses.models import Business, User
from testing.demo_data import Keys
from testing.demo_data.people import TAGS
from whatsapp.audience.choice import ContactsChoice, SegmentChoice
from whatsapp.broadcasts import drafts
from whatsapp.broadcasts.creation import NewBroadcast
from whatsapp.models import (
    Broadcast,
    BroadcastSeries,
    MessageTemplate,
    Occurrence,
    Outcome,
    Sender,
    SeriesPause,
    SeriesStatus,
)
from whatsapp.series import plans, steering
from whatsapp.series.repeats import Period, Repeat

ZONE = "Asia/Jerusalem"
VALUES = {"1": "name"}
CONSTANTS = {"header_1": "תור", "2": "9:30", "3": "ד״ר לוי"}


def add(
    business: Business,
    sender: Sender,
    templates: Mapping[str, MessageTemplate],
    segments: Keys,
    sent: Keys,
    *,
    staff: User,
    now: datetime,
) -> Keys:
    """Make them. Returns the rows to look at."""
    today = now.date()
    weekly = Repeat(Period.WEEKLY, time(9), ZONE, today - timedelta(days=60), weekdays=(6, 2), times=40)
    monthly = Repeat(Period.MONTHLY, time(10, 30), ZONE, today, month_day=31)
    daily = Repeat(Period.DAILY, time(16), ZONE, today - timedelta(days=9), last=today + timedelta(days=90))

    def make(name: str, segment: str, repeat: Repeat, *, only_new: bool = False) -> BroadcastSeries:
        draft = drafts.begin(business, templates["reminder"], sender, actor=staff)
        choice = (
            SegmentChoice(segments[segment], values=VALUES, constants=CONSTANTS)
            if segment
            else ContactsChoice((TAGS[1],), values=VALUES, constants=CONSTANTS)
        )
        plan = NewBroadcast(templates["reminder"], sender, choice, name)
        return plans.save(draft, plan, repeat, only_new=only_new, edition=draft.edition, now=now, actor=staff)

    active = make("תזכורת שבועית", "regular", weekly)
    steering.start(active, now=now, actor=staff)
    _past(active, today, Broadcast.objects.get(pk=sent["completed"]))
    held = make("Welcome – ברוכים הבאים", "patients", daily, only_new=True)
    steering.start(held, now=now, actor=staff)
    BroadcastSeries.objects.filter(pk=held.pk).update(
        status=SeriesStatus.PAUSED, pause_reason=SeriesPause.CATEGORY, template_category="MARKETING", try_at=None
    )
    ready = make("End of the month", "", monthly)
    return {"active": str(active.pk), "paused": str(held.pk), "ready": str(ready.pk)}


def _past(series: BroadcastSeries, today: date, broadcast: Broadcast) -> None:
    """Add occurrences with every outcome."""
    for weeks, outcome in enumerate(Outcome, start=1):
        on = today - timedelta(weeks=weeks)
        made = broadcast if outcome == Outcome.MADE else None
        at = datetime.combine(on, time(7), tzinfo=broadcast.created_at.tzinfo)
        Occurrence.objects.create(
            business=series.business, series=series, on=on, at=at, outcome=outcome, broadcast=made
        )
    series.made = 1
    series.save(update_fields=["made"])
