"""A very small server in Frontdesk's place, for tests of the stand-in for Twilio."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import WSMsgType, web
from twilio.request_validator import RequestValidator

TOKEN = "twilio-auth-token"
Talk = Callable[[web.WebSocketResponse, dict[str, Any]], Awaitable[None]]
CONNECT = (
    '<Connect action="{url}/calls/twilio/after/"><Stream url="{ws}/media/" statusCallback="{url}/calls/twilio/status/">'
    '<Parameter name="token" value="t0"/></Stream></Connect>'
)


class LittleServer:
    """Answers webhooks with `answers` by path; talks on media streams as `talk` does, then closes them."""

    def __init__(self, talk: Talk, *, public_url: str = "", **answers: str) -> None:
        self.talk = talk
        self.answers = {"voice": CONNECT, "after": "<Hangup/>", **answers}
        self.posts: list[tuple[str, dict[str, str]]] = []
        self.messages: list[dict[str, Any]] = []
        self.bad_signatures: list[str] = []
        self.url = self.public_url = public_url

    def statuses(self) -> list[str]:
        """Returns what the status callbacks said, in order."""
        return [form.get("StreamEvent") or form["CallStatus"] for path, form in self.posts if path == "status"]

    async def webhook(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        form = {key: str(value) for key, value in (await request.post()).items()}
        self.posts.append((name, form))
        self.check(request, f"{self.public_url}{request.path}", form)
        answer = self.answers.get(name)
        if answer is None:
            return web.Response(status=204 if name == "status" else 404)
        verbs = answer.format(url=self.public_url, ws=self.public_url.replace("http", "ws", 1))
        return web.Response(text=f"<Response>{verbs}</Response>", content_type="text/xml")

    async def media(self, request: web.Request) -> web.WebSocketResponse:
        self.check(request, f"{self.public_url.replace('http', 'ws', 1)}{request.path}", {})
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        async for message in websocket:
            if message.type is WSMsgType.TEXT:
                event = json.loads(message.data)
                self.messages.append(event)
                await self.talk(websocket, event)
        return websocket

    def check(self, request: web.Request, url: str, form: dict[str, str]) -> None:
        if not RequestValidator(TOKEN).validate(url, form, request.headers.get("X-Twilio-Signature", "")):
            self.bad_signatures.append(url)


@asynccontextmanager
async def serving(server: LittleServer) -> AsyncIterator[LittleServer]:
    application = web.Application()
    application.router.add_post("/calls/twilio/{name}/", server.webhook)
    application.router.add_get("/media/", server.media)
    application.router.add_get("/healthz", _alive)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    server.public_url = server.public_url or server.url
    try:
        yield server
    finally:
        await runner.cleanup()


async def _alive(_request: web.Request) -> web.Response:
    return web.Response(text="ok")


async def play(websocket: web.WebSocketResponse, start: dict[str, Any], audio: bytes, mark: str) -> None:
    sid = start["streamSid"]
    payload = b64encode(audio).decode()
    await websocket.send_json({"event": "media", "streamSid": sid, "media": {"payload": payload}})
    await websocket.send_json({"event": "mark", "streamSid": sid, "mark": {"name": mark}})


async def clear(websocket: web.WebSocketResponse, event: dict[str, Any]) -> None:
    await websocket.send_json({"event": "clear", "streamSid": event["streamSid"]})
