"""Twilio's webhooks. Each is safe to repeat, and a caller never hears Twilio's "an application error has occurred"."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from twilio.twiml.voice_response import VoiceResponse

from businesses import database_watch
from businesses.models import Business, Language, PhoneNumber
from businesses.tenancy import acting_for
from calls.conversation.commands import NextStep
from calls.models import Voicemail
from calls.short_waits import waits_for_locks_at_most
from calls.telephone import (
    after_stream,
    dictation_calls,
    from_memory,
    intake,
    recordings,
    status_reports,
    transferring,
    twilio,
    voicemail,
    whispers,
)
from calls.telephone.announcements import Announcement, words
from calls.telephone.intake import Admitted, AlreadyTaken, AwaitsCode, NumberUnknown, Refused
from calls.telephone.onward import ASKED_FOR_A_MESSAGE, Beep, GoesOn, Onward, onward_by, onward_refused, put_through
from calls.telephone.transfer_keys import ACCEPTS, is_secret

logger = logging.getLogger(__name__)

_OTHER_LEG = ("twilio-whisper", "twilio-key")
_NO_CALLERS = ("twilio-dictation", "twilio-answered")
"""Addresses that are asked for a member, or for somebody whom we have called."""
_OUTGOING_REPORTS = ("twilio-progress", "twilio-answerer")
_OF_RECORDINGS = ("twilio-voicemail", "twilio-recorded")
Webhook = Callable[..., VoiceResponse | None]
View = Callable[..., HttpResponse]


def from_twilio(webhook: Webhook) -> View:
    """Make a view of a webhook: signed, or nothing happens; and whatever breaks, the answer is TwiML."""

    @csrf_exempt  # the signature says who asks; Twilio has no session
    @require_http_methods(["GET", "POST"])
    @wraps(webhook)
    def view(request: HttpRequest, **named: Any) -> HttpResponse:
        if not twilio.signature_is_valid(request):
            logger.warning("%s: refused, no valid signature (is PUBLIC_URL what Twilio was given?)", request.path)
            return HttpResponseForbidden("Not signed by Twilio.\n", content_type="text/plain")
        try:
            with waits_for_locks_at_most():
                answer = webhook(request, **named)
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
    return _taken_in(twilio.fields(request), asks_for_code=True)


@from_twilio
def dictation_code(request: HttpRequest) -> VoiceResponse:
    """A caller who may record a text has entered a code, or wants to talk to the assistant."""
    told = twilio.fields(request)
    number = PhoneNumber.every.select_related("business").filter(number=twilio.number_of(told.get("To", ""))).first()
    answer = dictation_calls.entered(number.business, told, now=timezone.now()) if number else None
    return answer or _taken_in(told, asks_for_code=False)


@from_twilio
def dictation(request: HttpRequest, dictation_id: UUID) -> VoiceResponse:
    """A member who records a text has spoken or pressed a key, or waits: say what comes next."""
    return dictation_calls.next_step(dictation_id, twilio.fields(request), now=timezone.now())


def _taken_in(told: dict[str, str], *, asks_for_code: bool) -> VoiceResponse:
    now = timezone.now()
    admission = intake.take_in(
        call_sid=told["CallSid"],
        called_number=twilio.number_of(told.get("To", "")),
        caller_number=told.get("From", ""),
        now=now,
        asks_for_code=asks_for_code,
    )
    match admission:
        case AwaitsCode(business):
            return dictation_calls.ask_for_code(business)
        case Admitted(token=token):
            return twilio.connect(token)
        case Refused(call, refusal):
            onward = put_through(onward_refused(refusal, call.business), call, now=now)
            return _twiml(voicemail.instead(onward, call, now=now) if refusal in ASKED_FOR_A_MESSAGE else onward)
        case AlreadyTaken(call):
            onward = put_through(onward_by(NextStep.APOLOGIZE, call.business), call, now=now)
            return _twiml(voicemail.instead(onward, call, now=now))
        case NumberUnknown():
            return _twiml(Onward(announcement=Announcement.NOT_IN_SERVICE))


@from_twilio
def after(request: HttpRequest) -> VoiceResponse:
    """The media stream is over, or the fallback number was rung: say what comes next."""
    told, now = twilio.fields(request), timezone.now()
    if dial_status := told.get("DialCallStatus"):
        lasted_s = twilio.seconds(told.get("DialCallDuration", ""))
        return _twiml(after_stream.after_fallback(told["CallSid"], dial_status=dial_status, lasted_s=lasted_s, now=now))
    return next_twiml(after_stream.after_stream(told["CallSid"], call_status=told.get("CallStatus", ""), now=now))


@from_twilio
def rang(request: HttpRequest, transfer_id: UUID, number: int) -> VoiceResponse:
    """A number that was rung for a transfer is done: say what comes next."""
    told = twilio.fields(request)
    found = transferring.find(transfer_id)
    if found is None or found.call.twilio_call_sid != told.get("CallSid"):
        return _twiml(Onward(announcement=Announcement.UNAVAILABLE))
    bridged = {"true": True, "false": False}.get(told.get("DialBridged", "").lower())
    done = transferring.Rang(
        status=told.get("DialCallStatus", ""),
        bridged=bridged,
        lasted_s=twilio.seconds(told.get("DialCallDuration", "")),
        call_status=told.get("CallStatus", ""),
    )
    return next_twiml(transferring.rang(found, number, done, now=timezone.now()))


@from_twilio
def whisper(request: HttpRequest, transfer_id: UUID, number: int, secret: str) -> VoiceResponse:
    """Somebody, or something, has answered who is rung for a transfer: say who calls, and ask for a key."""
    found = transferring.find(transfer_id) if is_secret(secret, transfer_id, number) else None
    if found is None:
        return twilio.say({})
    language = Language(found.call.business.language)
    if not transferring.is_ringing(found, number):
        return twilio.say({language: whispers.GONE[language]})
    with acting_for(found.call.business):
        words = whispers.words_of(found)
    action = twilio.key_address(transfer_id, number, secret)
    return twilio.ask_for_key({language: words}, {language: whispers.PRESS[language]}, action=action)


@from_twilio
def key(request: HttpRequest, transfer_id: UUID, number: int, secret: str) -> VoiceResponse:
    """The called person has pressed a key: put them and the caller together, or not."""
    found = transferring.find(transfer_id) if is_secret(secret, transfer_id, number) else None
    if found is None or twilio.fields(request).get("Digits") != ACCEPTS:
        return twilio.say({})
    if transferring.accept(found, number, now=timezone.now()):
        return twilio.connect_legs()
    language = Language(found.call.business.language)
    return twilio.say({language: whispers.GONE[language]})


@from_twilio
def status(request: HttpRequest) -> None:
    """Keep what Twilio tells of a call or its stream. Twilio tells it once, so it waits for a database that is away."""
    told, now = twilio.fields(request), timezone.now()
    if database_watch.is_away():
        status_reports.keep(told, now=now)
    else:
        status_reports.note(told, now=now)


@from_twilio
def voicemail_left(request: HttpRequest, voicemail_id: UUID) -> VoiceResponse:
    """A caller has left a message, or hung up after it: note its recording, and thank who is still there."""
    found = _note_recording(twilio.fields(request), voicemail_id)
    return _twiml(Onward(found.business if found else None, Announcement.MESSAGE_LEFT))


@from_twilio
def recorded(request: HttpRequest, voicemail_id: UUID) -> None:
    """A recording is there, or there is none."""
    told = twilio.fields(request)
    found = _note_recording(told, voicemail_id)
    if found is not None and told.get("RecordingStatus") in ("absent", "failed"):
        voicemail.nothing_left(found, is_lost=told["RecordingStatus"] == "failed", now=timezone.now())


def _note_recording(told: dict[str, str], voicemail_id: UUID) -> Voicemail | None:
    """Returns whose message it is; None for a call that it does not belong to."""
    found, recording_sid = voicemail.find(voicemail_id), told.get("RecordingSid", "")
    if found is None or found.call.twilio_call_sid != told.get("CallSid"):
        return None
    is_there = told.get("RecordingStatus", "completed") == "completed" and recordings.is_sid(recording_sid)
    if is_there:
        voicemail.left(found, recording_sid, now=timezone.now())
    return found


def _without_database(request: HttpRequest) -> VoiceResponse | None:
    """Answer from memory: the owner still has a telephone. What is only told is noted later."""
    told = twilio.fields(request)
    if request.path == reverse("calls:twilio-status"):
        status_reports.keep(told, now=timezone.now())
        return None
    name = request.resolver_match.url_name if request.resolver_match else ""
    if name in _OTHER_LEG and request.resolver_match:
        return _without_a_name(request, **request.resolver_match.kwargs)
    if name in _NO_CALLERS:
        return _twiml(Onward(announcement=Announcement.UNAVAILABLE))
    if name in _OF_RECORDINGS:  # Twilio is asked for the recording later
        return _twiml(Onward(announcement=Announcement.MESSAGE_LEFT)) if name == "twilio-voicemail" else None
    if name in _OUTGOING_REPORTS:
        return None  # `calls/outgoing/progress.py` looks at calls of which it hears nothing
    return from_memory.answer(told, is_after=request.path != reverse("calls:twilio-voice"))


def _without_a_name(request: HttpRequest, transfer_id: UUID, number: int, secret: str) -> VoiceResponse:
    """Let a called person take a call of which nothing can be read now."""
    if not is_secret(secret, transfer_id, number):
        return twilio.say({})
    digits = twilio.fields(request).get("Digits")
    if digits:
        return twilio.connect_legs() if digits == ACCEPTS else twilio.say({})
    action = twilio.key_address(transfer_id, number, secret)
    return twilio.ask_for_key(whispers.SOMEBODY, whispers.PRESS, action=action)


def next_twiml(then: Onward | GoesOn) -> VoiceResponse:
    """Returns what Twilio is told."""
    return twilio.connect(then.token) if isinstance(then, GoesOn) else _twiml(then)


def _twiml(onward: Onward) -> VoiceResponse:
    if onward.rejects:
        return twilio.reject()
    language = onward.business.language if onward.business else None
    if onward.business and onward.beep:
        return _asks_for_a_message(onward.business, onward.beep)
    spoken = words(onward.announcement, language) if onward.announcement else {}
    if onward.says and language:
        spoken = {Language(language): onward.says}
    return twilio.ring(spoken, onward.ring) if onward.ring else twilio.say(spoken, then_dial=onward.leg)


def _asks_for_a_message(business: Business, beep: Beep) -> VoiceResponse:
    language = Language(business.language)
    before = {language: beep.words} if beep.words else words(Announcement.LEAVE_A_MESSAGE, language)
    without = words(Announcement.NO_MESSAGE_LEFT, language)
    return twilio.take_message(before, without, voicemail_id=beep.voicemail_id, longest_s=beep.longest_s)
