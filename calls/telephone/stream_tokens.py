"""The key to a call's media stream: single use, short-lived, bound to its CallSid and its business.

It is signed, so that a token which was never ours is refused without a look into the database: anybody may open a
media socket and send one. Twilio hands it back in the stream's `start` message (a query string on the URL would be
dropped). The database keeps only a hash, so that whoever reads a backup or a replica can't open a stream.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import CharField, DateTimeField, QuerySet
from django.utils.crypto import salted_hmac

from businesses.prepared import Given, Prepared, PreparedUpdate
from calls.errors import StreamRefused
from calls.models import BROWSER, Call, CallStatus
from calls.records.finishing import TRIAL_OPENS_WITHIN

LIFETIME = timedelta(seconds=60)
"""Twilio opens the stream within a second or two of reading the TwiML; a minute forgives a slow network."""


def issue(call: Call, *, now: datetime) -> str:
    """Returns a new token for a ringing call. An older token of the same call stops working."""
    secret = f"{call.business_id.hex}.{secrets.token_urlsafe(32)}"
    token = f"{secret}.{_signature(secret, call.twilio_call_sid)}"
    call.stream_token_hash = _hash(token, call.twilio_call_sid)
    call.stream_token_expires_at = now + (TRIAL_OPENS_WITHIN if call.caller_number == BROWSER else LIFETIME)
    call.save(update_fields=["stream_token_hash", "stream_token_expires_at"])
    return token


def verify(token: str, call_sid: str) -> None:
    """Check that we have issued this token for this call, at some time. Raises `StreamRefused`."""
    secret, _dot, signature = token.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(secret, call_sid).encode()):
        raise StreamRefused("the stream brought no token of ours for its call")


def business_of(token: str) -> UUID:
    """Returns the business that a token claims to belong to; `claimable` verifies it. Raises `StreamRefused`."""
    try:
        return UUID(hex=token.partition(".")[0])
    except ValueError:
        raise StreamRefused("the stream brought no token of ours") from None


def claimable(token: str, call_sid: str, *, now: datetime) -> QuerySet[Call]:
    """Returns the call that this token opens, at most one. Updating it is the claim: the row count says who won.

    It rings, or it goes on in a new stream (`going_on.py`).
    """
    return _opened_by(call_sid, _hash(token, call_sid), now)


def found(token: str, call_sid: str, *, now: datetime) -> Call | None:
    """Returns the claimable call, with its business as it is now."""
    return _with_business.first(call_sid=call_sid, hash=_hash(token, call_sid), now=now)


def claim_first(token: str, call_sid: str, *, now: datetime, **columns: Any) -> bool:
    """Claim a call whose first stream opens, and set `FIRST_COLUMNS` of it. Returns False if it is not claimable."""
    return bool(_first_claim.run(call_sid=call_sid, hash=_hash(token, call_sid), now=now, **columns))


def _opened_by(call_sid: str | Given, hashed: str | Given, now: datetime | Given) -> QuerySet[Call]:
    calls = Call.objects.filter(twilio_call_sid=call_sid, stream_token_hash=hashed, stream_token_expires_at__gt=now)
    return calls.exclude(status=CallStatus.ENDED)


def _opened_by_what_is_given() -> QuerySet[Call]:
    text = CharField()
    return _opened_by(Given("call_sid", text), Given("hash", text), Given("now", DateTimeField()))


FIRST_COLUMNS: Final = (
    "stream_token_hash", "stream_sid", "alive_at", "status", "stream_opened_at", "came_while_closed", "settings",
    "notice_heard", "model",
)  # fmt: skip
_with_business = Prepared(lambda: _opened_by_what_is_given().select_related("business").order_by())
_first_claim = PreparedUpdate(_opened_by_what_is_given, *FIRST_COLUMNS)


def why_not(token: str, call_sid: str, *, now: datetime) -> str:
    """Returns why a token was refused, for the log."""
    call = Call.objects.filter(twilio_call_sid=call_sid).first()
    if call is None:
        return "the token is for another call or another business"
    if call.status == CallStatus.ENDED or not call.stream_token_hash:
        return f"the token was used or the call is over (call {call.pk})"
    if call.stream_token_hash != _hash(token, call_sid):
        return f"the token is wrong or was replaced by a newer one (call {call.pk})"
    return f"the token expired (call {call.pk})"


def _signature(secret: str, call_sid: str) -> str:
    return salted_hmac("calls.telephone.stream_tokens", f"{call_sid}:{secret}", algorithm="sha256").hexdigest()


def _hash(token: str, call_sid: str) -> str:
    return hashlib.sha256(f"{call_sid}:{token}".encode()).hexdigest()
