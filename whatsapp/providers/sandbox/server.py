"""A server in place of Meta's Cloud API, for tests, benchmarks and rehearsals of another installation.

    python -m whatsapp.providers.sandbox.server --port 8300 --webhook http://127.0.0.1:8000/whatsapp/webhooks/cloud/

It checks the token, logs every POST (`/figures` counts them), accepts, and reports the course of events in signed
webhooks. `FakeMeta.script` makes it fail in every way in which a network or Meta can fail. It holds messages of
templates (`--hold-share`, `--hold-s`), moves a template to another category, at once or announced, and reviews those
that were written:

    curl -d '{"to": "MARKETING", "in_s": 60}' http://127.0.0.1:8300/templates/appointment_reminder/category
    curl -d '{"status": "REJECTED", "why": "INVALID_FORMAT"}' http://127.0.0.1:8300/templates/my_template/review
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from aiohttp import web

from whatsapp.providers.sandbox import graph_media, notices
from whatsapp.providers.sandbox.graph_answers import refusal
from whatsapp.providers.sandbox.notices import Happening
from whatsapp.providers.sandbox.script import Action, Reaction, Script, accept_all, hold_some
from whatsapp.providers.sandbox.shelf import Shelf
from whatsapp.providers.sandbox.wa_ids import wa_id_of
from whatsapp.providers.sandbox.written_templates import WrittenTemplates

FLUSH_EVERY_S = 0.1
LARGEST_WEBHOOK = 1_000


@dataclass(frozen=True, slots=True)
class Post:
    """One POST of a message, as it was logged. `at`: monotonic seconds."""

    at: float
    address: str
    tracker: str
    accepted: bool


@dataclass
class FakeMeta(WrittenTemplates):
    """The server. `script(address, nth POST to it)` decides what happens to each message."""

    app_secret: str = "an-app-secret"  # noqa: S105 - of a server that exists only on this machine
    webhook_url: str = ""
    latency_s: float = 0.0
    script: Script = accept_all
    repeat: int = 1
    delivered_after_s: float | None = 0.05
    seed: int = 0
    wa_ids: dict[str, str] = field(default_factory=dict)
    """By the number written to, the one (in digits) by which WhatsApp knows the person; else as in `wa_ids.py`."""
    user_ids: dict[str, str] = field(default_factory=dict)
    """By the number written to, the person's business-scoped user id; who has none here is known by the number only."""
    posts: list[Post] = field(default_factory=list)
    texts: list[dict[str, Any]] = field(default_factory=list)
    to_report: list[Happening] = field(default_factory=list)
    held: list[Happening] = field(default_factory=list)
    """What will happen to messages that are held, once `clock` has come so far."""
    shelf: Shelf = field(default_factory=Shelf)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    _nth: dict[str, int] = field(default_factory=dict)
    _serial: int = 0

    def app(self) -> web.Application:
        """Returns the aiohttp application."""
        app = web.Application(client_max_size=10_000_000)
        app.add_routes(
            [
                web.post("/{version}/{number_id}/messages", self._accept),
                web.get("/figures", self._figures),
                web.post("/templates/{name}/category", self._move_template),
                web.post("/templates/{name}/review", self._review),
                web.get("/{version}/{account_id}/message_templates", self._templates),
                web.post("/{version}/{account_id}/message_templates", self._create),
                web.delete("/{version}/{account_id}/message_templates", self._delete),
                web.post("/{version}/{template_id}", self._edit),
                web.get("/{version}/{account_id}/phone_numbers", self._numbers),
                web.post("/{version}/{account_id}/subscribed_apps", self._subscribe),
                web.get("/{version}/{number_id}", self._object),
                web.get("/lookaside/{media_id}", self._file),
            ]
        )
        app.cleanup_ctx.append(self._reporting)
        return app

    @property
    def accepted(self) -> list[Post]:
        """Returns the POSTs that were accepted, whether or not the sender got the answer."""
        return [post for post in self.posts if post.accepted]

    async def _accept(self, request: web.Request) -> web.StreamResponse:
        at = time.monotonic()
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return refusal(401, 190, "Invalid OAuth access token")
        message = json.loads(await request.read())
        if message["type"] == "text":
            self.texts.append(message)
            to = message.get("to") or message["recipient"]
            return _accepted(self._contact(to), self._new_id(to))
        address = message.get("to") or message["recipient"]
        nth = self._nth[address] = self._nth.get(address, 0) + 1
        action = self.script(address, nth)
        tracker = message["biz_opaque_callback_data"]
        self.posts.append(Post(at, address, tracker, action.accepts))
        message_id = self._new_id(address)
        if action.accepts:
            self._report_later(address, message_id, tracker, action)
        await asyncio.sleep(action.latency_s if action.latency_s is not None else self.latency_s)
        return _react(request, action, self._contact(address), message_id)

    def _contact(self, address: str) -> dict[str, str]:
        """Returns what an answer says about the person who was written to."""
        wa_id, user_id = self.wa_ids.get(address) or wa_id_of(address), self.user_ids.get(address, "")
        named = {"wa_id": wa_id, "user_id": user_id}
        return {"input": address, **{name: value for name, value in named.items() if value}}

    def _new_id(self, address: str) -> str:
        self._serial += 1
        return f"wamid.{self._serial}.{address.lstrip('+')}"

    def _report_later(self, address: str, message_id: str, tracker: str, action: Action) -> None:
        if self.delivered_after_s is None or action.silent:
            return
        leaves_at = self.clock() + timedelta(seconds=action.held_s)
        steps = ("sent", "failed") if action.fails_later else ("sent", "delivered")
        for index, what in enumerate(steps):
            at = leaves_at + timedelta(seconds=self.delivered_after_s * index)
            step = Happening(address, message_id, tracker, what, at, action.fails_later)
            known_as = replace(step, wa_id=self.wa_ids.get(address, ""), user_id=self.user_ids.get(address, ""))
            (self.held if action.held_s else self.to_report).append(known_as)

    def release(self) -> None:
        """Let the held messages leave whose time has come."""
        now = self.clock()
        self.to_report += [happening for happening in self.held if happening.at <= now]
        self.held = [happening for happening in self.held if happening.at > now]

    async def _reporting(self, _app: web.Application) -> Any:
        task = asyncio.create_task(self._report())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def _report(self) -> None:
        """Post what has happened, retrying until it is taken, shuffled and repeated if the options say so."""
        chance = random.Random(self.seed)  # noqa: S311 - used only for shuffling
        async with aiohttp.ClientSession() as http:
            while True:
                await asyncio.sleep(FLUSH_EVERY_S)
                self.release()
                if self.webhook_url:
                    await self._post_changes(http)
                due, self.to_report = self.to_report[:LARGEST_WEBHOOK], self.to_report[LARGEST_WEBHOOK:]
                if not due or not self.webhook_url:
                    self.to_report = due + self.to_report
                    continue
                batch = due * self.repeat
                chance.shuffle(batch)
                if not await self._post(http, notices.notice("1055", "2077", batch)):
                    self.to_report = due + self.to_report

    async def _post_changes(self, http: aiohttp.ClientSession) -> None:
        for change in self.templates.take_due(self.clock()):
            if not await self._post(http, notices.envelope("2077", change.field, change.value)):
                self.templates.changes.append(change)

    async def _post(self, http: aiohttp.ClientSession, news: dict[str, Any]) -> bool:
        body = json.dumps(news).encode()
        headers = {"X-Hub-Signature-256": notices.signature(body, self.app_secret), "Content-Type": "application/json"}
        try:
            async with http.post(self.webhook_url, data=body, headers=headers) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _figures(self, _request: web.Request) -> web.Response:
        """Respond with the number of messages, their duration, and the people who got more than one."""
        moments = [post.at for post in self.posts]
        people = {post.address for post in self.accepted}
        return web.json_response(
            {
                "posts": len(moments),
                "seconds": round(max(moments, default=0.0) - min(moments, default=0.0), 3),
                "accepted_twice": len(self.accepted) - len(people),
            }
        )

    async def _templates(self, _request: web.Request) -> web.Response:
        listed = self.templates.listed(self.clock())
        return web.json_response({"data": listed, "paging": {"cursors": {"after": "end"}}})

    async def _move_template(self, request: web.Request) -> web.Response:
        """Move a template to another category: `to`, and the seconds from now (`in_s`) if it is announced."""
        asked, name = await request.json(), request.match_info["name"]
        moved = self.templates.move(name, asked["to"], now=self.clock(), in_s=float(asked.get("in_s", 0)))
        return web.json_response({"moved": moved}, status=200 if moved else 404)

    async def _object(self, request: web.Request) -> web.Response:
        is_file = request.match_info["number_id"] in self.shelf.files
        return graph_media.told(self.shelf, request, self.token) if is_file else await self._number(request)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        return await graph_media.sent(self.shelf, request, self.token)


def _react(request: web.Request, action: Action, contact: dict[str, str], message_id: str) -> web.StreamResponse:
    match action.reaction:
        case Reaction.ANSWER if action.error_code:
            return refusal(action.http_status, action.error_code, "Refused by the script")
        case Reaction.ANSWER:
            return _accepted(contact, message_id, held=action.held)
        case Reaction.SERVER_ERROR:
            return web.Response(status=500, text="<html>Sorry, something went wrong.</html>")
        case Reaction.RESET:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        case Reaction.GARBAGE:
            return web.Response(status=200, text="OK")


def _accepted(contact: dict[str, str], message_id: str, *, held: bool = False) -> web.Response:
    status = "held_for_quality_assessment" if held else "accepted"
    return web.json_response(
        {
            "messaging_product": "whatsapp",
            "contacts": [contact],
            "messages": [{"id": message_id, "message_status": status}],
        }
    )


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8300)
    parser.add_argument("--webhook", default="", help="where to report")
    parser.add_argument("--latency-ms", type=float, default=50)
    parser.add_argument("--token", default="a-token")
    parser.add_argument("--app-secret", default="an-app-secret")
    parser.add_argument("--hold-share", type=float, default=0.0, help="of messages that are held before they are sent")
    parser.add_argument("--hold-s", type=float, default=60.0, help="how long at most")
    given = parser.parse_args()
    meta = FakeMeta(
        token=given.token,
        app_secret=given.app_secret,
        webhook_url=given.webhook,
        latency_s=given.latency_ms / 1000,
    )
    if given.hold_share:
        meta.script = hold_some(given.hold_share, given.hold_s)
    web.run_app(meta.app(), host="127.0.0.1", port=given.port, access_log=None)


if __name__ == "__main__":
    main()
