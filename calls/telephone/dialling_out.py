"""Making an outgoing call at Twilio: one request for each row of the queue, never repeated.

Twilio's Calls resource has no key for idempotency, so what isn't certain stays unknown: an answer that does not come
within `_TIMEOUT_S`, a 5xx, a connection that broke after the request had left. Of the rest it is certain that no call
was made: no connection, 429, and the other 4xx.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from businesses.tenancy import acting_for
from calls.models import AtMachine, OutgoingCall
from calls.outgoing import placing, words
from calls.outgoing.placing import Claimed
from calls.outgoing.rules import Why
from calls.telephone import securing, twilio

logger = logging.getLogger(__name__)

RINGS_S: Final = 30
"""Less than most voicemails wait; Twilio adds up to 5 s."""
_TIMEOUT_S: Final = 15.0
_AGAIN: Final = timedelta(minutes=1)
_TOO_MANY: Final = 429
_SERVER_ERRORS: Final = 500
_MAY_HAVE_ARRIVED: Final = (408, 409)


def place(found: OutgoingCall, *, clock: Callable[[], datetime]) -> bool:
    """Make one call of the queue if it may be made now. Returns whether Twilio was asked."""
    with acting_for(found.business):
        claimed = placing.claim(found, now=clock())
        if claimed is None:
            return False
        _render_ahead(claimed, now=clock())
        _ask(claimed, clock)
    return True


def _render_ahead(claimed: Claimed, *, now: datetime) -> None:
    """Have the first words rendered while it rings, unless a name is in them."""
    from calls.greetings import recordings  # noqa: PLC0415 - it loads numpy, and every web process loads this module

    business, row, choices = claimed.row.business, claimed.row, claimed.choices
    if words.can_be_rendered(choices, row.who, is_reminder=row.is_reminder):
        first = words.first_words(business, choices, who=row.who, is_reminder=row.is_reminder)
        calling = words.as_calling(business, first)
        recordings.request_all(calling, now=now)


def _ask(claimed: Claimed, clock: Callable[[], datetime]) -> None:
    from requests.exceptions import RequestException  # noqa: PLC0415 - only workers ask Twilio
    from twilio.base.exceptions import TwilioException, TwilioRestException  # noqa: PLC0415

    row = claimed.row
    try:
        call_sid = securing.client(_TIMEOUT_S).calls.create(**_request(claimed)).sid
    except securing.TwilioUnreachable:  # no credentials: nothing has left
        _not_made(row, Why.REFUSED, again=False, now=clock())
    except TwilioRestException as error:
        _judge(row, error.status, error.code, now=clock())
    except RequestException as error:
        if _has_not_left(error):
            _not_made(row, Why.TWILIO_AWAY, again=True, now=clock())
        else:
            _perhaps_made(row, type(error).__name__, now=clock())
    except (TwilioException, OSError, ValueError) as error:  # an answer that can't be read: Twilio may have made it
        _perhaps_made(row, type(error).__name__, now=clock())
    else:
        if call_sid:
            placing.made(row.pk, call_sid, now=clock())
        else:
            _perhaps_made(row, "an answer without a CallSid", now=clock())


def _request(claimed: Claimed) -> dict[str, Any]:
    row, at_machine = claimed.row, claimed.choices.at_machine
    return {
        "to": row.number,
        "from_": row.from_number,
        "url": twilio.outgoing_address("twilio-answered", row.pk),
        "method": "POST",
        "status_callback": twilio.outgoing_address("twilio-progress", row.pk),
        "status_callback_event": ["initiated", "ringing", "answered", "completed"],
        "status_callback_method": "POST",
        "timeout": RINGS_S,
        "time_limit": claimed.limit_s,
        # In the background, so that a person isn't left in the 3 to 5 s of silence of the other way. To leave words,
        # the end of the machine's own is waited for.
        "machine_detection": "DetectMessageEnd" if at_machine == AtMachine.SAY else "Enable",
        "async_amd": "true",
        "async_amd_status_callback": twilio.outgoing_address("twilio-answerer", row.pk),
        "async_amd_status_callback_method": "POST",
    }


def _judge(row: OutgoingCall, status: int, code: int | None, *, now: datetime) -> None:
    if status >= _SERVER_ERRORS or status in _MAY_HAVE_ARRIVED:
        _perhaps_made(row, f"Twilio answered {status}", now=now)
    elif status == _TOO_MANY:
        _not_made(row, Why.TWILIO_AWAY, again=True, now=now)
    else:
        _not_made(row, str(code) if code else Why.REFUSED, again=False, now=now)


def _not_made(row: OutgoingCall, why: str, *, again: bool, now: datetime) -> None:
    logger.warning("outgoing call %s of business %s was not made: %s", row.pk, row.business_id, why)
    placing.not_made(row, why=why, again_at=now + _AGAIN if again else None, now=now)


def _perhaps_made(row: OutgoingCall, what: str, *, now: datetime) -> None:
    logger.warning("outgoing call %s of business %s may have been made: %s", row.pk, row.business_id, what)
    placing.perhaps_made(row.pk, now=now)


def _has_not_left(error: Exception) -> bool:
    """Returns whether there was no connection, so that Twilio has not seen the request."""
    from requests.exceptions import ConnectTimeout  # noqa: PLC0415 - as above
    from urllib3.exceptions import NameResolutionError, NewConnectionError  # noqa: PLC0415

    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, ConnectTimeout) or isinstance(reason, (NewConnectionError, NameResolutionError))
