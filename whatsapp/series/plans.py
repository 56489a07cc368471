"""Making a recurring broadcast out of a draft, and changing it: its plan is entered in the steps of a broadcast."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from businesses import audit
from businesses.audit import AuditKind
from businesses.models import User
from whatsapp.audience.choice import ContactsChoice, FromContacts, SegmentChoice, from_json, to_json
from whatsapp.broadcasts import creation, drafts
from whatsapp.broadcasts.creation import KINDS, NewBroadcast
from whatsapp.errors import BadAudience, WhatsappError
from whatsapp.models import Broadcast, BroadcastSeries, Segment, SeriesStatus
from whatsapp.reasons import Cause
from whatsapp.series.dates import last_dealt_with, look_ahead
from whatsapp.series.repeats import Repeat
from whatsapp.states import NextStep

CHANGEABLE = (SeriesStatus.READY, SeriesStatus.ACTIVE, SeriesStatus.PAUSED)


def save(
    draft: Broadcast, new: NewBroadcast, repeat: Repeat, *, only_new: bool, edition: int, now: datetime, actor: User
) -> BroadcastSeries:
    """Turn a draft into a recurring broadcast, or into the new plan of the one that it edits. The draft is gone then.

    Raises:
        WhatsappError: as `creation.create`, or the people can't be found again later; nothing has changed.
        EditedElsewhere, IllegalChange: the draft was changed meanwhile; nothing has changed.
    """
    if not isinstance(new.choice, ContactsChoice | SegmentChoice):
        raise WhatsappError(_("Only contacts, by tags or of a segment, can get a broadcast again and again."))
    filled = Broadcast(business=draft.business)
    creation.fill(filled, new, now=now, may_be_empty=True)
    with transaction.atomic():
        current = drafts.locked(draft, edition)
        series = _edited(draft) or BroadcastSeries(business=draft.business, created_by=actor)
        is_new = series._state.adding
        _copy(filled, new, series)
        series.repeat, series.only_new = repeat.kept(), only_new
        if series.status == SeriesStatus.ACTIVE:
            look_ahead(series, from_moment=now, behind=last_dealt_with(series))
        series.save()
        record(series, "made" if is_new else "changed", actor=actor)
        current.delete()
    return series


def edit(series: BroadcastSeries, *, actor: User) -> Broadcast:
    """Store a draft with the plan of a series, to be changed step by step. Raises `WhatsappError` if it is over."""
    if series.status not in CHANGEABLE:
        raise WhatsappError(_("This recurring broadcast is over. Make a new one."))
    draft = Broadcast(
        business=series.business,
        name=series.name,
        next_step=NextStep.DETAILS,
        audience_kind=series.audience_kind,
        audience=series.audience,
        send_from=series.send_from,
        send_until=series.send_until,
        window_zone=series.window_zone,
        budget=series.budget,
        edits_series=series,
        created_by=actor,
    )
    creation.use_template(draft, series.template, series.sender)
    draft.save()
    return draft


def choice_of(series: BroadcastSeries) -> FromContacts:
    """Returns how its people are chosen; those who had it are left out if it is for newcomers only.

    Raises `BadAudience`: what is stored is no choice of contacts.
    """
    choice = from_json(series.audience_kind, series.audience)
    if not isinstance(choice, ContactsChoice | SegmentChoice):
        raise BadAudience(Cause.NO_SEGMENT)
    return replace(choice, new_to=str(series.pk) if series.only_new else "")


def record(series: BroadcastSeries, step: str, *, actor: User | None = None) -> None:
    """Write a step into the business's audit log."""
    audit.record(series.business, AuditKind.BROADCAST_SERIES, person=actor, name=series.name, step=step)


def locked(series: BroadcastSeries) -> BroadcastSeries:
    """Lock a series until the transaction ends, and return it as it is now."""
    rows = BroadcastSeries.objects.select_for_update(of=("self",))
    return rows.select_related("business", "sender", "template", "segment").get(pk=series.pk)


def _edited(draft: Broadcast) -> BroadcastSeries | None:
    if draft.edits_series is None:
        return None
    series = locked(draft.edits_series)
    if series.status not in CHANGEABLE:
        raise WhatsappError(_("This recurring broadcast is over. Make a new one."))
    return series


def _copy(filled: Broadcast, new: NewBroadcast, series: BroadcastSeries) -> None:
    """Take over a checked plan; whoever saves it agrees to the template as it is."""
    series.name = filled.name[:180]
    series.template, series.sender = new.template, new.sender
    series.template_category, series.template_hash = new.template.category, new.template.content_hash
    series.audience_kind, series.audience = KINDS[type(new.choice)], to_json(new.choice)
    series.segment = None
    if isinstance(new.choice, SegmentChoice):
        series.segment = Segment.objects.get(business=series.business, pk=new.choice.segment)
    series.late_after_minutes = new.timing.late_after_minutes
    series.send_from, series.send_until = filled.send_from, filled.send_until
    series.window_zone, series.budget = filled.window_zone, filled.budget
