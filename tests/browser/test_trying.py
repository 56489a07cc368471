"""Trying the assistant in a real Chromium: failures are explained, and interruptions take effect at once."""

from __future__ import annotations

import re
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from calls.sandbox.openai.scenario import Scenario
from calls.sandbox.receptionist.engine import Say
from testing import browser as tools
from testing.databases import ROOT, MigratedDatabase
from testing.servers import Daphne
from testing.stand_in import scripted
from testing.wire import Wire

pytestmark = pytest.mark.timeout(300)
AUDIO = ROOT / "tests" / "audio"
PATIENCE_MS = 60_000
AT_ONCE_S = 0.1
PLAIN_HTTP = "frontdesk.test"
LONG_ANSWER = "We are open from Sunday to Thursday, and on Friday until noon. " * 8  # some twenty seconds
DENIED = {"en": "Microphone access is blocked", "he": "הגישה למיקרופון חסומה"}
LOST = "The connection to the server was lost"


@pytest.fixture(scope="module")
def server(migrated_database: MigratedDatabase) -> Iterator[Daphne]:
    answers = Scenario(replies=((Say(LONG_ANSWER),),) * 50, speed=4.0)
    with (
        scripted(answers) as openai,
        tools.demo_server(migrated_database, ALLOWED_HOSTS=f"127.0.0.1,{PLAIN_HTTP}", **openai) as daphne,
    ):
        daphne.manage("create_business", "demo", "--greeting", "Hello.")
        yield daphne


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Its microphone repeats a greeting and, five seconds later, a sentence of five seconds."""
    caller = tmp_path_factory.mktemp("microphone") / "caller.wav"
    with wave.open(str(caller), "wb") as track:
        track.setnchannels(1)
        track.setsampwidth(2)
        track.setframerate(8000)
        for part in (3, "hello", 5, "not-in-service", 3):
            track.writeframes(bytes(part * 16_000) if isinstance(part, int) else recorded(AUDIO / f"{part}.wav"))
    with tools.chromium(
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={caller}",
        f"--host-resolver-rules=MAP {PLAIN_HTTP} 127.0.0.1",
    ) as browser:
        yield browser


def recorded(file: Path) -> bytes:
    with wave.open(str(file)) as track:
        frames: bytes = track.readframes(track.getnframes())
        return frames


def open_page(page: Page) -> None:
    tools.sign_in(page)
    page.goto(tools.PAGES["try-call"])


def press(page: Page, state: str) -> None:
    """Press the only button and wait for the state that follows."""
    page.click("#try form button:visible")
    expect(page.locator("#try")).to_have_attribute("data-state", state, timeout=PATIENCE_MS)


@pytest.mark.parametrize("language", tools.LANGUAGES)
def test_a_refused_microphone_is_said_and_may_be_allowed_later(
    server: Daphne, chromium: Browser, language: str
) -> None:
    with tools.context(chromium, server.url, language=language) as window:
        page = window.new_page()
        open_page(page)
        press(page, "idle")
        expect(page.get_by_role("alert")).to_contain_text(DENIED[language], timeout=PATIENCE_MS)
        window.grant_permissions(["microphone"])
        press(page, "talking")
        expect(page.locator("#try [data-note]:visible")).to_have_count(0)
        press(page, "ended")


def test_a_page_without_https_says_what_to_do(server: Daphne, chromium: Browser) -> None:
    url = f"http://{PLAIN_HTTP}:{urlsplit(server.url).port}"
    with tools.context(chromium, url, language="en") as window:
        page = window.new_page()
        open_page(page)
        page.click("#try form button:visible")
        expect(page.get_by_role("alert")).to_contain_text("Open this page at its https:// address")


@pytest.mark.parametrize("way", ["cut", "lose"])
def test_a_lost_connection_is_said_and_the_next_call_works(server: Daphne, chromium: Browser, way: str) -> None:
    wire = Wire(server.port)
    with tools.context(chromium, wire.url, language="en") as window:
        window.grant_permissions(["microphone"])
        page = window.new_page()
        open_page(page)
        press(page, "talking")
        getattr(wire, way)()
        expect(page.locator("#try")).to_have_attribute("data-state", "ended", timeout=PATIENCE_MS)
        expect(page.get_by_role("alert")).to_contain_text(LOST)
        press(page, "talking")
        expect(page.locator("#try [data-note]:visible")).to_have_count(0)
        expect(page.locator("#try")).to_have_attribute("data-sent-frames", re.compile("^[1-9]"), timeout=PATIENCE_MS)
        press(page, "ended")
    wire.close()


def test_who_interrupts_hears_silence_at_once_and_all_marks_come_back(server: Daphne, chromium: Browser) -> None:
    with tools.context(chromium, server.url, language="en") as window:
        window.grant_permissions(["microphone"])
        page = window.new_page()
        page.add_init_script(path=ROOT / "tests" / "browser" / "spy.js")
        open_page(page)
        press(page, "talking")
        expect(page.locator("#try")).to_have_attribute("data-clears", re.compile("^[1-9]"), timeout=2 * PATIENCE_MS)
        page.wait_for_timeout(500)
        log: list[tuple[str, str, str, float]] = [tuple(each) for each in page.evaluate("spy.log")]
        loud: list[float] = page.evaluate("spy.loud")
    at, cleared_at = next(
        (i, time) for i, (way, event, _name, time) in enumerate(log) if (way, event) == ("in", "clear")
    )
    asked, returned = marks(log[:at], "in"), marks(log[:at], "out")
    owed = asked[len(returned) :]
    assert returned == asked[: len(returned)]
    assert len(owed) > 10, "the answer was nearly over: nothing to clear"
    assert marks(log[at:], "out")[: len(owed)] == owed
    assert max(time for way, event, name, time in log[at:] if way == "out" and name in owed) < cleared_at + 1.0

    resumed_at = next((time for way, event, _name, time in log[at:] if (way, event) == ("in", "media")), float("inf"))
    assert any(cleared_at - 0.2 < time < cleared_at for time in loud), "nothing was being heard"
    assert [time for time in loud if cleared_at + AT_ONCE_S < time < resumed_at] == []


def marks(log: list[tuple[str, Any, str, float]], way: str) -> list[str]:
    """Returns the names of the marks that went in one direction, in order."""
    return [name for each, event, name, _time in log if (each, event) == (way, "mark")]
