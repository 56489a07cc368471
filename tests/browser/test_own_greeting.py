"""The owner records the greeting in a real Chromium, whose microphone plays a file, and callers hear it."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from calls.sandbox.openai.scenario import Scenario
from testing import browser as tools
from testing.databases import ROOT, MigratedDatabase
from testing.servers import Daphne
from testing.stand_in import scripted

pytestmark = pytest.mark.timeout(300)
HELLO = ROOT / "tests" / "audio" / "hello.wav"
PATIENCE_MS = 60_000
RECORDED_MS = 3_000


@pytest.fixture(scope="module")
def server(migrated_database: MigratedDatabase) -> Iterator[Daphne]:
    with scripted(Scenario()) as openai, tools.demo_server(migrated_database, **openai) as daphne:
        daphne.manage("create_business", "demo", "--greeting", "Hello hello hello, the clinic is open.")
        yield daphne


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with tools.chromium("--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={HELLO}") as browser:
        yield browser


def open_page(page: Page) -> None:
    tools.sign_in(page)
    page.goto(f"{tools.HOME}calls/greeting/")


def upload_and_accept(page: Page) -> None:
    expect(page.locator("[data-step=ready]").first).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Upload").click()
    page.get_by_role("button", name="Yes, let callers hear it").click(timeout=PATIENCE_MS)
    expect(page.locator("audio[aria-label='Your new recording']")).to_have_count(0, timeout=PATIENCE_MS)
    page.reload()
    expect(page.locator("main")).to_contain_text("Your own recording,")


def test_a_recording_by_the_microphone(server: Daphne, chromium: Browser) -> None:
    with tools.context(chromium, server.url, language="en") as window:
        window.grant_permissions(["microphone"])
        page = window.new_page()
        open_page(page)
        page.get_by_role("button", name="Record with the microphone").click()
        expect(page.locator("[data-step=recording]").first).to_be_visible(timeout=PATIENCE_MS)
        page.wait_for_timeout(RECORDED_MS)
        assert page.evaluate("document.querySelector('[data-level]').value") > 0
        page.get_by_role("button", name="Stop recording").click()
        page.get_by_role("button", name="Record it again").click()
        page.wait_for_timeout(RECORDED_MS)
        page.get_by_role("button", name="Stop recording").click()
        expect(page.locator("[data-step=ready]").first).to_be_visible(timeout=PATIENCE_MS)
        listened = page.locator("[data-preview]")
        listened.evaluate("audio => new Promise((heard) => { audio.onplaying = heard; audio.play(); })")
        upload_and_accept(page)
        page.get_by_role("button", name="Go back to the assistant's voice").click()
        expect(page.locator("main")).not_to_contain_text("Your own recording,")
        page.get_by_role("button", name="Go back to this recording").click()
        expect(page.locator("main")).to_contain_text("Your own recording,")


def test_a_file_that_only_the_browser_can_read(server: Daphne, chromium: Browser, tmp_path: Path) -> None:
    """The samples are floats: Python's `wave` does not read those."""
    page_file = tmp_path / "greeting.wav"
    page_file.write_bytes(as_floats(HELLO))
    with tools.context(chromium, server.url, language="en") as window:
        page = window.new_page()
        open_page(page)
        page.set_input_files("input[type=file]", page_file)
        upload_and_accept(page)


def test_what_no_browser_can_read_is_said(server: Daphne, chromium: Browser, tmp_path: Path) -> None:
    nonsense = tmp_path / "greeting.mp3"
    nonsense.write_bytes(b"no sound")
    with tools.context(chromium, server.url, language="he") as window:
        page = window.new_page()
        open_page(page)
        page.set_input_files("input[type=file]", nonsense)
        expect(page.locator("[data-step=undecodable]")).to_be_visible(timeout=PATIENCE_MS)


def as_floats(file: Path) -> bytes:
    """Returns the sound three times, as a WAV file with 32-bit floats."""

    with wave.open(str(file)) as track:
        rate, data = track.getframerate(), track.readframes(track.getnframes())
    samples: bytes = np.tile(np.frombuffer(data, "<i2").astype("<f4") / 32768, 3).tobytes()
    head = b"WAVEfmt " + (16).to_bytes(4, "little") + (3).to_bytes(2, "little") + (1).to_bytes(2, "little")
    head += rate.to_bytes(4, "little") + (rate * 4).to_bytes(4, "little") + (4).to_bytes(2, "little")
    head += (32).to_bytes(2, "little") + b"data" + len(samples).to_bytes(4, "little")
    whole: bytes = b"RIFF" + (len(head) + len(samples)).to_bytes(4, "little") + head + samples
    return whole
