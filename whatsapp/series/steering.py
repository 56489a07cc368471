"""Starting, pausing, resuming and stopping a recurring broadcast, when a person asks for it.

Each change locks the row and looks at its state first: of two clicks the second finds it changed.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from businesses.models import User
from whatsapp.errors import NotSendable, WhatsappError
from whatsapp.models import BroadcastSeries, SeriesPause, SeriesStatus
from whatsapp.numbers.refreshing import refresh_for
from whatsapp.reasons import Cause, reason
from whatsapp.series.dates import last_dealt_with, late_after, look_ahead
from whatsapp.series.plans import locked, record
from whatsapp.series.standing import problems_of


def start(series: BroadcastSeries, *, now: datetime, actor: User) -> None:
    """Let it occur from now on. Raises `WhatsappError`: it can't, or there is no date left."""
    refresh_for(series, now=now)
    if problems := problems_of(series):
        raise NotSendable(problems)
    with transaction.atomic():
        current = _in_state(series, SeriesStatus.READY)
        _activate(current, from_moment=now)
        record(current, "activated", actor=actor)
    series.refresh_from_db()


def pause(series: BroadcastSeries, *, actor: User) -> None:
    """Let nothing occur until it is resumed. A broadcast that was made already goes on. Raises `WhatsappError`."""
    with transaction.atomic():
        current = _in_state(series, SeriesStatus.ACTIVE)
        hold(current, SeriesPause.USER, actor=actor)
    series.refresh_from_db()


def hold(current: BroadcastSeries, why: SeriesPause, *, actor: User | None = None) -> None:
    """Pause a row that is locked and active."""
    current.status, current.pause_reason, current.try_at = SeriesStatus.PAUSED, why, None
    current.save(update_fields=["status", "pause_reason", "try_at"])
    record(current, "paused", actor=actor)


def resume(series: BroadcastSeries, *, now: datetime, actor: User) -> None:
    """Go on, and accept the template's new category if it paused for that.

    What fell into a pause by a person is left out. An occurrence at which the program paused is made up for, unless it
    is too late for it. Raises `WhatsappError`.
    """
    refresh_for(series, now=now)
    if series.template.content_hash != series.template_hash:
        raise NotSendable([str(reason(Cause.TEMPLATE_CHANGED))])
    with transaction.atomic():
        current = _in_state(series, SeriesStatus.PAUSED)
        by_person = current.pause_reason == SeriesPause.USER
        current.template_category = current.template.category
        _activate(current, from_moment=now if by_person else now - late_after(current))
        record(current, "resumed", actor=actor)
    series.refresh_from_db()


def stop(series: BroadcastSeries, *, actor: User) -> None:
    """End it for good. A broadcast that was made already goes on. Raises `WhatsappError`."""
    with transaction.atomic():
        current = _in_state(series, SeriesStatus.READY, SeriesStatus.ACTIVE, SeriesStatus.PAUSED)
        current.status, current.pause_reason = SeriesStatus.STOPPED, ""
        current.next_on = current.next_at = current.try_at = None
        current.save()
        record(current, "stopped", actor=actor)
    series.refresh_from_db()


def _activate(current: BroadcastSeries, *, from_moment: datetime) -> None:
    current.status, current.pause_reason = SeriesStatus.ACTIVE, ""
    look_ahead(current, from_moment=from_moment, behind=last_dealt_with(current))
    if current.next_on is None:
        raise WhatsappError(_("None of its dates is left. Edit when it is sent, then try again."))
    current.save()


def _in_state(series: BroadcastSeries, *states: SeriesStatus) -> BroadcastSeries:
    """Lock the series and return it as it is now. Raises `WhatsappError` if it is in another state."""
    current = locked(series)
    if current.status not in states:
        text = _("This recurring broadcast is “%(status)s” now: look at it again.")
        raise WhatsappError(text % {"status": current.get_status_display()})
    return current
