"""Twilio's webhooks of a call in which a member records a text. No such call is on record: nobody was called.

    `code`   six keys were pressed, or none: the assistant then answers as ever
    `step`   Twilio has recorded something (`RecordingSid`), a key was pressed (`Digits`), or it asks what comes next

While a recording is fetched and checked, Twilio asks once a second. Each may be repeated.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from twilio.twiml.voice_response import Gather, VoiceResponse

from businesses.models import Business, Language
from calls.audio.wav import as_wav
from calls.greetings import dictations, own_recordings
from calls.models import Dictation, DictationState, GreetingPart
from calls.telephone import recordings, twilio
from calls.telephone.dictation_words import Say, fault, said, speak

KEY_WAIT_S: Final = 6
CODE_WAIT_S: Final = 5
QUIET_S: Final = 5
"""A recording ends after so long a silence."""
FETCHED_WITHIN: Final = timedelta(seconds=40)
KEEPS, REPEATS, PLAYS = "1", "2", "3"


def ask_for_code(business: Business, *, is_wrong: bool = False) -> VoiceResponse:
    """Ask for the code; asked next is `code`, also if no key is pressed."""
    language, response = Language(business.language), VoiceResponse()
    gather = Gather(
        num_digits=dictations.CODE_DIGITS, timeout=CODE_WAIT_S, finish_on_key="#", action_on_empty_result=True,
        action=_address("twilio-dictation-code"), method="POST",
    )  # fmt: skip
    words = f"{said(Say.WRONG, language)} {said(Say.CODE, language)}" if is_wrong else said(Say.CODE, language)
    twilio.add_words(gather, {language: words})
    response.append(gather)
    return response


def entered(business: Business, told: dict[str, str], *, now: datetime) -> VoiceResponse | None:
    """Returns what follows a code; None if the assistant answers: no key was pressed, or too many codes were wrong."""
    code, from_number = told.get("Digits", ""), told.get("From", "")
    if not code.isdecimal():
        return None
    found = dictations.enter(business, code, from_number=from_number, call_sid=told["CallSid"], now=now)
    if found is not None:
        return _record(found, _language(business))
    return ask_for_code(business, is_wrong=True) if dictations.may_try(
        business, from_number=from_number, now=now
    ) else None  # fmt: skip


def next_step(dictation_id: UUID, told: dict[str, str], *, now: datetime) -> VoiceResponse:
    """Returns what follows in a call in which a text is recorded."""
    found = dictations.find(dictation_id)
    if found is None or found.call_sid != told.get("CallSid"):
        return twilio.say({})
    language, recording_sid = _language(found.business), told.get("RecordingSid", "")
    if recordings.is_sid(recording_sid):
        dictations.recorded(found, recording_sid, now=now)
        return _wait(found, language, is_first=True)
    if told.get("CallStatus") in ("completed", "canceled", "failed"):
        dictations.give_up(found)
        return twilio.say({})
    if found.state == DictationState.READY:
        return _chosen(found, told.get("Digits", ""), language, now=now)
    return _follows(found, language, now=now)


def _chosen(found: Dictation, key: str, language: Language, *, now: datetime) -> VoiceResponse:
    if key == KEEPS:
        kept = dictations.keep(found, now=now)
        return _bye(Say.KEPT if kept else Say.CHANGED, language)
    if key == REPEATS:
        return _again(found, said(Say.AGAIN, language), language)
    return _listen(found, language)


def _follows(found: Dictation, language: Language, *, now: datetime) -> VoiceResponse:
    match found.state:
        case DictationState.RECORDED if found.recorded_at and now - found.recorded_at < FETCHED_WITHIN:
            return _wait(found, language)
        case DictationState.RECORDED | DictationState.REFUSED:
            return _again(found, f"{fault(found.fault, language)} {said(Say.AGAIN, language)}", language)
        case DictationState.SPEAKING:  # nothing was said: Twilio does not ask `action` then
            return _again(found, said(Say.NOTHING, language), language)
        case DictationState.KEPT:
            return _bye(Say.KEPT, language)
    return _bye(Say.ENOUGH, language)


def _again(found: Dictation, words: str, language: Language) -> VoiceResponse:
    if dictations.again(found):
        return _record(found, language, words)
    dictations.give_up(found)
    return _bye(Say.ENOUGH, language)


# TwiML --------------------------------------------------------------------------------------------
def _record(found: Dictation, language: Language, before: str = "") -> VoiceResponse:
    response = VoiceResponse()
    twilio.add_words(response, {language: f"{before} {speak(GreetingPart(found.part), language)}".strip()})
    response.record(
        action=_step(found), method="POST", max_length=int(own_recordings.LONGEST_S), timeout=QUIET_S,
        finish_on_key="#", play_beep=True, trim="do-not-trim",  # our own trimming knows what a soft voice is
    )  # fmt: skip
    response.redirect(_step(found), method="POST")  # nothing was recorded: `action` isn't asked then
    return response


def _wait(found: Dictation, language: Language, *, is_first: bool = False) -> VoiceResponse:
    response = VoiceResponse()
    if is_first:
        twilio.add_words(response, {language: said(Say.WAIT, language)})
    response.pause(length=1)
    response.redirect(_step(found), method="POST")
    return response


def _listen(found: Dictation, language: Language) -> VoiceResponse:
    response = VoiceResponse()
    gather = Gather(
        num_digits=1, timeout=KEY_WAIT_S, finish_on_key="", action_on_empty_result=False, action=_step(found),
        method="POST",
    )  # fmt: skip
    twilio.add_words(gather, {language: said(Say.LISTEN, language)})
    gather.play(_address("dictation-sound", dictation_id=found.pk, secret=dictations.secret_of(found)))
    twilio.add_words(gather, {language: said(Say.KEYS, language)})
    response.append(gather)
    twilio.add_words(response, {language: said(Say.ENOUGH, language)})
    response.hangup()
    return response


def _bye(what: Say, language: Language) -> VoiceResponse:
    return twilio.say({language: said(what, language)})


def _step(found: Dictation) -> str:
    return _address("twilio-dictation", dictation_id=found.pk)


def _address(name: str, **named: object) -> str:
    return str(settings.PUBLIC_URL) + reverse(f"calls:{name}", kwargs=named)


def _language(business: Business) -> Language:
    return Language(business.language)


@require_safe
def sound(request: HttpRequest, dictation_id: UUID, secret: str) -> HttpResponse:
    """Send a take to Twilio, which plays it to the member; the secret in the address is of this take only."""
    found = dictations.find(dictation_id)
    if found is None or not found.audio or not constant_time_compare(secret, dictations.secret_of(found)):
        raise Http404
    answer = HttpResponse(as_wav(bytes(found.audio)), content_type="audio/wav")
    answer["Cache-Control"] = "private, no-store"
    return answer
