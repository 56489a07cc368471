"""An owner writes a template in a browser: live preview, errors at their fields, approval seen, rejected, corrected."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from testing import browser as tools
from testing.databases import MigratedDatabase
from testing.servers import Daphne

pytestmark = pytest.mark.timeout(300)
NEW = tools.HOME + "templates/new/"
PICTURES = os.environ.get("PICTURES", "")
"""A folder for a picture of each step, in both widths."""
TEXTS = {
    "en": ("Hi {{first_name}}, all plants cost less until {{until}} this week.", "Hi Dana, all plants"),
    "he": ("שלום {{first_name}}, כל הצמחים במבצע עד {{until}} בשבוע הזה.", "שלום Dana, כל הצמחים"),
}


@pytest.fixture(scope="module")
def server(migrated_database: MigratedDatabase) -> Iterator[Daphne]:
    with tools.demo_server(migrated_database) as daphne:
        yield daphne


def look(page: Page, name: str, language: str) -> None:
    """Check the page with axe, and that nothing is cut off; keep pictures if asked."""
    assert tools.unfit(page) == []
    for width in tools.WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth"), (name, width)
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / f"{name}-{language}-{width}.png", full_page=True)


def hand_over(page: Page) -> None:
    with page.expect_navigation():
        page.click("main form .save button.main")


@pytest.mark.parametrize("language", tools.LANGUAGES)
def test_a_template_is_written_seen_and_approved(server: Daphne, chromium: Browser, language: str) -> None:
    text, shown = TEXTS[language]
    with tools.context(chromium, server.url, language=language) as window:
        page = window.new_page()
        tools.sign_in(page)
        page.goto(NEW)
        page.fill("[name=name]", f"Plants {language}")
        page.select_option("select[name=language]", "he" if language == "he" else "en_US")
        page.fill("[name=header]", "Sale 🌷")
        page.fill("[name=body]", text)
        page.fill("[name=footer]", "Garden Shop")
        page.fill("[name=sample_first_name]", "Dana")
        expect(page.locator("#preview .said")).to_contain_text(shown)
        page.fill("[name=reply_1]", "STOP")
        page.select_option("[name=opts_out]", "1")
        look(page, "1-written", language)
        hand_over(page)  # an emoji in the heading, and no example for {{until}}
        expect(page.locator("#id_header")).to_have_attribute("aria-invalid", "true")
        expect(page.locator("#id_body")).to_have_attribute("aria-invalid", "true")
        look(page, "2-refused", language)
        page.fill("[name=header]", "Sale")
        page.fill("[name=sample_until]", "Sunday")
        hand_over(page)
        expect(page.locator("h1")).to_have_text(f"plants_{language}")
        look(page, "3-waits", language)
        expect(page.locator(".badge.good").first).to_be_visible(timeout=20_000)  # the page loads itself again
        look(page, "4-approved", language)


def test_a_rejected_one_is_corrected_and_deleted(server: Daphne, chromium: Browser) -> None:
    with tools.context(chromium, server.url, language="en", scripts=False) as window:
        page = window.new_page()
        tools.sign_in(page)
        page.goto(NEW)
        page.fill("[name=name]", "night")
        page.fill("[name=body]", "Dear guests, our casino opens at nine.")
        hand_over(page)
        page.goto(tools.HOME + "templates/")
        page.click("main header form button")  # fetched anew
        page.click("text=night")
        expect(page.locator(".note.bad")).to_contain_text("politely")
        page.click("main header a.button.main")
        expect(page.locator("#id_body")).to_have_value("Dear guests, our casino opens at nine.")
        page.fill("[name=body]", "Dear guests, our restaurant opens at nine.")
        hand_over(page)
        expect(page.locator(".badge.warn").first).to_be_visible()
        page.click("details:not(.menu) > summary")
        page.click("button.danger")
        expect(page.locator(".note.success")).to_contain_text("night")
