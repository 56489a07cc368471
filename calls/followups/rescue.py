"""One WhatsApp message to a caller whom nobody served, where the business wants that.

The calls are the queue: a sweep every few seconds looks for missed ones that ended lately and have no `Rescue` row.
The row and the message (`businesses.messenger`) are written in one transaction, so that whoever is killed leaves
both or none; the sending loop does the rest. A message that would come later than `TOO_LATE` is not sent at all.

Unserved is who ended the call before speaking, was cut off, could not be taken, or found the assistant away and
reached nobody. Not: who was put through, left a message, is blocked, or tried from the browser. Whether somebody who
was asked for a message after the beep has left one is waited for.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from businesses import messenger
from businesses.audit import AuditKind, record
from businesses.changes import changes
from businesses.messenger import MessageRefused, TemplateChoice
from businesses.models import Business
from businesses.tenancy import across_businesses, acting_for
from calls.conversation.end_reasons import EndReason
from calls.followups import todo
from calls.models import AfterCalls, BlockedCaller, Call, CallOutcome, CallStatus, Rescue, RescueResult, Task, Voicemail

logger = logging.getLogger(__name__)

SETTLES_IN: Final = timedelta(seconds=8)
"""So long after its end a call may still be written differently, and a caller may be dialling again."""
TOO_LATE: Final = timedelta(minutes=10)
_LONGEST_CALL: Final = timedelta(hours=3)
DAY: Final = timedelta(hours=24)
MOST: Final = 100
VALUES: Final = ("business_name", "phone")
"""The only values of templates that are known of every missed call."""

_REACHED = ("completed", "answered")
"""Twilio's DialCallStatus of a leg that somebody answered."""
_PERSON_ENDED_IT = (EndReason.BLOCKED, EndReason.OPERATOR_HUNG_UP, EndReason.OPERATOR_TRANSFERRED)
UNSERVED = (
    Q(outcome__in=(CallOutcome.ABANDONED, CallOutcome.REFUSED, CallOutcome.FAILED, CallOutcome.FALLBACK))
    & Q(caller_number__startswith="+", status=CallStatus.ENDED, dialling_until=None, is_outgoing=False)
    & ~Q(fallback_result__in=_REACHED)
    & ~Q(end_reason__in=_PERSON_ENDED_IT)
)


def due(*, now: datetime) -> list[UUID]:
    """Returns the missed calls of every business that wants its callers written to."""
    with across_businesses():  # the workers serve the whole installation; each call is then handled for its business
        return list(due_rows(now).order_by("ended_at").values_list("pk", flat=True)[:MOST])


def due_rows(now: datetime) -> QuerySet[Call]:
    """Returns the calls that are due. Expects the businesses to be set."""
    wanting = AfterCalls.objects.filter(rescue_enabled=True).values("business")
    lately = Call.objects.filter(
        UNSERVED,
        business__in=wanting,
        started_at__gte=now - _LONGEST_CALL,
        ended_at__gt=now - TOO_LATE,
        ended_at__lte=now - SETTLES_IN,
    )
    return lately.filter(
        ~Exists(Rescue.objects.filter(call=OuterRef("pk"))),
        ~Exists(Task.objects.filter(call=OuterRef("pk"), kind__in=todo.LEFT_BY_CALLERS)),
        ~Exists(Voicemail.objects.filter(call=OuterRef("pk"), settled_at=None)),
    )


def rescue(call_id: UUID, *, now: datetime) -> RescueResult | None:
    """Decide about one missed call, and write to the caller. Returns None if it was decided or is not to be."""
    with across_businesses():  # only the row knows its business; all that follows acts for that one
        call = Call.objects.select_related("business").filter(pk=call_id).first()
    if call is None:
        return None
    with acting_for(call.business), transaction.atomic():
        # The lock makes two missed calls of one person wait for each other.
        choices = AfterCalls.objects.select_for_update().filter(business=call.business, rescue_enabled=True).first()
        if choices is None or Rescue.objects.filter(call=call).exists():
            return None
        if BlockedCaller.objects.filter(business=call.business, number=call.caller_number).exists():
            return None
        result = _refused(call, now) or _write(call, choices.rescue_template, now)
        Rescue.objects.create(
            business=call.business,
            call=call,
            number=call.caller_number,
            result=result,
            day=now.astimezone(ZoneInfo(call.business.time_zone)).date(),
            at=now,
        )
    logger.info("call %s of business %s was missed: %s", call.pk, call.business_id, result.value)
    return result


def choose(business: Business, chosen: AfterCalls) -> None:
    """Store what an owner has chosen, and note in the audit log what has changed."""
    with transaction.atomic():
        before = choices_of(business)
        chosen.pk, chosen.business = before.pk, business
        chosen.save()
        if differences := changes(before, chosen):
            record(business, AuditKind.SETTINGS_CHANGED, of="calls.AfterCalls", changes=differences)


def choices_of(business: Business) -> AfterCalls:
    """Returns what a business has chosen; the defaults (unsaved) if it has chosen nothing."""
    return AfterCalls.objects.filter(business=business).first() or AfterCalls(business=business)


def usable_templates(sendable: list[TemplateChoice]) -> list[TemplateChoice]:
    """Returns those of these templates of which every value is known of every missed call."""
    return [each for each in sendable if set(each.variables) <= set(VALUES)]


def _refused(call: Call, now: datetime) -> RescueResult | None:
    """Returns why the caller is not written to, as far as the calls themselves tell."""
    later = Call.objects.filter(
        business=call.business, caller_number=call.caller_number, started_at__gt=call.started_at
    )
    if later.exclude(UNSERVED).exists() or Task.objects.filter(call=call, kind__in=todo.LEFT_BY_CALLERS).exists():
        return RescueResult.SERVED_SINCE
    day = now.astimezone(ZoneInfo(call.business.time_zone)).date()
    sent = Rescue.objects.filter(business=call.business, number=call.caller_number, result=RescueResult.SENT)
    if sent.filter(Q(at__gt=now - DAY) | Q(day=day)).exists():
        return RescueResult.WRITTEN_TO
    if refusal := messenger.may_message(call.business, call.caller_number):
        return RescueResult(refusal.value)
    return None if messenger.has_agreed(call.business, call.caller_number, now=now) else RescueResult.NOT_AGREED


def _write(call: Call, template: str, now: datetime) -> RescueResult:
    values = {"business_name": call.business.name, "phone": call.called_number}
    key = uuid5(NAMESPACE_URL, f"rescue:{call.pk}")
    try:
        messenger.send_template(call.business, call.caller_number, template, values, key=key, now=now)
    except MessageRefused as refused:
        return RescueResult(refused.why.value)
    return RescueResult.SENT
