"""Recordings at the stand-in for Twilio: its addresses for fetching and deleting them, and what goes wrong there."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from aiohttp import BasicAuth, web

from calls.audio.ulaw import SAMPLE_RATE
from calls.audio.wav import as_wav

PATH: Final = "/2010-04-01/Accounts/{sid}/Recordings/{file}"
LIST: Final = "/2010-04-01/Accounts/{sid}/Calls/{call}/Recordings.json"
FILES: Final = "/recorded/{file}"
_MOST_PIECES: Final = 400
"""Of 1 MB, that an endless recording has if nobody hangs up."""


class Trouble(Enum):
    """What happens instead of the recording, so many `times`."""

    NONE = "none"
    NOT_YET = "not_yet"  # 404: it is still being made
    BUSY = "busy"
    REFUSED = "refused"
    ERROR_PAGE = "error_page"  # 200, and HTML
    ENDLESS = "endless"
    BROKEN_OFF = "broken_off"
    MOVED = "moved"  # to a file server, as with storage of one's own; every time
    ELSEWHERE = "elsewhere"  # to another's; every time


@dataclass(slots=True)
class Shelved:
    """A recording (µ-law) of a call."""

    audio: bytes
    call_sid: str = ""
    trouble: Trouble = Trouble.NONE
    times: int = 1


@dataclass(slots=True)
class RecordingShelf:
    """The recordings of accounts. `asked`: method, path and login of each request; `elsewhere`: where `ELSEWHERE` is.

    `tokens` by account. `refuses_deletes`: so many deletions are answered 500.
    """

    tokens: dict[str, str] = field(default_factory=dict)
    recordings: dict[str, Shelved] = field(default_factory=dict)
    elsewhere: str = "http://elsewhere.invalid/"
    refuses_deletes: int = 0
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)

    def put(
        self, recording_sid: str, audio: bytes, trouble: Trouble = Trouble.NONE, *, times: int = 1, call_sid: str = ""
    ) -> None:
        """Put a recording (µ-law) on the shelf."""
        self.recordings[recording_sid] = Shelved(audio, call_sid, trouble, times)

    def routes(self) -> list[web.RouteDef]:
        """Returns what to add to a server."""
        return [
            web.get(PATH, self._get),
            web.delete(PATH, self._delete),
            web.get(LIST, self._list),
            web.get(FILES, self._file),
        ]

    async def _list(self, request: web.Request) -> web.StreamResponse:
        if not self._may(request):
            return web.Response(status=401)
        wanted = request.match_info["call"]
        found = [{"sid": sid, "call_sid": wanted} for sid, each in self.recordings.items() if each.call_sid == wanted]
        return web.json_response({"recordings": found, "page": 0})

    async def _get(self, request: web.Request) -> web.StreamResponse:
        sid, _dot, kind = request.match_info["file"].partition(".")
        if not self._may(request):
            return web.Response(status=401)
        recording = self.recordings.get(sid)
        if recording is None or kind != "wav":
            return web.Response(status=404)
        return await self._answer(request, sid, recording)

    async def _answer(self, request: web.Request, sid: str, recording: Shelved) -> web.StreamResponse:
        trouble, file = self._trouble(recording), as_wav(recording.audio)
        if trouble is Trouble.ENDLESS:
            return await _endlessly(request)
        if trouble is Trouble.BROKEN_OFF:
            return await _half(request, file)
        answers = {
            Trouble.NOT_YET: web.Response(status=404),
            Trouble.BUSY: web.Response(status=429),
            Trouble.REFUSED: web.Response(status=403),
            Trouble.ERROR_PAGE: web.Response(body=b"<html>Sorry</html>", content_type="text/html"),
            Trouble.MOVED: web.Response(status=307, headers={"Location": f"/recorded/{sid}.wav?Signature=1"}),
            Trouble.ELSEWHERE: web.Response(status=302, headers={"Location": self.elsewhere}),
        }
        return answers.get(trouble) or web.Response(body=file, content_type="audio/x-wav")

    async def _file(self, request: web.Request) -> web.StreamResponse:
        """Send a file as a file server does, which refuses whoever also sends credentials."""
        self._may(request)
        if "Authorization" in request.headers:
            return web.Response(status=400)
        recording = self.recordings.get(request.match_info["file"].partition(".")[0])
        return web.Response(body=as_wav(recording.audio)) if recording else web.Response(status=404)

    async def _delete(self, request: web.Request) -> web.StreamResponse:
        sid = request.match_info["file"].partition(".")[0]
        if not self._may(request):
            return web.Response(status=401)
        if self.refuses_deletes:
            self.refuses_deletes -= 1
            return web.Response(status=500)
        if self.recordings.pop(sid, None) is None:
            return web.Response(status=404)
        self.deleted.append(sid)
        return web.Response(status=204)

    def _may(self, request: web.Request) -> bool:
        login = request.headers.get("Authorization", "")
        self.asked.append((request.method, request.path, login))
        try:
            told = BasicAuth.decode(login)
        except ValueError:
            return False
        return bool(told.login == request.match_info.get("sid") and self.tokens.get(told.login) == told.password)

    def _trouble(self, recording: Shelved) -> Trouble:
        if recording.trouble in (Trouble.MOVED, Trouble.ELSEWHERE):
            return recording.trouble
        recording.times -= 1
        return recording.trouble if recording.times >= 0 else Trouble.NONE


async def _endlessly(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "audio/x-wav"})
    answer.enable_chunked_encoding()
    await answer.prepare(request)
    for _piece in range(_MOST_PIECES):
        await answer.write(bytes(1_000_000))
        await asyncio.sleep(0)
    return answer


async def _half(request: web.Request, content: bytes) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Length": str(len(content))})
    await answer.prepare(request)
    await answer.write(content[: len(content) // 2])
    if request.transport is not None:
        request.transport.close()
    return answer


def seconds(audio: bytes) -> int:
    """Returns the length as Twilio tells it: whole seconds."""
    return round(len(audio) / SAMPLE_RATE)
