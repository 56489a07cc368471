"""What we answer Twilio over HTTP (TwiML), and how we verify that a request is Twilio's (signatures).

Twilio signs the public address that it was given, so that is what we check: `PUBLIC_URL` and the path. Headers of
proxies say nothing reliable about it.
"""

from __future__ import annotations

import re
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import Connect, Dial, Gather, Stream, VoiceResponse

from businesses.models import Language
from calls.outgoing import progress
from calls.telephone.legs import RING_S, Leg, Ring
from calls.telephone.transfer_keys import secret_of

MEDIA_PATH = "/calls/twilio/media/"
TOKEN_PARAMETER = "token"  # noqa: S105  (a name, not a secret)

KEY_RING_S = 20
"""How long a person's number rings: most voicemails answer later than this. Twilio and carriers add up to 5 s."""
KEY_WAIT_S = 5
"""How long a key is waited for after the last word."""
MESSAGE_PAUSE_S = 7
"""A message ends after so long a silence."""
MOST_FIELDS = 200
"""Of a webhook's form. Twilio's have some thirty."""
_SIGNATURE = re.compile(r"[A-Za-z0-9+/]{27}=")
"""Base64 of an HMAC-SHA1."""

# twilio.com/docs/voice/twiml/say/text-speech: Polly speaks no Hebrew, Google's voices do.
_VOICES = {
    Language.HEBREW: ("he-IL", "Google.he-IL-Wavenet-A"),
    Language.ENGLISH: ("en-US", "Polly.Joanna"),
}


# Signatures ---------------------------------------------------------------------------------------
def signature_is_valid(request: HttpRequest) -> bool:
    """Returns whether Twilio signed this request. In development without a token, every request passes."""
    if not settings.TWILIO_AUTH_TOKEN:
        return bool(settings.DEBUG)
    signature = request.headers.get("X-Twilio-Signature", "")
    if not _SIGNATURE.fullmatch(signature) or not _has_few_fields(request.body + request.META["QUERY_STRING"].encode()):
        return False  # before the form is parsed
    url = settings.PUBLIC_URL + request.get_full_path()  # of a GET, all fields are in it
    return bool(RequestValidator(settings.TWILIO_AUTH_TOKEN).validate(url, request.POST, signature))


def fields(request: HttpRequest) -> dict[str, str]:
    """Returns what a webhook tells: Twilio can be set to GET, too."""
    told = request.POST if request.method == "POST" else request.GET
    return {name: str(value) for name, value in told.items()}


def seconds(told: str) -> float | None:
    """Returns a length that Twilio tells; None if it tells none."""
    return float(told) if told.isascii() and told.isdigit() else None


def number_of(called: str) -> str:
    """Returns the number that was called as +E164, out of `sip:+1…@…`, `whatsapp:+…` or digits without a plus."""
    number = (
        re.sub(r"^(sips?|whatsapp|tel):", "", called.strip(), flags=re.IGNORECASE).partition("@")[0].partition(";")[0]
    )
    return f"+{number}" if number.isascii() and number.isdigit() else number


def _has_few_fields(body: bytes) -> bool:
    return body.count(b"&") < MOST_FIELDS


def handshake_is_valid(signature: str | None) -> bool:
    """Returns whether a media stream's handshake is signed by Twilio; `signature` is None if it had none.

    A missing one passes: the stream's token is the gate, and this only a second lock. Twilio signs the address as
    TwiML has it, in some versions with another slash at its end.
    """
    if signature is None or not settings.TWILIO_AUTH_TOKEN:
        return True
    validator = RequestValidator(settings.TWILIO_AUTH_TOKEN)
    bare = stream_url().rstrip("/")
    return any(validator.validate(url, {}, signature) for url in (bare + "/", bare))


# Addresses ----------------------------------------------------------------------------------------
def stream_url() -> str:
    """Returns the media stream's address for TwiML: wss://, or ws:// on an installation without TLS (a laptop)."""
    return str(settings.PUBLIC_URL).replace("http", "ws", 1) + MEDIA_PATH


def voice_url() -> str:
    """Returns what Twilio must ask when somebody calls."""
    return _address("twilio-voice")


def key_address(transfer_id: UUID, number: int, secret: str) -> str:
    """Returns where the key is told that a called person has pressed."""
    return _address("twilio-key", transfer_id=transfer_id, number=number, secret=secret)


def outgoing_address(name: str, row_id: UUID) -> str:
    """Returns one of the addresses at which Twilio asks about, or tells of, an outgoing call."""
    return _address(name, row_id=row_id, secret=progress.secret_of(row_id))


def _address(name: str, **named: object) -> str:
    return str(settings.PUBLIC_URL) + reverse(f"calls:{name}", kwargs=named)


# TwiML --------------------------------------------------------------------------------------------
def connect(token: str) -> VoiceResponse:
    """Send the caller's audio to the assistant; afterwards ask what comes next."""
    stream = Stream(url=stream_url(), status_callback=_address("twilio-status"), status_callback_method="POST")
    stream.parameter(name=TOKEN_PARAMETER, value=token)
    response = VoiceResponse()
    response.append(Connect(action=_address("twilio-after"), method="POST").append(stream))
    return response


def say(words_by_language: dict[Language, str], *, then_dial: Leg | None = None) -> VoiceResponse:
    """Say something in one or more languages (or none), then ring a number, if there is one, or hang up."""
    response = VoiceResponse()
    add_words(response, words_by_language)
    if then_dial:
        response.dial(
            then_dial.number,
            timeout=RING_S,
            time_limit=then_dial.limit_s,
            caller_id=then_dial.shows or None,  # None: Twilio shows the caller's own number
            action=_address("twilio-after"),
            method="POST",
        )
    else:
        response.hangup()
    return response


def ring(words_by_language: dict[Language, str], wanted: Ring) -> VoiceResponse:
    """Say something (or nothing), then ring somebody for a transfer; afterwards ask what comes next.

    The caller hears the number ring until its leg and theirs are put together, also while the called person listens to
    who calls (`answerOnBridge`).
    """
    response, leg, named = VoiceResponse(), wanted.leg, {"transfer_id": wanted.transfer_id, "number": wanted.number}
    add_words(response, words_by_language)
    dial = Dial(
        None if wanted.asks_for_key else leg.number,
        timeout=KEY_RING_S if wanted.asks_for_key else RING_S,
        time_limit=leg.limit_s,
        caller_id=leg.shows or None,
        answer_on_bridge=True,
        action=_address("twilio-rang", **named),
        method="POST",
    )
    if wanted.asks_for_key:
        secret = secret_of(wanted.transfer_id, wanted.number)
        dial.number(leg.number, url=_address("twilio-whisper", **named, secret=secret), method="POST")
    response.append(dial)
    return response


def ask_for_key(words_by_language: dict[Language, str], again: dict[Language, str], *, action: str) -> VoiceResponse:
    """Say something to a called person and wait for a key; say the second part once more, and hang up without one."""
    response = VoiceResponse()
    gather = Gather(num_digits=1, timeout=KEY_WAIT_S, finish_on_key="", action=action, method="POST")
    add_words(gather, words_by_language)
    add_words(gather, again)
    gather.pause(length=2)
    add_words(gather, again)
    response.append(gather)
    response.hangup()
    return response


def connect_legs() -> VoiceResponse:
    """Put a called person and the caller together: nothing more is done on the called person's leg."""
    return VoiceResponse()


def take_message(
    before: dict[Language, str], without: dict[Language, str], *, voicemail_id: UUID, longest_s: int
) -> VoiceResponse:
    """Ask for a message after a beep. `without` is said to a caller who leaves none: `action` isn't asked then.

    The silence stays in the recording: what Twilio trims are soft voices, too (`trim`).
    """
    named = {"voicemail_id": voicemail_id}
    response = VoiceResponse()
    add_words(response, before)
    response.record(
        action=_address("twilio-voicemail", **named),
        method="POST",
        max_length=longest_s,
        timeout=MESSAGE_PAUSE_S,
        finish_on_key="#",
        play_beep=True,
        trim="do-not-trim",
        recording_status_callback=_address("twilio-recorded", **named),
        recording_status_callback_method="POST",
        recording_status_callback_event="completed absent",
    )
    add_words(response, without)
    response.hangup()
    return response


def add_words(verb: VoiceResponse | Gather, words_by_language: dict[Language, str]) -> None:
    """Add sentences, each in its language's voice."""
    for language, words in words_by_language.items():
        locale, voice = _VOICES[language]
        verb.say(words, voice=voice, language=locale)


def reject() -> VoiceResponse:
    """Refuse a call without taking it, which costs nothing."""
    response = VoiceResponse()
    response.reject()
    return response
