"""A server of ICS files, and a barber whose calendars are joined with others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from businesses.calendar.tests.conftest import Shop, make_shop
from testing.thread_server import in_a_thread


@dataclass
class Elsewhere:
    """Another program's server: it gives its file away, notes who asks for what, and fails as it is told."""

    url: str = ""
    file: bytes = b""
    etag: str = ""
    status: int = 200
    asked: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        known = request.headers.get("If-None-Match", "")
        self.asked.append(known)
        if self.status == 200 and self.etag and known == self.etag:
            return web.Response(status=304)
        headers = {"ETag": self.etag} if self.etag else {}
        return web.Response(status=self.status, body=self.file, headers=headers, content_type="text/calendar")


@pytest.fixture
def elsewhere(settings: Any) -> Iterator[Elsewhere]:
    settings.DEBUG, settings.PRIVATE_HOSTS = True, ["localhost"]
    made = Elsewhere()
    app = web.Application()
    app.router.add_get("/{path:.*}", made.answer)
    with in_a_thread(app) as url:
        made.url = f"http://localhost:{urlsplit(url).port}/secret-7c1/basic.ics"
        yield made


@pytest.fixture
def shop(db: None) -> Shop:
    return make_shop()
