"""An owner in the admin, in a real Chromium: the greeting is heard, a wrong value is explained, a right one is kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from testing import browser as tools
from testing.databases import MigratedDatabase
from testing.servers import Daphne
from testing.stand_in import sandbox

pytestmark = pytest.mark.timeout(300)
PATIENCE_MS = 60_000
PLAIN = {
    "en": "Write a whole number of milliseconds from 100 to 2000. 350 suits most phone lines.",
    "he": "יש לכתוב מספר שלם של אלפיות שנייה, מ־100 עד 2000. 350 מתאים לרוב קווי הטלפון.",
}
LOADED = "audio => new Promise(done => { audio.onloadedmetadata = () => done(audio.duration); audio.load(); })"


@pytest.fixture(scope="module")
def server(migrated_database: MigratedDatabase) -> Iterator[Daphne]:
    with sandbox() as openai, tools.demo_server(migrated_database, **openai) as daphne:
        yield daphne


def troubles(page: Page) -> list[str]:
    """Returns the accessibility problems of the current page."""
    wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    return [*tools.unfit(page), *(["scrolls sideways"] if wide else [])]


@pytest.mark.parametrize("width", tools.WIDTHS)
@pytest.mark.parametrize("language", tools.LANGUAGES)
def test_an_owner_hears_the_greeting_and_mends_a_wrong_value(
    server: Daphne, chromium: Browser, language: str, width: int
) -> None:
    with tools.context(chromium, server.url, language=language, width=width) as window:
        page = window.new_page()
        said: list[str] = []
        page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
        tools.sign_in(page)
        page.goto("/admin/")
        assert troubles(page) == []
        page.click(".owned .button.default")
        player = page.locator(".field-greeting_recording audio").first
        expect(player).to_be_visible(timeout=PATIENCE_MS)
        assert float(player.evaluate(LOADED)) > 1  # seconds of sound
        page.fill("#id_barge_in_debounce_ms", "99")
        page.fill("#id_opening_hours", "8-18, typed and kept")
        page.click("input[name=_save]")
        row = page.locator(".form-row.field-barge_in_debounce_ms")
        expect(row.locator(".errorlist li")).to_have_text([PLAIN[language]])
        expect(page.locator("#id_barge_in_debounce_ms")).to_have_value("99")
        expect(page.locator("#id_opening_hours")).to_have_value("8-18, typed and kept")
        assert troubles(page) == []
        page.fill("#id_barge_in_debounce_ms", "400")
        page.click("input[name=_save]")
        expect(page.locator(".messagelist .success")).to_be_visible()
        page.goto(tools.PAGES["settings"])
        expect(page.locator("[name=barge_in_debounce_ms]")).to_have_value("400")
        assert said == []
