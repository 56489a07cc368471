"""Twilio's webhooks. Each is safe to repeat, and a caller never hears Twilio's "an application error has occurred"."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from twilio.twiml.voice_response import VoiceResponse

from businesses import database_watch
from calls.conversation.commands import NextStep
from calls.short_waits import waits_for_locks_at_most
from calls.telephone import after_stream, from_memory, intake, status_reports, twilio
from calls.telephone.after_stream import GoesOn
from calls.telephone.announcements import Announcement, words
from calls.telephone.intake import Admitted, AlreadyTaken, NumberUnknown, Refused
from calls.telephone.onward import Onward, onward_by, onward_refused, put_through

logger = logging.getLogger(__name__)

Webhook = Callable[[HttpRequest], VoiceResponse | None]
View = Callable[[HttpRequest], HttpResponse]


def from_twilio(webhook: Webhook) -> View:
    """Make a view of a webhook: signed, or nothing happens; and whatever breaks, the answer is TwiML."""

    @csrf_exempt  # the signature says who asks; Twilio has no session
    @require_http_methods(["GET", "POST"])
    @wraps(webhook)
    def view(request: HttpRequest) -> HttpResponse:
        if not twilio.signature_is_valid(request):
            logger.warning("%s: refused, no valid signature (is PUBLIC_URL what Twilio was given?)", request.path)
            return HttpResponseForbidden("Not signed by Twilio.\n", content_type="text/plain")
        try:
            with waits_for_locks_at_most():
                answer = webhook(request)
        except DatabaseError as error:
            logger.error("%s: the database failed: %s", request.path, type(error).__name__)
            answer = _without_database(request)
        except Exception:  # an error page would be read to the caller
            logger.exception("%s: failed, the caller hears an apology", request.path)
            answer = _twiml(Onward(announcement=Announcement.UNAVAILABLE))
        return HttpResponse(status=204) if answer is None else HttpResponse(str(answer), content_type="text/xml")

    return view


@from_twilio
def voice(request: HttpRequest) -> VoiceResponse:
    """A call comes in: connect it to the assistant, or say why not."""
    now = timezone.now()
    admission = intake.take_in(
        call_sid=twilio.fields(request)["CallSid"],
        called_number=twilio.number_of(twilio.fields(request).get("To", "")),
        caller_number=twilio.fields(request).get("From", ""),
        now=now,
    )
    match admission:
        case Admitted(token=token):
            return twilio.connect(token)
        case Refused(call, refusal):
            return _twiml(put_through(onward_refused(refusal, call.business), call, now=now))
        case AlreadyTaken(call):
            return _twiml(put_through(onward_by(NextStep.APOLOGIZE, call.business), call, now=now))
        case NumberUnknown():
            return _twiml(Onward(announcement=Announcement.NOT_IN_SERVICE))


@from_twilio
def after(request: HttpRequest) -> VoiceResponse:
    """The media stream is over, or the fallback number was rung: say what comes next."""
    call_sid, now = twilio.fields(request)["CallSid"], timezone.now()
    if dial_status := twilio.fields(request).get("DialCallStatus"):
        lasted = twilio.fields(request).get("DialCallDuration", "")
        lasted_s = float(lasted) if lasted.isascii() and lasted.isdigit() else None
        return _twiml(after_stream.after_fallback(call_sid, dial_status=dial_status, lasted_s=lasted_s, now=now))
    call_status = twilio.fields(request).get("CallStatus", "")
    next_step = after_stream.after_stream(call_sid, call_status=call_status, now=now)
    return twilio.connect(next_step.token) if isinstance(next_step, GoesOn) else _twiml(next_step)


@from_twilio
def status(request: HttpRequest) -> None:
    """Keep what Twilio tells of a call or its stream. Twilio tells it once, so it waits for a database that is away."""
    told, now = twilio.fields(request), timezone.now()
    if database_watch.is_away():
        status_reports.keep(told, now=now)
    else:
        status_reports.note(told, now=now)


def _without_database(request: HttpRequest) -> VoiceResponse | None:
    """Answer from memory: the owner still has a telephone. What is only told is noted later."""
    told = twilio.fields(request)
    if request.path == reverse("calls:twilio-status"):
        status_reports.keep(told, now=timezone.now())
        return None
    return from_memory.answer(told, is_after=request.path == reverse("calls:twilio-after"))


def _twiml(onward: Onward) -> VoiceResponse:
    if onward.rejects:
        return twilio.reject()
    language = onward.business.language if onward.business else None
    spoken = words(onward.announcement, language) if onward.announcement else {}
    return twilio.say(spoken, then_dial=onward.leg)
