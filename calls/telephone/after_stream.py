"""What happens to a caller when the media stream has ended or never opened."""

from __future__ import annotations

import logging
from datetime import datetime

from businesses.tenancy import across_businesses, acting_for
from calls.conversation.commands import NextStep
from calls.conversation.end_reasons import EndReason
from calls.conversation.events import ReportedEnd
from calls.models import Call, CallStatus
from calls.records import finishing
from calls.telephone import answering, from_memory, going_on, legs, reported_ends, transferring, voicemail
from calls.telephone.announcements import Announcement
from calls.telephone.onward import GoesOn, Onward, onward_by, put_through

logger = logging.getLogger(__name__)

_OVER = {"completed", "busy", "failed", "no-answer", "canceled"}
_REACHED = {"completed", "answered"}


def find_call(call_sid: str) -> Call | None:
    """Returns the call with this CallSid, with its business."""
    with across_businesses():  # Twilio names a call by its CallSid only; what follows acts for the call's business
        return Call.objects.select_related("business").filter(twilio_call_sid=call_sid).first()


def after_stream(call_sid: str, *, call_status: str, now: datetime) -> Onward | GoesOn:
    """Returns where the caller goes: the `next_step` that the stream's process wrote before it closed the socket.

    Nothing written means that the process died: the call goes on in another one. A stream that never opened, or that
    broke too often, ends the call in the records, and the caller reaches a person or hears an apology, never dead air.
    """
    call = find_call(call_sid)
    if call is None:
        return Onward(announcement=Announcement.UNAVAILABLE)
    if call_status in _OVER:
        note_call_status(call, call_status, now=now)
        return Onward(call.business)
    with acting_for(call.business):
        known_step = from_memory.next_step(call_sid)  # its process lives, and the database was too slow for it
        if known_step is None and (token := going_on.go_on(call, now=now)):
            return GoesOn(token)
        reason = EndReason.PROCESS_DIED if call.stream_opened_at else EndReason.STREAM_NEVER_OPENED
        step_then = known_step or NextStep.APOLOGIZE
        finishing.end_if_open(call.pk, next_step=step_then, failed=True, reason=reason, now=now)
        if call.is_outgoing and (machine := answering.after_machine(call)):
            return machine
        step, dial, number = Call.objects.values_list("next_step", "transfer_number", "stream_number").get(pk=call.pk)
        if step == NextStep.TRANSFER:
            call.stream_number = number
            return transferring.begin(call, dial=dial, now=now)
    onward = onward_by(NextStep(step or NextStep.APOLOGIZE), call.business)
    return voicemail.instead(put_through(onward, call, now=now), call, now=now)


def after_fallback(call_sid: str, *, dial_status: str, lasted_s: float | None, now: datetime) -> Onward:
    """Returns what follows after a number rang: nothing more is said if somebody answered.

    `lasted_s`: how long the dialled call lasted, if Twilio tells it.
    """
    call = find_call(call_sid)
    if call is not None:
        with acting_for(call.business):
            Call.objects.filter(pk=call.pk).update(fallback_result=dial_status[:20])
        if lasted_s is None and dial_status not in _REACHED:
            lasted_s = 0.0
        legs.close_leg(call, seconds=lasted_s, now=now)
    business = call.business if call else None
    if dial_status in _REACHED:
        return Onward(business)
    onward = Onward(business, Announcement.NOBODY_ANSWERED)
    return voicemail.instead(onward, call, now=now) if call else onward


def note_call_status(call: Call, call_status: str, *, now: datetime) -> None:
    """End a call that Twilio says is over, unless its own process already has. Asked again, nothing changes."""
    if call_status not in _OVER:
        return
    legs.close_leg(call, seconds=None, now=now)
    with acting_for(call.business):
        transferring.caller_left(call, now=now)
        voicemail.over(call, now=now)
    if call.status == CallStatus.ENDED:
        return
    failed = call_status == "failed"
    if failed:
        reason = EndReason.FAILED_AT_TWILIO
    elif call.stream_opened_at:
        reason = EndReason.OVER_AT_TWILIO
    else:
        reason = EndReason.LEFT_EARLY
    with acting_for(call.business):
        finishing.end_if_open(call.pk, next_step=NextStep.HANG_UP, failed=failed, reason=reason, now=now)
    if call.stream_opened_at:  # its process may hold a socket that says nothing, and an OpenAI session that costs
        reported_ends.report(call.pk, ReportedEnd.CALL_FAILED if failed else ReportedEnd.CALL_OVER)


def note_stream_event(call: Call, event: str, *, stream_sid: str, error: str) -> None:
    """Keep what Twilio says went wrong with the media stream, and end the call of one that is over."""
    if event == "stream-error":
        logger.warning("call %s: Twilio reports a stream error", call.pk)
        with acting_for(call.business):
            Call.objects.filter(pk=call.pk).update(stream_error=error[:300])
    if call.status != CallStatus.ENDED and (end := reported_ends.STREAM_EVENTS.get(event)):
        reported_ends.report(call.pk, end, stream_sid=stream_sid)
