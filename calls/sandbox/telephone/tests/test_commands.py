"""`manage.py sandbox` and `manage.py call`, as people and `make run` start them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from calls.tests.conftest import make_business
from testing.databases import ROOT, empty_database, manage
from testing.servers import StartDaphne

pytestmark = pytest.mark.once

QUESTION = ROOT / "tests" / "audio" / "one-moment-please.wav"
PARENT = "import subprocess, sys; subprocess.run([sys.executable, 'manage.py', 'sandbox', '--port', '0'])"


@contextmanager
def sandbox(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command in a process of its own, and the address that it prints."""
    with running("manage.py", "sandbox", "--port", "0", *arguments) as process:
        yield process, address(process)


@contextmanager
def running(*command: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()


def address(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    line = process.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+/v1", line)
    assert found, line
    return found.group()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_sandbox_ends_when_told_to(number: signal.Signals) -> None:
    with sandbox() as (process, _):
        process.send_signal(number)
        assert process.wait(20) == 0  # a model that is being loaded on a busy machine is waited for


def test_the_sandbox_ends_with_its_parent() -> None:
    with running("-c", PARENT) as parent:
        address(parent)
        os.kill(parent.pid, signal.SIGKILL)
        assert parent.stdout
        assert parent.stdout.read() == "", "its output ends when it does"


def test_the_sandbox_refuses_a_scenario_with_a_mistake(tmp_path: Path) -> None:
    file = tmp_path / "scenario.json"
    file.write_text('{"faults": [{"kind": "explode"}]}')
    with pytest.raises(CommandError, match="explode"):
        call_command("sandbox", scenario=file)


def test_the_sandbox_says_that_its_port_is_taken() -> None:
    with sandbox() as (_, url):
        port = int(url.split(":")[2].split("/")[0])
        with pytest.raises(CommandError, match=f"Port {port} can't be used"):
            call_command("sandbox", port=port)


def test_a_call_from_greeting_to_interrupted_answer(daphne: StartDaphne, tmp_path: Path) -> None:
    with sandbox() as (_, url):
        server = daphne(OPENAI_BASE_URL=url, OPENAI_REALTIME_URL=url.replace("http", "ws"), TWILIO_AUTH_TOKEN="secret")
        server.manage(
            *("create_business", "acme", "--name", "Acme", "--phone", "+15005550006"),
            *("--language", "en", "--greeting", "Hello."),
        )
        recording = tmp_path / "heard.wav"
        call = ("call", "acme", "--url", server.url, "--wav", str(QUESTION), "--interrupt", "--out", str(recording))
        figures = json.loads(server.manage(*call, "--json"))
        replayed = server.manage("replay_call", figures["call_id"])
    assert figures["greeting"], server.log
    assert len(figures["said"]) == 2
    assert len(figures["answers"]) == 2
    assert "[BARGE-IN] commit" in replayed
    (barge_in,) = figures["barge_ins"]
    assert barge_in["silence"] - barge_in["voice"] < 0.5
    with wave.open(str(recording)) as file:
        assert file.getnframes() == pytest.approx(figures["seconds"] * 8000, abs=400)


def test_a_call_whose_caller_hears_nothing_is_an_error(daphne: StartDaphne, tmp_path: Path) -> None:
    server = daphne(OPENAI_REALTIME_URL="ws://127.0.0.1:9/v1", OPENAI_BASE_URL="http://127.0.0.1:9/v1")
    server.manage("create_business", "acme", "--name", "Acme", "--phone", "+15005550006", "--language", "en")
    with pytest.raises(RuntimeError, match="The caller heard nothing"):
        server.manage("call", "acme", "--url", server.url, "--wav", str(QUESTION), "--out", str(tmp_path / "out.wav"))


def test_a_call_in_which_keys_are_pressed_and_nothing_is_said(daphne: StartDaphne, tmp_path: Path) -> None:
    with sandbox() as (_, url):
        server = daphne(OPENAI_BASE_URL=url, OPENAI_REALTIME_URL=url.replace("http", "ws"))
        server.manage(
            *("create_business", "acme", "--name", "Acme", "--phone", "+15005550006"),
            *("--language", "en", "--greeting", "Hello."),
        )
        call = ("call", "acme", "--url", server.url, "--keys", "1#", "--out", str(tmp_path / "out.wav"))
        figures = json.loads(server.manage(*call, "--json"))
        told = server.manage("replay_call", figures["call_id"])
    assert (figures["pressed"], figures["said"]) == (["1#"], [])
    assert len(figures["heard"]) == 2, "the greeting, and an answer to the keys"
    assert "[KEYS] pressed by the caller: 2" in told


@pytest.mark.parametrize(
    ("option", "told", "refusal"),
    [
        ("--keys", "1a", "'1a' can't be pressed: give 1 to 20 keys out of 0 to 9, * and #"),
        ("--keys", "", "'' can't be pressed"),
        ("--keys", "1" * 21, "can't be pressed"),
        ("--called-presses", "12", "'12' is not one key"),
        ("--called-presses", "x", "'x' can't be pressed"),
        ("--called", "sleeps", "invalid choice: 'sleeps'"),
    ],
)
def test_keys_that_no_telephone_has_are_refused(option: str, told: str, refusal: str) -> None:
    with pytest.raises(CommandError, match=re.escape(refusal)):
        call_command("call", "acme", option, told)


@pytest.mark.django_db
def test_a_call_needs_a_business_with_a_number() -> None:
    with pytest.raises(CommandError, match="create_business nobody"):
        call_command("call", "nobody")


@pytest.mark.django_db
def test_a_call_to_a_server_that_is_not_there_says_how_to_start_it(tmp_path: Path) -> None:
    business = make_business()
    business.phone_numbers.create(number="+15005550006")
    with pytest.raises(CommandError, match=r"No server answers at http://127\.0\.0\.1:9\. Start it with: make run"):
        call_command("call", business.slug, url="http://127.0.0.1:9", wav=QUESTION)
    with pytest.raises(CommandError, match=r"none\.wav can't be read: No such file or directory\.$"):
        call_command("call", business.slug, wav=tmp_path / "none.wav")


def test_a_call_before_the_first_start_says_how_to_start(tmp_path: Path) -> None:
    with empty_database(tmp_path) as url, pytest.raises(RuntimeError, match="Start with: make run"):
        manage("call", "demo", environment={**os.environ, "DATABASE_URL": url})
