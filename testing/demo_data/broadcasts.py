"""A broadcast in every state: drafts are created by the apps' own actions, the others are inserted as rows."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from businesses.models import Business, User
from testing.demo_data import Keys
from testing.demo_data.fates import Fate, recipients
from testing.demo_data.names import name_of, phone_of
from whatsapp.audience.choice import ContactsChoice, FileChoice
from whatsapp.broadcasts import course, creation, drafts, lifecycle
from whatsapp.broadcasts.creation import NewBroadcast, Timing
from whatsapp.broadcasts.prepare import freeze_audience
from whatsapp.models import AudienceKind, Broadcast, EventKind, MessageTemplate, Recipient, Sender
from whatsapp.reasons import Cause, reason
from whatsapp.states import BroadcastStatus, PauseReason


@dataclass(frozen=True, slots=True)
class Past:
    """A broadcast that was started: its state, and how many recipients have each fate."""

    name: str
    template: str
    status: BroadcastStatus
    fates: Mapping[Fate, int]
    days_ago: float
    events: tuple[tuple[EventKind, Mapping[str, Any]], ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)


def _sent(people: int, *more: tuple[EventKind, Mapping[str, Any]]) -> tuple[tuple[EventKind, Mapping[str, Any]], ...]:
    return (Kind.STARTED, {}), (Kind.RUNNING, {"people": people}), *more


Kind = EventKind
LATER = timedelta(days=1)
REFUSED = reason(Cause.PROVIDER_ERROR, provider="cloud", code="131009", words="Parameter value is not valid").kept()
UNREADABLE = reason(Cause.QUOTE_NOT_CLOSED, row=214).kept()
PAST = {
    "completed": Past(
        "בדיקה תקופתית – סתיו 2026", "rich", BroadcastStatus.COMPLETED,
        {
            Fate.READ: 96, Fate.DELIVERED: 41, Fate.SENT: 3, Fate.NOT_ON_WHATSAPP: 7, Fate.MUCH_MARKETING: 4,
            Fate.STOPPED: 2, Fate.EXPIRED: 3, Fate.PASSING: 3, Fate.OPTED_OUT: 5, Fate.INVALID: 3, Fate.TWICE: 2,
            Fate.NO_VALUE: 1,
        },
        3, _sent(170, (Kind.PAUSED, {"pause_reason": "window"}), (Kind.RESUMED, {}), (Kind.COMPLETED, {})),
    ),
    "running": Past(
        "Whitening offer, December", "english", BroadcastStatus.RUNNING,
        {Fate.READ: 12, Fate.DELIVERED: 30, Fate.SENT: 8, Fate.ACCEPTED: 6, Fate.WAITING: 64, Fate.AGAIN: 2,
         Fate.NOT_ON_WHATSAPP: 1, Fate.OPTED_OUT: 3},
        0.002, _sent(126),
    ),
    "paused": Past(
        "Holiday greetings – חג שמח", "paused", BroadcastStatus.PAUSED,
        {Fate.READ: 4, Fate.DELIVERED: 9, Fate.BAD_VALUE: 14, Fate.LOST: 2, Fate.WAITING: 71},
        1, _sent(100, (Kind.PAUSED, {"pause_reason": "error_burst", **REFUSED})),
        {"pause_reason": PauseReason.ERROR_BURST, **REFUSED},
    ),
    "paused-for-quota": Past(
        "תזכורת לכל המטופלים", "reminder", BroadcastStatus.PAUSED,
        {Fate.DELIVERED: 20, Fate.WAITING: 40}, 0.3,
        _sent(60, (Kind.PAUSED, {"pause_reason": "quota_24h"})),
        {"pause_reason": PauseReason.QUOTA_24H, **reason(Cause.PEOPLE_LIMIT, limit=1000).kept()},
    ),
    "cancelled": Past(
        "Wrong price – do not send", "english", BroadcastStatus.CANCELLED,
        {Fate.DELIVERED: 5, Fate.CANCELLED: 115}, 12,
        _sent(120, (Kind.CANCELLED, {}), (Kind.ENDED, {})),
    ),
    "missed": Past("הודעת בוקר", "reminder", BroadcastStatus.MISSED, {Fate.WAITING: 30}, 2,
        (
            (Kind.SCHEDULED, {"wall_time": "2026-11-24T08:00", "zone": "Asia/Jerusalem"}),
            (Kind.MISSED, {"not_after": "2026-11-24T12:00:00+00:00"}),
        )),
    "failed": Past(
        "Customers from the old system (export of the till, second attempt, with all columns) – לקוחות ותיקים", "rich",
        BroadcastStatus.FAILED, {}, 4, ((Kind.STARTED, {}), (Kind.FAILED, UNREADABLE)),
        {**UNREADABLE, "audience_ready_at": None},
    ),
}  # fmt: skip


def add(
    business: Business, sender: Sender, templates: Mapping[str, MessageTemplate], *, staff: User, now: datetime
) -> Keys:
    """Create all broadcasts. Returns the rows to look at."""
    made = {word: _past(past, sender, templates[past.template], staff, now) for word, past in PAST.items()}
    Broadcast.objects.filter(pk=made["paused-for-quota"].pk).update(resume_at=now + LATER)
    made["draft"] = _draft(business, sender, templates["rich"], staff, now)
    drafts.begin(business, templates["rich"], sender, actor=staff)  # left at its people, the next one at its values
    left = drafts.begin(business, templates["english"], sender, actor=staff)
    drafts.choose_people(left, ContactsChoice(), edition=left.edition)
    made["scheduled"] = _scheduled(business, sender, templates["reminder"], staff, now)
    return {word: str(broadcast.pk) for word, broadcast in made.items()}


def _draft(business: Business, sender: Sender, template: MessageTemplate, staff: User, now: datetime) -> Broadcast:
    """Create a draft from a file with invalid rows."""
    good = [f"{phone_of(number)},{name_of(number)},₪250,15.12" for number in range(110)]
    bad = [
        "12,Nobody,₪250,15.12",
        "שלום,דנה,₪250,15.12",
        f"{phone_of(3)},Again,₪250,15.12",
        "052-5550999,ללא מחיר,,15.12",
    ]
    file = io.BytesIO("\n".join(["phone,first_name,price,until", *good[:40], *bad, *good[40:]]).encode())
    choice = FileChoice(constants={"button_1": "autumn", "header_image": "https://demo.example/smile.jpg"})
    plan = NewBroadcast(template, sender, choice, "Check-up – בדיקה תקופתית, second round", file, canary_size=20)
    return _made(business, plan, staff, now)


def _scheduled(business: Business, sender: Sender, template: MessageTemplate, staff: User, now: datetime) -> Broadcast:
    """Create a broadcast to contacts that is scheduled for tomorrow."""
    choice = ContactsChoice(
        tags=("לקוחות קבועים",), values={"1": "name"}, constants={"header_1": "תור", "2": "9:30", "3": "ד״ר לוי"}
    )
    at = f"{now + LATER:%Y-%m-%d}T09:00"
    plan = NewBroadcast(template, sender, choice, "תזכורת לתורים של מחר", timing=Timing(wall_time=at))
    broadcast = _made(business, plan, staff, now)
    lifecycle.schedule(broadcast, now=now, actor=staff)
    return broadcast


def _made(business: Business, plan: NewBroadcast, staff: User, now: datetime) -> Broadcast:
    broadcast = creation.create(business, plan, now=now, actor=staff)
    freeze_audience(broadcast, now=now)
    return broadcast


def _past(past: Past, sender: Sender, template: MessageTemplate, staff: User, now: datetime) -> Broadcast:
    started = now - timedelta(days=past.days_ago)
    has_ended = past.status in {BroadcastStatus.COMPLETED, BroadcastStatus.CANCELLED}
    values: dict[str, Any] = {
        "name": past.name,
        "status": past.status,
        "audience_kind": AudienceKind.FILE,
        "audience_ready_at": started,
        "started_at": started,
        "completed_at": started + timedelta(minutes=25) if has_ended else None,
        "total": sum(past.fates.values()),
        "created_by": staff,
    }
    broadcast = Broadcast.objects.create(
        business=sender.business,
        sender=sender,
        template=template,
        **template.kept(),
        **(values | dict(past.fields)),
    )
    Broadcast.objects.filter(pk=broadcast.pk).update(created_at=started - timedelta(minutes=12))
    Recipient.objects.bulk_create(recipients(broadcast, past.fates, started=started, now=now))
    course.of(broadcast, now)
    lifecycle.record(broadcast, Kind.CREATED, now=started - timedelta(minutes=12), actor=staff)
    for number, (kind, data) in enumerate(past.events):
        actor = staff if kind in {Kind.STARTED, Kind.CANCELLED, Kind.RESUMED, Kind.SCHEDULED} else None
        lifecycle.record(broadcast, kind, now=started + timedelta(minutes=5 * number), data=data, actor=actor)
    return broadcast
