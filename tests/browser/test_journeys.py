"""Complete journeys through the pages in a real Chromium: broadcasts, and a call with the assistant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from frontdesk import demo
from testing import browser as tools
from testing.databases import ROOT, MigratedDatabase
from testing.servers import Daphne
from testing.stand_in import sandbox
from testing.ways import submit

pytestmark = pytest.mark.timeout(300)
MICROPHONE = ROOT / "tests" / "audio" / "hello.wav"
WORDS = {
    "en": {"template": "en_US", "start": "Start", "pause": "Pause", "resume": "Resume", "done": "Completed"},
    "he": {"template": "he", "start": "התחלה", "pause": "השהיה", "resume": "המשך", "done": "הושלמה"},
}
PROGRESS = "#live progress[aria-labelledby=progress]"
PATIENCE_MS = 60_000


@pytest.fixture(scope="module")
def server(migrated_database: MigratedDatabase) -> Iterator[Daphne]:
    with sandbox() as openai, tools.demo_server(migrated_database, **openai) as daphne:
        yield daphne


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with tools.chromium(
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={MICROPHONE}",
        "--autoplay-policy=no-user-gesture-required",
    ) as browser:
        yield browser


def people(folder: Path, count: int) -> Path:
    """Returns a file with so many valid rows and three invalid ones."""
    # For numbers that end in less than 0010, the stand-in simulates failures.
    good = "".join(f"+97250{1_001_000 + number},Dana,ten\n" for number in range(count))
    file = folder / "people.csv"
    file.write_text(
        f"phone,name,when\n{good}nonsense,Avi,ten\n+972501001000,Dana,ten\n+972521234567,=HYPERLINK(1),ten\n"
    )
    return file


def draft(page: Page, template: str, file: Path, *, trial: int | None = None) -> None:
    """Go from the list of broadcasts to the review page."""
    page.goto(tools.PAGES["broadcasts"])
    page.click("main a.button.main >> nth=0")
    page.get_by_role("button", name=f"appointment_reminder ({template})").click()
    page.set_input_files("input[type=file]", file)
    submit(page)
    if trial:
        page.fill("input[name=canary_size]", str(trial))
    submit(page)
    page.wait_for_url("**/broadcasts/*-*/")


@pytest.mark.parametrize("language", tools.LANGUAGES)
def test_a_broadcast_from_a_file_with_mistakes_is_watched_to_its_end(
    server: Daphne, chromium: Browser, tmp_path: Path, language: str
) -> None:
    words = WORDS[language]
    with tools.context(chromium, server.url, language=language) as window:
        page = window.new_page()
        page.on("dialog", lambda dialog: dialog.accept())
        tools.sign_in(page)
        draft(page, words["template"], people(tmp_path, 6))
        shown = page.locator("main")
        for mistake in ("nonsense", "+972501001000", "+972521234567"):
            expect(shown).to_contain_text(mistake)
        page.get_by_role("button", name=words["start"], exact=True).click()
        expect(page.locator("main header .badge")).to_have_text(words["done"], timeout=PATIENCE_MS)
        sums = [int(each) for each in page.locator("#live .counts .number").all_inner_texts()]
        assert sums[-1] == sum(sums[:-1]) == 9


@pytest.mark.parametrize("language", tools.LANGUAGES)
def test_a_broadcast_is_paused_and_resumed(server: Daphne, chromium: Browser, tmp_path: Path, language: str) -> None:
    words = WORDS[language]
    with tools.context(chromium, server.url, language=language) as window:
        page = window.new_page()
        page.on("dialog", lambda dialog: dialog.accept())
        tools.sign_in(page)
        draft(page, words["template"], people(tmp_path, 1_500))
        page.get_by_role("button", name=words["start"], exact=True).click()
        page.get_by_role("button", name=words["pause"], exact=True).click()
        expect(page.locator("main header .badge.warn")).to_be_visible(timeout=PATIENCE_MS)
        page.get_by_role("button", name=words["resume"], exact=True).click()
        expect(page.locator("main header .badge.live")).to_be_visible(timeout=PATIENCE_MS)
        to_send = page.locator(PROGRESS).get_attribute("value")
        expect(page.locator(PROGRESS)).not_to_have_attribute("value", str(to_send), timeout=PATIENCE_MS)
        sums = [int(each.replace(",", "")) for each in page.locator("#live .counts .number").all_inner_texts()]
        assert sums[-1] == sum(sums[:-1]) == 1_503


@pytest.mark.parametrize("language", tools.LANGUAGES)
def test_the_greeting_is_heard_in_the_browser_and_the_assistant_answers(
    server: Daphne, chromium: Browser, language: str
) -> None:
    """The microphone is a file in which a voice says hello repeatedly."""
    with tools.context(chromium, server.url, language=language) as window:
        window.grant_permissions(["microphone"])
        page = window.new_page()
        tools.sign_in(page)
        page.goto(tools.PAGES["settings"])
        page.wait_for_selector("audio", timeout=PATIENCE_MS)  # the greeting is recorded
        page.goto(tools.PAGES["try-call"])
        page.click("#try form button[name=begin]")
        greeting = demo.ARGUMENTS[demo.ARGUMENTS.index("--greeting") + 1]
        talk = page.locator("#try")
        expect(talk).to_have_attribute("data-heard-bytes", re.compile(r"^[2-9]\d{4}$"), timeout=PATIENCE_MS)
        expect(talk).to_have_attribute("data-marks-returned", re.compile(r"^[1-9]"), timeout=PATIENCE_MS)
        expect(page.locator("main")).to_contain_text(greeting[:20], timeout=PATIENCE_MS)
        page.click("#try form button[name=end]")
        expect(talk).to_have_attribute("data-state", "ended", timeout=PATIENCE_MS)
