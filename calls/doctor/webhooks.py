"""Twilio's way to us, gone as Twilio goes it: a signed webhook, a forged one, and the media stream's handshake.

The webhook names a number that no business can have, so no call is taken in and nothing is recorded.
"""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import urlencode

from django.conf import settings
from twilio.request_validator import RequestValidator

from businesses.doctor import table
from businesses.doctor.table import ADDRESS, ASK_S, Check
from businesses.doctor.verdicts import Verdict, not_tried, ok, wrong
from businesses.doctor.web import Answer, fetch, no_answer, not_ours
from calls.telephone import twilio

FORM: Final = {"CallSid": "CA" + "0" * 32, "To": "doctor", "From": "doctor", "CallStatus": "ringing"}
_ACCESS_DENIED: Final = "Access denied"
"""What Daphne says when the application refuses a handshake; proxies say "Forbidden"."""
_SAME_SETTINGS: Final = (
    "PUBLIC_URL and TWILIO_AUTH_TOKEN of the web processes must be those of this command: restart them after changing "
    ".env, and let the proxy leave the path as it is."
)


def register() -> None:
    """Have it tried."""
    table.register("twilio's way here", _checks, needs=(ADDRESS,))


def signed(answer: Answer) -> Verdict:
    """Returns whether a webhook that Twilio could have signed was answered with TwiML."""
    if answer.status == 403:
        return wrong("A signed webhook is refused.", _SAME_SETTINGS)
    if answer.status != 200:
        return not_ours(answer)
    if b"<Response" not in answer.body:
        return wrong("The answer to a signed webhook is no TwiML.", "Let the proxy pass /calls/ on to a web process.")
    return ok("A signed webhook is answered. No call was taken in.")


def forged(answer: Answer) -> Verdict:
    """Returns whether a webhook with a wrong signature was refused."""
    if answer.status == 200:
        return wrong(
            "A webhook with a wrong signature is answered: anyone may post calls.",
            "Set TWILIO_AUTH_TOKEN and DEBUG=0 for the web processes, and restart them.",
        )
    return ok("A webhook with a wrong signature is refused.") if answer.status == 403 else not_ours(answer)


def handshake(status: int, reason: str) -> Verdict:
    """Returns whether the upgrade to a WebSocket came through the proxy to us."""
    if status == 101:
        return ok("The media stream's socket opens.")
    if status == 403 and reason == _ACCESS_DENIED:
        return ok("The socket's upgrade comes through. The application refuses it, as while all lines are busy.")
    if status in {502, 503, 504}:
        return not_ours(Answer(status))
    return wrong(
        f"The media stream's socket does not open: {status}.",
        "The proxy must pass the upgrade on at /calls/twilio/media/: proxy_http_version 1.1, and the headers Upgrade "
        "and Connection as in deploy/nginx.conf.",
    )


def _checks() -> Iterator[Check]:
    yield Check("signed webhook", lambda: _if_signed(lambda: _ask(_signature(), signed)))
    yield Check("forged webhook", lambda: _ask("A" * 27 + "=", forged))
    yield Check("media stream", _ask_handshake)


def _if_signed(ask: Callable[[], Verdict]) -> Verdict:
    return ask() if settings.TWILIO_AUTH_TOKEN else not_tried("TWILIO_AUTH_TOKEN is not set.")


def _signature() -> str:
    return str(RequestValidator(settings.TWILIO_AUTH_TOKEN).compute_signature(twilio.voice_url(), FORM))


def _ask(signature: str, judge: Callable[[Answer], Verdict]) -> Verdict:
    url = twilio.voice_url()
    try:
        return judge(fetch(url, form=urlencode(FORM), headers={"X-Twilio-Signature": signature}))
    except (OSError, http.client.HTTPException) as error:
        return no_answer(error, url)


def _ask_handshake() -> Verdict:
    from websockets import exceptions  # noqa: PLC0415 - only this check needs a client
    from websockets.sync.client import connect  # noqa: PLC0415

    url, token = twilio.stream_url(), settings.TWILIO_AUTH_TOKEN
    signature = {"X-Twilio-Signature": RequestValidator(token).compute_signature(url, {})} if token else {}
    try:
        with connect(url, additional_headers=signature, open_timeout=ASK_S, close_timeout=0.5, proxy=None):
            return handshake(101, "")
    except exceptions.InvalidStatus as error:
        return handshake(error.response.status_code, error.response.reason_phrase)
    except OSError as error:
        return no_answer(error, url)
    except exceptions.WebSocketException:
        return handshake(0, "")
