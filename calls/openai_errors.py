"""What an error of OpenAI's means for us: whether trying again can help, when, and who must do something. Pure.

| meaning | codes | HTTP | what we do |
|---|---|---|---|
| NO_CREDIT | insufficient_quota, billing_hard_limit_reached | 429 with such a code | no retry: somebody must pay |
| NO_ACCESS | invalid_api_key, account_deactivated | 401, 403 | no retry: somebody must mend key or account |
| TOO_FAST | rate_limit_exceeded, inference_rate_limit_exceeded | 429 | retry, not before Retry-After |
| OVERLOADED | server_error | 408, 409, 425, 5xx | retry |
| SESSION_OVER | session_expired | | open a new session |
| ALREADY_ANSWERING | conversation_already_has_active_response | | the response under way is the answer |
| BAD_REQUEST | | every other 4xx | no retry: the same request will be refused again |
| OTHER | every other code | | of a request to speak: retry; of anything else: harmless |

A code says more than a status and is looked at first: OpenAI answers 429 both for "too fast" and for "not paid".
Harmless are, among the others, `response_cancel_not_active` (the response had ended) and refused truncations.

Sources: platform.openai.com/docs/guides/error-codes (HTTP), …/docs/api-reference/realtime-server-events
(`error`, `response.done`); the Realtime codes that are documented nowhere were seen on the wire.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

_LONGEST_WAIT_S: Final = 3600.0
"""A Retry-After of more than an hour is ignored: the row's own next attempt decides."""

_TRY_AGAIN: Final = re.compile(
    r"try again in (?:(?P<h>\d{1,4})h)?(?:(?P<m>\d{1,6})m(?!s))?(?:(?P<s>\d{1,9}(?:\.\d+)?) ?(?P<unit>ms|s))?",
    re.IGNORECASE,
)
_IN_THE_WAY: Final = re.compile(r"active response in progress: (\w{1,100})")


class Meaning(StrEnum):
    """What an error means; the table above says what follows."""

    NO_CREDIT = "no_credit"
    NO_ACCESS = "no_access"
    TOO_FAST = "too_fast"
    OVERLOADED = "overloaded"
    SESSION_OVER = "session_over"
    ALREADY_ANSWERING = "already_answering"
    BAD_REQUEST = "bad_request"
    OTHER = "other"

    @property
    def is_permanent(self) -> bool:
        """Trying again can't help until a person changes something."""
        return self in (Meaning.NO_CREDIT, Meaning.NO_ACCESS, Meaning.BAD_REQUEST)

    @property
    def refuses_to_speak(self) -> bool:
        """While a response is awaited, it will not come, even if the error doesn't say which request it answers."""
        return self in (Meaning.TOO_FAST, Meaning.OVERLOADED, Meaning.ALREADY_ANSWERING)


_BY_CODE: Final = {
    "insufficient_quota": Meaning.NO_CREDIT,
    "billing_hard_limit_reached": Meaning.NO_CREDIT,
    "invalid_api_key": Meaning.NO_ACCESS,
    "account_deactivated": Meaning.NO_ACCESS,
    "rate_limit_exceeded": Meaning.TOO_FAST,
    "inference_rate_limit_exceeded": Meaning.TOO_FAST,
    "server_error": Meaning.OVERLOADED,
    "session_expired": Meaning.SESSION_OVER,
    "conversation_already_has_active_response": Meaning.ALREADY_ANSWERING,
}
_PASSING_STATUSES: Final = frozenset({408, 409, 425})


@dataclass(frozen=True, slots=True)
class HttpError:
    """An HTTP answer that is an error. `said`: OpenAI's own words, for people; they may quote the request."""

    meaning: Meaning
    status: int
    code: str = ""
    said: str = ""
    retry_after_s: float = 0.0

    @property
    def cause(self) -> str:
        """Returns a code for the records: OpenAI's, or the status if it gives none."""
        return self.code or f"http_{self.status}"


def meaning_of(code: str, status: int | None = None) -> Meaning:
    """Returns what an error code means, or an HTTP status where the code says nothing."""
    if meaning := _BY_CODE.get(code):
        return meaning
    if status is None:
        return Meaning.OTHER
    if status in (401, 403):
        return Meaning.NO_ACCESS
    if status == 429:
        return Meaning.TOO_FAST
    if status in _PASSING_STATUSES or status >= 500:
        return Meaning.OVERLOADED
    return Meaning.BAD_REQUEST if status >= 400 else Meaning.OTHER


def try_again_after_s(message: str) -> float:
    """Returns the seconds that OpenAI asks for ("Please try again in 1.2s", "in 350ms", "in 1m3s"); 0 if it doesn't."""
    found = _TRY_AGAIN.search(message)
    if found is None:
        return 0.0
    seconds = float(found["s"] or 0) / (1000 if found["unit"] == "ms" else 1)
    seconds += int(found["h"] or 0) * 3600 + int(found["m"] or 0) * 60
    return seconds if seconds <= _LONGEST_WAIT_S else 0.0


def response_in_the_way(message: str) -> str:
    """Returns the id of the response that a `conversation_already_has_active_response` names; empty if none."""
    found = _IN_THE_WAY.search(message)
    return found[1] if found else ""


def http_error(status: int, body: object, headers: Mapping[str, str]) -> HttpError:
    """Returns what an HTTP error means. `body` is JSON, as bytes or read already, whole or only its `error`."""
    error = _error_in(body)
    code, said = (str(error.get(name) or "") for name in ("code", "message"))
    return HttpError(meaning_of(code, status), status, code, said, _retry_after_s(headers))


def _error_in(body: object) -> Mapping[str, Any]:
    if isinstance(body, bytes | bytearray):
        try:
            body = json.loads(body)
        except (ValueError, RecursionError):
            return {}
    if not isinstance(body, dict):
        return {}
    error = body.get("error", body)
    return error if isinstance(error, dict) else {}


def _retry_after_s(headers: Mapping[str, str]) -> float:
    """Returns the seconds of a Retry-After header; 0 where there is none, or a date, which OpenAI does not send."""
    written = headers.get("retry-after", "")
    seconds = float(written) if written.replace(".", "", 1).isdecimal() else 0.0
    return seconds if seconds <= _LONGEST_WAIT_S else 0.0
