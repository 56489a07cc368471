"""A stand-in for Twilio: what an account has, the messages that it takes, and those that it posts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from twilio.request_validator import RequestValidator

from testing.thread_server import in_a_thread
from whatsapp.providers.sandbox.shelf import Shelf, Trouble


@dataclass(frozen=True)
class TwilioAccount:
    """An account: its token, its WhatsApp senders, the numbers that it has bought, its messaging services.

    `voice_urls`: what is set for calls of a number, by Twilio's names (`voice_url`, `voice_fallback_url`).
    """

    token: str
    senders: frozenset[str] = frozenset()
    bought: frozenset[str] = frozenset()
    voice_urls: dict[str, dict[str, str]] = field(default_factory=dict)
    services: frozenset[str] = frozenset()


@dataclass
class FakeTwilio:
    """The server. `accounts` by SID.

    `calls` are the forms of calls that were asked for; `on_call` says what happens instead of a call being made: the
    status and code of an error, or 0 and 0 for a call that is made while its answer gets lost. `during_call` runs
    before the answer. `sent` are the forms of messages that were accepted; `known_as` says what Twilio calls a person,
    by the address written to, where that is not the address itself.
    """

    accounts: dict[str, TwilioAccount] = field(default_factory=dict)
    url: str = ""
    per_page: int = 2
    sent: list[dict[str, str]] = field(default_factory=list)
    calls: list[dict[str, str]] = field(default_factory=list)
    on_call: tuple[int, int] | None = None
    during_call: Callable[[dict[str, str]], None] | None = None
    known_as: dict[str, str] = field(default_factory=dict)
    shelf: Shelf = field(default_factory=Shelf)

    def app(self) -> web.Application:
        """Returns the aiohttp application."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/2010-04-01/Accounts/{sid}.json", self._account),
                web.post("/2010-04-01/Accounts/{sid}/Messages.json", self._accept),
                web.post("/2010-04-01/Accounts/{sid}/Calls.json", self._call),
                web.get("/2010-04-01/Accounts/{sid}/Messages/{message}/Media/{media}", self._media),
                web.get("/files/{media}", self._file),
                web.get("/2010-04-01/Accounts/{sid}/IncomingPhoneNumbers.json", self._bought),
                web.post("/2010-04-01/Accounts/{sid}/IncomingPhoneNumbers/{number}.json", self._set_number),
                web.get("/v2/Channels/Senders", self._senders),
                web.get("/v1/Services/{service}", self._service),
            ]
        )
        return app

    def _signed_in(self, request: web.Request) -> tuple[str, TwilioAccount] | None:
        try:
            login = aiohttp.BasicAuth.decode(request.headers.get("Authorization", ""))
        except ValueError:
            return None
        account = self.accounts.get(login.login)
        known = account and account.token == login.password
        in_path = request.match_info.get("sid", login.login)
        return (login.login, account) if account and known and in_path == login.login else None

    async def _account(self, request: web.Request) -> web.Response:
        found = self._signed_in(request)
        return web.json_response({"sid": found[0], "status": "active"}) if found else _error(401, 20003, "Authenticate")

    async def _media(self, request: web.Request) -> web.StreamResponse:
        """Lead to a file of a message, as Twilio's API does, which may lag behind its webhooks."""
        self.shelf.note(request)
        media = request.match_info["media"]
        if not self._signed_in(request):
            return _error(401, 20003, "Authenticate")
        if (
            media not in self.shelf.files
            or self.shelf.trouble_with(media, at=frozenset({Trouble.GONE})) is Trouble.GONE
        ):
            return _error(404, 20404, "The requested resource was not found")
        moved = self.shelf.trouble_with(media, at=frozenset({Trouble.ELSEWHERE})) is Trouble.ELSEWHERE
        there = self.shelf.elsewhere if moved else f"{self.url}/files/{media}?Signature=1"
        return web.Response(status=307, headers={"Location": there})

    async def _file(self, request: web.Request) -> web.StreamResponse:
        """Send a file. Like Amazon's servers, it refuses whoever also sends credentials."""
        self.shelf.note(request)
        if "Authorization" in request.headers:
            return web.Response(status=400, text="<Error><Code>InvalidArgument</Code></Error>")
        return await self.shelf.send(request, request.match_info["media"])

    async def _bought(self, request: web.Request) -> web.Response:
        found = self._signed_in(request)
        if not found:
            return _error(401, 20003, "Authenticate")
        wanted = request.query.get("PhoneNumber", "")
        numbers = [self._number(found[1], number) for number in found[1].bought if number == wanted]
        return web.json_response({"incoming_phone_numbers": numbers})

    def _number(self, account: TwilioAccount, number: str) -> dict[str, str]:
        return {"sid": f"PN{number[1:]}", "phone_number": number} | account.voice_urls.get(number, {})

    async def _set_number(self, request: web.Request) -> web.Response:
        found = self._signed_in(request)
        if not found:
            return _error(401, 20003, "Authenticate")
        number, form = f"+{request.match_info['number'].removeprefix('PN')}", await request.post()
        names = {"VoiceFallbackUrl": "voice_fallback_url", "VoiceFallbackMethod": "voice_fallback_method"}
        found[1].voice_urls.setdefault(number, {}).update({names[name]: str(value) for name, value in form.items()})
        return web.json_response(self._number(found[1], number))

    async def _accept(self, request: web.Request) -> web.Response:
        if not self._signed_in(request):
            return _error(401, 20003, "Authenticate")
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.sent.append(form)
        to = form["To"].removeprefix("whatsapp:")
        known = f"whatsapp:{self.known_as.get(to, to)}"
        return web.json_response({"sid": f"SM{len(self.sent)}", "status": "queued", "to": known}, status=201)

    async def _call(self, request: web.Request) -> web.StreamResponse:
        if not self._signed_in(request):
            return _error(401, 20003, "Authenticate")
        posted = await request.post()
        form = {name: " ".join(map(str, posted.getall(name))) for name in posted}
        if self.on_call and self.on_call[0]:
            return _error(*self.on_call, "refused")
        self.calls.append(form)
        if self.during_call:
            await asyncio.to_thread(self.during_call, form)
        if self.on_call:
            assert request.transport
            request.transport.abort()
        return web.json_response({"sid": f"CA{len(self.calls):032}", "status": "queued", "to": form["To"]}, status=201)

    async def _senders(self, request: web.Request) -> web.Response:
        found = self._signed_in(request)
        if not found:
            return _error(401, 20003, "Authenticate")
        page = int(request.query.get("Page", "0"))
        numbers = sorted(found[1].senders)
        shown = numbers[page * self.per_page : (page + 1) * self.per_page]
        more = len(numbers) > (page + 1) * self.per_page
        following = f"{self.url}/v2/Channels/Senders?Channel=whatsapp&Page={page + 1}" if more else None
        senders = [{"sid": f"XE{number}", "sender_id": f"whatsapp:{number}", "status": "ONLINE"} for number in shown]
        return web.json_response({"senders": senders, "meta": {"next_page_url": following}})

    async def _service(self, request: web.Request) -> web.Response:
        found, wanted = self._signed_in(request), request.match_info["service"]
        if not found:
            return _error(401, 20003, "Authenticate")
        known = wanted in found[1].services
        return (
            web.json_response({"sid": wanted}) if known else _error(404, 20404, "The requested resource was not found")
        )


@contextmanager
def threaded_twilio() -> Iterator[FakeTwilio]:
    """Serve for the duration of the block."""
    twilio = FakeTwilio()
    with in_a_thread(twilio.app()) as address:
        twilio.url = address
        yield twilio


def _error(status: int, code: int, message: str) -> web.Response:
    return web.json_response({"code": code, "message": message, "status": status}, status=status)


def message_form(sid: str, body: str, *, who: str, to: str, account_sid: str, **more: str) -> dict[str, str]:
    """Returns the form that Twilio posts when somebody writes to a WhatsApp number.

    `more`: what else there is, as `OptOutType` (STOP, START, HELP), `ButtonText`, or another `MessageType`.
    """
    form = {"MessageSid": sid, "AccountSid": account_sid, "From": f"whatsapp:{who}", "To": f"whatsapp:{to}"}
    return form | {"Body": body, "MessageType": "text", "ProfileName": ""} | more


def signature(url: str, form: Mapping[str, str], token: str) -> str:
    """Returns the value of `X-Twilio-Signature` for a form that is posted to this address."""
    return str(RequestValidator(token).compute_signature(url, dict(form)))
