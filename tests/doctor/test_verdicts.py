"""What answers mean: each is judged without asking anybody."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from businesses.doctor.verdicts import State, Verdict
from businesses.doctor.web import Answer, no_answer, not_ours
from businesses.heartbeats import Part
from calls.doctor import models, numbers, webhooks
from calls.telephone.securing import Secured
from frontdesk import disk
from frontdesk.doctor import address, configuration, mail_server, parts, stores
from testing.databases import ROOT
from whatsapp.doctor.numbers import echoed

pytestmark = pytest.mark.pure

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY_S = 86_400
TWIML = b"<?xml version='1.0'?><Response><Hangup/></Response>"
READY = b'{"ready": true, "problems": []}'
BUSY = b'{"ready": false, "problems": ["all lines of this process are busy"]}'


@pytest.mark.parametrize(
    "well",
    [
        configuration.mode(debug=False),
        configuration.secrets([]),
        configuration.readers(Path(".env"), 0o100640),
        configuration.person(1000, 1000),
        configuration.static_files(collected=True),
        stores.pending([]),
        stores.folder(""),
        stores.room(5_000_000_000),
        parts.beats(Part.BEAT, NOW - timedelta(seconds=59), NOW, has_redis=True),
        address.alive(Answer(200, b'{"alive": true}')),
        address.ready(Answer(200, READY)),
        address.days_left(15 * DAY_S, 0),
        webhooks.signed(Answer(200, TWIML)),
        webhooks.forged(Answer(403)),
        webhooks.handshake(101, ""),
        webhooks.handshake(403, "Access denied"),
        models.judged("", [], models=["gpt-realtime-2.1"]),
        numbers.state("active"),
        numbers.as_set(Secured("+1", "acme")),
        echoed(Answer(200, b"abc"), "abc"),
    ],
)
def test_what_is_well(well: Verdict) -> None:
    assert well.state is State.OK
    assert (well.says[-1], well.mend) == (".", "")


@pytest.mark.parametrize(
    ("ill", "mend"),
    [
        (configuration.mode(debug=True), "DEBUG=0"),
        (configuration.secrets(["SECRET_KEY has fewer."]), ".env"),
        (configuration.readers(Path(".env"), 0o100644), "chmod 600"),
        (configuration.person(0, 1000), "runuser"),
        (configuration.static_files(collected=False), "collectstatic"),
        (stores.pending(["calls.0001_initial"]), "manage.py migrate"),
        (stores.folder("files can't be written to MEDIA_ROOT: Permission denied"), "chown"),
        (stores.room(4_999_999_999), "Make room"),
        (stores.database_away(OSError("gone"), vendor="postgresql"), "DATABASE_URL"),
        (stores.database_away(OSError("gone"), vendor="sqlite"), "SQLite file"),
        (parts.beats(Part.BEAT, NOW - timedelta(seconds=61), NOW, has_redis=True), "restart frontdesk-beat"),
        (parts.beats(Part.WORKER, None, NOW, has_redis=True), "enable --now frontdesk-worker"),
        (parts.beats(Part.WORKER, None, NOW, has_redis=False), "frontdesk-web"),
        (address.alive(Answer(200, b"<h1>Welcome to nginx!</h1>")), "pass this name on"),
        (address.alive(Answer(502)), "does not reach a web process"),
        (address.ready(Answer(503, BUSY)), "operations.md"),
        (address.ready(Answer(503, b"")), "does not reach a web process"),
        (address.days_left(14 * DAY_S - 1, 0), "certbot renew"),
        (webhooks.signed(Answer(403)), "PUBLIC_URL and TWILIO_AUTH_TOKEN"),
        (webhooks.signed(Answer(301)), "X-Forwarded-Proto"),
        (webhooks.signed(Answer(200, b"hello")), "pass /calls/ on"),
        (webhooks.forged(Answer(200, TWIML)), "TWILIO_AUTH_TOKEN"),
        (webhooks.handshake(404, "Not Found"), "Upgrade"),
        (webhooks.handshake(403, "Forbidden"), "Upgrade"),
        (webhooks.handshake(502, "Bad Gateway"), "does not reach a web process"),
        (models.judged("", ["OpenAI has no model.", "Nor another."], models=[]), "Nor another"),
        (models.judged("unreachable", ["Nobody answers."], models=[]), "port 443"),
        (numbers.state("suspended"), "console"),
        (numbers.as_set(Secured("+1", "acme", problem="Calls do not come here.")), "A call comes in"),
        (numbers.as_set(Secured("+1", "acme", changed=True)), "secure_numbers"),
        (echoed(Answer(403), "abc"), "restart"),
        (echoed(Answer(200, b"other"), "abc"), "/whatsapp/"),
        (mail_server.refused(smtplib.SMTPAuthenticationError(535, b"no")), "EMAIL_HOST_PASSWORD"),
        (mail_server.refused(smtplib.SMTPNotSupportedError("no")), "587"),
        (mail_server.refused(smtplib.SMTPServerDisconnected("no")), "465"),
        (mail_server.refused(smtplib.SMTPConnectError(554, b"no")), "this machine"),
        (no_answer(ssl.SSLError("wrong version"), "https://a.example"), "with ssl"),
        (no_answer(socket.gaierror("unknown"), "https://a.example"), "A record"),
        (no_answer(ConnectionRefusedError(), "https://a.example"), "Start the proxy"),
        (no_answer(TimeoutError(), "https://a.example"), "firewall"),
        (no_answer(ConnectionResetError(), "https://a.example"), "error log"),
        (not_ours(Answer(400)), "ALLOWED_HOSTS"),
        (not_ours(Answer(404)), "every path"),
        (not_ours(Answer(413)), "client_max_body_size"),
        (not_ours(Answer(500)), "logs"),
    ],
)
def test_what_is_wrong_and_how_it_is_mended(ill: Verdict, mend: str) -> None:
    assert ill.state is State.WRONG
    assert ill.says
    assert mend in ill.mend


def test_low_room_is_the_same_as_for_the_alert() -> None:
    (low,) = re.findall(r"frontdesk_disk_free_bytes\) < (\S+)", (ROOT / "deploy" / "alerts.yml").read_text())
    assert float(low) == disk.LOW_BYTES


def test_a_server_without_a_list_of_models_can_not_tell() -> None:
    assert models.judged("no_list", [], models=[]).state is State.NOT_TRIED
