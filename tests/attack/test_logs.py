"""What strangers send does not get into the log, and can't forge a line of it.

Defended: searched phone numbers, tokens of invitations and of forgotten passwords, Meta's verify token, mails; and the
log itself, which must stay one line for each record whatever is asked for.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen
from uuid import uuid4

import pytest
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from daphne.access import AccessLogGenerator
from django.core import mail
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from calls.line.routing import websocket_urlpatterns
from frontdesk import access_log, logs, no_mail
from frontdesk.log_lines import LONGEST_LINE, LONGEST_VALUE, Line, masked_path
from testing.check import PRODUCTION
from testing.servers import StartDaphne

SECRET = "Kq3-verySecret_0123456789abcdefghijklmnop"
PHONE = "972501234567"
FORGED = "2026-11-30 09:00:00,000 INFO frontdesk forged"

ASKED = (
    f"/b/acme/contacts/?q=%2B{PHONE}",
    f"/b/acme/contacts/%2B{PHONE}/",
    f"/whatsapp/webhooks/cloud/?hub.mode=subscribe&hub.verify_token={SECRET}&hub.challenge=1",
    f"/invitations/{SECRET}/",
    f"/invitations/{SECRET}/?next={SECRET}",
    f"/accounts/password/reset/key/2-{SECRET}/",
    f"/not-there/{SECRET}/",
    f"/not-there/%0a{FORGED.replace(' ', '%20')}/",
    f"/not-there/%0d%1b[2J%e2%80%a8{FORGED.replace(' ', '%20')}/",
    "/not-there/" + "x" * 5_000,
)


def test_a_running_process_logs_requests_without_what_is_secret_in_them(daphne: StartDaphne) -> None:
    secrets: dict[str, Any] = {
        name: value for name, value in PRODUCTION.items() if name not in {"DATABASE_URL", "REDIS_URL"}
    }
    server = daphne(**{**secrets, "PUBLIC_URL": "http://frontdesk.example"})
    for address in ASKED:
        try:
            urlopen(server.url + address).close()
        except HTTPError as error:
            error.close()
    socket = server.url.replace("http", "ws", 1)
    for address in (f"/nowhere/?token={SECRET}", f"/calls/twilio/media/{SECRET}/", "/%0aforged"):
        with pytest.raises(InvalidStatus, match="404"), connect(socket + address):
            pass
    log = server.log
    assert "GET /b/acme/contacts/" in log, "requests are logged"
    for secret in (SECRET, PHONE, "verify_token=K", "?q="):
        assert secret not in log
    assert "Traceback" not in log
    assert not [line for line in log.splitlines() if line.startswith(("2026-11-30 09:00", "forged"))]
    assert max(map(len, log.splitlines())) < LONGEST_LINE + 200


async def test_an_unknown_socket_is_refused_without_an_error_also_behind_another_server() -> None:
    for address in (f"/nowhere/?token={SECRET}", "/", "/calls/twilio/media/more/"):
        socket = WebsocketCommunicator(URLRouter(websocket_urlpatterns), address)
        assert (await socket.connect())[0] is False
        await socket.wait()


def test_every_address_with_a_secret_in_its_path_is_masked() -> None:
    found = {name for pattern in patterns(get_resolver().url_patterns) for name in pattern.regex.groupindex}
    ids = {name for name in found if name.endswith("_id")} | {"slug", "app_label", "path", "url", "id"}
    ids |= {"number", "rest", "when"}  # which number rings; the rest of an address of the API; open or closed
    assert found - ids == {"token", "key", "uidb36", "secret"}, "is a new one a secret? Then log_lines must mask it"
    for address in (
        reverse("join", kwargs={"token": "short-secret"}),
        reverse("account_reset_password_from_key", kwargs={"uidb36": "1", "key": "short-secret"}),
        reverse("account_confirm_email", kwargs={"key": "short-secret"}),
        *(
            reverse(f"calls:{name}", kwargs={"transfer_id": uuid4(), "number": 1, "secret": "short-secret"})
            for name in ("twilio-whisper", "twilio-key")
        ),
        *(
            reverse(f"calls:{name}", kwargs={"row_id": uuid4(), "secret": "short-secret"})
            for name in ("twilio-answered", "twilio-progress", "twilio-answerer")
        ),
        reverse("calls:dictation-sound", kwargs={"dictation_id": uuid4(), "secret": "short-secret"}),
    ):
        assert "short-secret" not in masked_path(address)


def patterns(among: list[URLPattern | URLResolver]) -> Iterator[Any]:
    for each in among:
        yield each.pattern
        if isinstance(each, URLResolver):
            yield from patterns(each.url_patterns)


@pytest.mark.parametrize(
    ("address", "logged"),
    [
        ("/b/acme/calls/0190f3a1-7c2b-7000-8000-0123456789ab/", None),
        ("/static/htmx.min.3f2a1b4c5d6e7f809182.js", None),
        ("/accounts/password/reset/key/done/", None),
        ("/admin/whatsapp/broadcastrecipientattempts/", None),
        (f"/x/{SECRET}", "/x/…"),
        ("/x/+972501234567/", "/x/+…/"),
        ("/x?a=1", "/x"),
        ("/a\r\nb", "/a\\r\\nb"),
    ],
)
def test_a_path_stays_readable(address: str, logged: str | None) -> None:
    assert masked_path(address) == (logged or address)


@pytest.mark.parametrize("protocol", ["http", "websocket"])
def test_daphnes_log_is_clean_however_daphne_was_started(protocol: str) -> None:
    access_log.install()
    access_log.install()
    stream = io.StringIO()  # --access-log FILE, or standard output with -v 1 and more
    action = "complete" if protocol == "http" else "connecting"
    details = {"client": "203.0.113.9:1", "method": "GET", "path": f"/x/?q={SECRET}", "status": 200, "size": 7}
    AccessLogGenerator(stream)(protocol, action, details)
    assert re.search(r'"(GET|WSCONNECTING) /x/" ', stream.getvalue())
    assert SECRET not in stream.getvalue()


def line(message: str, *values: object, name: str = "calls.line", error: BaseException | None = None) -> str:
    exc_info = (type(error), error, error.__traceback__) if error else None
    return Line(logs.FORMAT).format(logging.LogRecord(name, logging.INFO, "x.py", 1, message, values, exc_info))


def test_what_is_foreign_in_a_record_stays_within_its_line_and_is_cut() -> None:
    told = line("refused %s: %s", f"a\n{FORGED}\x1b[2J", "x" * 10_000)
    assert "\n" not in told
    assert "\x1b" not in told
    assert f"a\\n{FORGED}\\x1b[2J: {'x' * LONGEST_VALUE}… (10,000 characters)" in told
    assert len(line("%r", ["x" * 100_000])) < LONGEST_LINE + 100
    assert line("100%").endswith("100%"), "a text without values is no template"


def test_an_error_can_not_forge_a_line_and_tells_no_number() -> None:
    try:
        raise ValueError(f"Key (phone)=(+{PHONE})\n{FORGED}\nGET https://api.example/x?access_token={SECRET}&b=2")
    except ValueError as error:
        told = line("failed: %s", error, error=error)
    first, *rest = told.splitlines()
    assert "failed" in first
    assert rest
    assert all(each.startswith("    ") for each in rest)
    assert PHONE not in told
    assert SECRET not in told


def test_the_servers_own_tracebacks_stay_readable_and_indented() -> None:
    told = line(f"Traceback:\n  File x\n{FORGED}", name="daphne.http_protocol")
    assert told.splitlines()[1:] == ["      File x", f"    {FORGED}"]


@pytest.mark.parametrize("level", ["DEBUG", "INFO"])
def test_libraries_do_not_log_credentials_even_at_debug(level: str) -> None:
    loggers = logs.config(level=level)["loggers"]
    assert {loggers[name]["level"] for name in logs.TELLTALES} == {"INFO"}


def test_without_a_server_a_mail_goes_nowhere_and_not_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    message = mail.EmailMessage("Subject", f"https://x/invitations/{SECRET}/", to=["dana@acme.example"])
    assert no_mail.EmailBackend().send_messages([message]) == 0
    assert "EMAIL_HOST is not set: 1 mails were not sent" in caplog.text
    assert not re.search(f"{SECRET}|dana|Subject", caplog.text)
