"""Sound that Twilio has recorded (`<Record>`): fetched as µ-law, and deleted there once it is stored here.

The address is made of the operator's account and the recording's id. The one that a webhook brings is not used: it
would take our credentials wherever it points. Twilio may lead on to a file server; that gets none, and is judged by
`businesses/safe_http.py`.

A recording may not be there yet when Twilio tells of it, so that a 404 is asked again.
"""

from __future__ import annotations

import asyncio
import io
import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urljoin

import msgspec
from django.conf import settings

from businesses import basic_login, safe_http
from businesses.safe_http import NoAnswer, Problem
from calls.audio import ulaw
from calls.audio.wav import BadWav, WavFault, telephone_samples
from calls.errors import CallsError
from calls.telephone import recorded_files

if TYPE_CHECKING:
    import aiohttp

TIMEOUT_S: Final = 45.0
"""Of one request with everything that follows from it."""
LONGEST_S: Final = 600.0
_BYTES_A_SECOND: Final = 32_000
"""Twilio's WAV: 8 kHz, 16 bits, one channel, or two where an account is set so."""
_ROOM: Final = 64_000
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_SID: Final = re.compile(r"RE[0-9a-f]{32}")


class RecordingProblem(StrEnum):
    """Why a recording can't be had. The codes are stored, so they don't change."""

    NO_ACCOUNT = "no_account"  # TWILIO_ACCOUNT_SID or TWILIO_AUTH_TOKEN is not set
    NOT_THERE = "not_there"  # not yet, or not any more
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    TOO_LONG = "too_long"
    DAMAGED = "damaged"
    EMPTY = "empty"


class RecordingUnavailable(CallsError):
    """A recording can't be had now. `is_final`: asking again is of no use."""

    def __init__(self, problem: RecordingProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem
        self.is_final = problem in (RecordingProblem.TOO_LONG, RecordingProblem.EMPTY)


def is_sid(told: str) -> bool:
    """Returns whether this is the id of a recording, as Twilio makes them."""
    return _SID.fullmatch(told) is not None


def fetch(recording_sid: str, *, longest_s: float = LONGEST_S) -> bytes:
    """Returns a recording as µ-law, one channel at 8 kHz. Raises `RecordingUnavailable`. Not for an event loop."""
    if _is_simulated():
        return _simulated(recording_sid)
    most = int(longest_s * _BYTES_A_SECOND) + _ROOM
    status, body, moved_to = _ask("GET", f"{_address(recording_sid)}.wav", most)
    if status in _MOVED:
        status, body = _follow(moved_to, most)
    if status != 200:
        raise RecordingUnavailable(_problem(status))
    try:
        return ulaw.encode(telephone_samples(io.BytesIO(body), longest_s=longest_s))
    except BadWav as error:
        known = {WavFault.EMPTY: RecordingProblem.EMPTY, WavFault.TOO_LONG: RecordingProblem.TOO_LONG}
        raise RecordingUnavailable(known.get(error.fault, RecordingProblem.DAMAGED)) from None


def delete(recording_sid: str) -> None:
    """Delete a recording at Twilio; one that is gone already is no error. Raises `RecordingUnavailable`."""
    if _is_simulated():
        recorded_files.drop(recording_sid)
        return
    status, _body, _moved_to = _ask("DELETE", f"{_address(recording_sid)}.json", _ROOM)
    if status not in (200, 204, 404, 410):
        raise RecordingUnavailable(_problem(status))


def of_call(call_sid: str) -> list[str]:
    """Returns the ids of what Twilio has recorded of a call. Raises `RecordingUnavailable`."""
    if _is_simulated():
        return recorded_files.of_call(call_sid)
    status, body, _moved_to = _ask("GET", f"{_account()}/Calls/{quote(call_sid, safe='')}/Recordings.json", _ROOM)
    if status != 200:
        raise RecordingUnavailable(_problem(status))
    try:
        listed = msgspec.json.decode(body, type=_Listed).recordings
    except msgspec.DecodeError:
        raise RecordingUnavailable(RecordingProblem.DAMAGED) from None
    return [each.sid for each in listed if is_sid(each.sid)]


def _is_simulated() -> bool:
    """Returns whether calls are simulated ones: in development, where no account of Twilio's is set."""
    return bool(settings.DEBUG and not settings.TWILIO_AUTH_TOKEN)


def _simulated(recording_sid: str) -> bytes:
    audio = recorded_files.read(recording_sid) if is_sid(recording_sid) else None
    if audio is None:
        raise RecordingUnavailable(RecordingProblem.NOT_THERE)
    return audio


class _OfCall(msgspec.Struct):
    sid: str


class _Listed(msgspec.Struct):
    recordings: list[_OfCall]


def _account() -> str:
    if not (settings.TWILIO_ACCOUNT_SID and settings.TWILIO_AUTH_TOKEN):
        raise RecordingUnavailable(RecordingProblem.NO_ACCOUNT)
    return f"{str(settings.TWILIO_API_URL).rstrip('/')}/2010-04-01/Accounts/{settings.TWILIO_ACCOUNT_SID}"


def _address(recording_sid: str) -> str:
    if not is_sid(recording_sid):
        raise ValueError("This is not the id of a recording.")
    return f"{_account()}/Recordings/{recording_sid}"


def _problem(status: int) -> RecordingProblem:
    if status in (404, 410):
        return RecordingProblem.NOT_THERE
    return RecordingProblem.REFUSED if status in (400, 401, 403) else RecordingProblem.UNREACHABLE


def _ask(method: str, url: str, most: int) -> tuple[int, bytes, str]:
    """Returns the status and body of one answer, and where it leads if it is a redirect."""
    return asyncio.run(_asked(method, url, most))


async def _asked(method: str, url: str, most: int) -> tuple[int, bytes, str]:
    import aiohttp  # noqa: PLC0415 - a tenth of a second of loading, and most processes never ask

    login = basic_login.headers_of(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN)
    headers = {**login, "User-Agent": "Frontdesk", "Accept-Encoding": "identity"}
    try:
        async with (
            asyncio.timeout(TIMEOUT_S),
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
            http.request(method, url, headers=headers, allow_redirects=False) as answer,
        ):
            return answer.status, await _read(answer, most), urljoin(url, answer.headers.get("Location", ""))
    except aiohttp.ClientPayloadError:
        raise RecordingUnavailable(RecordingProblem.DAMAGED) from None
    except (aiohttp.ClientError, OSError, ValueError):
        raise RecordingUnavailable(RecordingProblem.UNREACHABLE) from None


async def _read(answer: aiohttp.ClientResponse, most: int) -> bytes:
    body = b""
    async for piece in answer.content.iter_any():
        body += piece
        if len(body) > most:
            raise RecordingUnavailable(RecordingProblem.TOO_LONG)
    return body


def _follow(url: str, most: int) -> tuple[int, bytes]:
    try:
        answer = safe_http.get(url, timeout_s=TIMEOUT_S, most=most)
    except NoAnswer as failure:
        is_too_long = failure.problem is Problem.TOO_LARGE
        raise RecordingUnavailable(RecordingProblem.TOO_LONG if is_too_long else RecordingProblem.UNREACHABLE) from None
    return answer.status, answer.body
