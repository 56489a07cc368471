"""Files of messages at the stand-ins for Meta and Twilio, with everything that is known to go wrong with them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from aiohttp import web

ERROR_PAGE: Final = (
    b"<!DOCTYPE html><html><head><title>Error</title></head><body>Sorry, something went wrong</body></html>"
)
ENDLESS: Final = 400
"""Pieces of 1 MB that an endless file has at most, if nobody hangs up."""
_MB: Final = bytes(1_000_000)


class Trouble(Enum):
    """What happens instead of the file."""

    NONE = "none"
    GONE = "gone"  # the id is not known any more
    EXPIRED = "expired"  # the id is, but the address that it gave is not good any more
    FORBIDDEN = "forbidden"
    BUSY = "busy"  # too many requests
    WRONG_SHA = "wrong_sha"
    SLOW = "slow"  # a byte, and then nothing for long
    ENDLESS = "endless"  # no Content-Length, and no end
    ERROR_PAGE = "error_page"  # 200, and a page of HTML
    BROKEN_OFF = "broken_off"  # the connection ends in the middle
    ELSEWHERE = "elsewhere"  # the address is another's
    MOVED = "moved"  # the file server redirects to another's


@dataclass(frozen=True, slots=True)
class ShelvedFile:
    """A file. `times`: how many requests go wrong before it can be had; None: all."""

    content: bytes
    content_type: str
    trouble: Trouble = Trouble.NONE
    times: int | None = None


@dataclass
class Shelf:
    """The files, by the provider's id. `asked`: the path and `Authorization` of every request."""

    files: dict[str, ShelvedFile] = field(default_factory=dict)
    elsewhere: str = "http://elsewhere.invalid/"
    stall_s: float = 30.0
    asked: list[tuple[str, str]] = field(default_factory=list)
    _wrongs: dict[str, int] = field(default_factory=dict)

    def put(self, key: str, content: bytes, content_type: str, trouble: Trouble = Trouble.NONE, **more: int) -> None:
        """Put a file on the shelf."""
        self.files[key] = ShelvedFile(content, content_type, trouble, **more)

    def note(self, request: web.Request) -> None:
        """Remember a request."""
        self.asked.append((request.path, request.headers.get("Authorization", "")))

    def trouble_with(self, key: str, *, at: frozenset[Trouble]) -> Trouble:
        """Returns which of these troubles this request has."""
        file = self.files[key]
        wrong = self._wrongs.get(key, 0)
        if file.trouble not in at or (file.times is not None and wrong >= file.times):
            return Trouble.NONE
        self._wrongs[key] = wrong + 1
        return file.trouble

    def has_trouble(self, key: str, trouble: Trouble) -> bool:
        """Returns whether this request has this trouble."""
        return self.trouble_with(key, at=frozenset({trouble})) is trouble

    def told(self, key: str, url: str) -> Mapping[str, object]:
        """Returns what Meta answers about an id: an address, and what is there."""
        file, moved = self.files[key], self.trouble_with(key, at=frozenset({Trouble.ELSEWHERE, Trouble.WRONG_SHA}))
        is_wrong = moved is Trouble.WRONG_SHA
        return {
            "messaging_product": "whatsapp",
            "url": self.elsewhere if moved is Trouble.ELSEWHERE else url,
            "mime_type": file.content_type,
            "sha256": hashlib.sha256(b"another" if is_wrong else file.content).hexdigest(),
            **({} if file.trouble is Trouble.ENDLESS else {"file_size": len(file.content)}),
            "id": key,
        }

    async def send(self, request: web.Request, key: str) -> web.StreamResponse:
        """Send a file, as a file server does."""
        file = self.files[key]
        trouble = self.trouble_with(key, at=_OF_FILES)
        instead = {Trouble.SLOW: self._slowly, Trouble.ENDLESS: _endlessly, Trouble.BROKEN_OFF: _half}
        if trouble in instead:
            return await instead[trouble](request, file)
        answers = {
            Trouble.EXPIRED: web.Response(status=404, text="URL signature expired"),
            Trouble.ERROR_PAGE: web.Response(body=ERROR_PAGE, content_type="text/html"),
            Trouble.MOVED: web.Response(status=302, headers={"Location": self.elsewhere}),
        }
        return answers.get(trouble) or web.Response(body=file.content, content_type=file.content_type)

    async def _slowly(self, request: web.Request, file: ShelvedFile) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": str(len(file.content))})
        await answer.prepare(request)
        await answer.write(file.content[:1])
        await asyncio.sleep(self.stall_s)
        return answer


_OF_FILES = frozenset(
    {
        Trouble.EXPIRED,
        Trouble.ERROR_PAGE,
        Trouble.MOVED,
        Trouble.SLOW,
        Trouble.ENDLESS,
        Trouble.BROKEN_OFF,
    }
)


async def _endlessly(request: web.Request, file: ShelvedFile) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": file.content_type})
    answer.enable_chunked_encoding()
    await answer.prepare(request)
    await answer.write(file.content)
    for _piece in range(ENDLESS):
        await answer.write(_MB)
    return answer


async def _half(request: web.Request, file: ShelvedFile) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Length": str(len(file.content))})
    await answer.prepare(request)
    await answer.write(file.content[: len(file.content) // 2])
    if request.transport is not None:
        request.transport.close()
    return answer
