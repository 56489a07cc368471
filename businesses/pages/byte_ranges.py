"""A stored file as an answer: whole, or the range that a player asks for (RFC 9110, 14). Safari needs ranges."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from typing import Final, Protocol

from asgiref.sync import sync_to_async
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

LARGEST_PART: Final = 8 * 1024 * 1024
"""Bytes of one answer that is held in memory. Players ask for the rest when they need it."""
_RANGE = re.compile(r"bytes=(\d{0,12})-(\d{0,12})")


class Bytes(Protocol):
    """Something of a known size that can be read in parts."""

    @property
    def size(self) -> int:
        """In bytes."""

    def part(self, start: int, end: int) -> bytes:
        """Bytes `start` to `end` (exclusive)."""

    def parts(self) -> Iterator[bytes]:
        """Yields all of it in pieces."""


def answer(found: Bytes, wanted: str, content_type: str) -> HttpResponseBase:
    """Returns the whole or the part that the header `Range` wants."""
    response = _answer(found, wanted, content_type)
    response["Accept-Ranges"] = "bytes"
    return response


def _answer(found: Bytes, wanted: str, content_type: str) -> HttpResponseBase:
    asked = _RANGE.fullmatch(wanted.strip())
    if asked is None or not any(asked.groups()):  # no part, several parts, or another unit: the whole of it
        if found.size <= LARGEST_PART:
            return HttpResponse(found.part(0, found.size), content_type=content_type)
        length = {"Content-Length": str(found.size)}
        return StreamingHttpResponse(_stream(found), content_type=content_type, headers=length)
    first, last = asked.groups()
    start = int(first) if first else max(found.size - int(last), 0)
    end = min(int(last) + 1 if first and last else found.size, found.size, start + LARGEST_PART)
    if start >= end:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{found.size}"})
    part = HttpResponse(found.part(start, end), status=206, content_type=content_type)
    part["Content-Range"] = f"bytes {start}-{end - 1}/{found.size}"
    return part


async def _stream(found: Bytes) -> AsyncIterator[bytes]:
    parts = found.parts()
    while part := await sync_to_async(lambda: next(parts, b""), thread_sensitive=False)():
        yield part
