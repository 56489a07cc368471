"""Files with questions in a real Chromium: encoding, header and two phone columns, each answered by one click."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from testing import browser as tools
from testing.servers import Daphne
from testing.ways import submit
from tests.browser.test_pages import troubles

pytestmark = pytest.mark.timeout(300)
QUESTIONS = {
    "en": (
        ("Which names are right?", "Hebrew (Windows)"),
        ("Is the first row a person?", "It is a person"),
        ("Which column holds the phone numbers?", "B"),
    ),
    "he": (
        ("אילו שמות נכונים?", "עברית (Windows)"),
        ("האם השורה הראשונה היא אדם?", "זה אדם"),
        ("באיזו עמודה נמצאים מספרי הטלפון?", "B"),
    ),
}
TEMPLATE = {"en": "en_US", "he": "he"}
MORE = {"en": "None of these is right: show more", "he": "אף אחת מאלה אינה נכונה: הצגת עוד"}
DONE = {"en": "Import complete", "he": "הייבוא הסתיים"}


def file_of(folder: Path, start: int) -> Path:
    """Returns a file of Hebrew Windows without a header, with landlines and mobiles."""
    file = folder / "people.csv"
    lines = [f"+97235551234,+972 50-100{start},דנה כהן,שני", f",+972 50-100{start + 1},יוסי לוי,שלישי"]
    file.write_bytes("\r\n".join(lines).encode("cp1255"))
    return file


def answer(page: Page, language: str) -> None:
    """Answer the three questions, each by one click, and look at each page."""
    for number, (title, choice) in enumerate(QUESTIONS[language]):
        expect(page.locator("#question")).to_have_text(title)
        assert troubles(page, language) == []
        if number == 0:
            expect(page.locator(".answers button").first).to_contain_text("דנה כהן")
            page.get_by_text(MORE[language]).click()
            assert page.locator("details .answers button").count() > 3
        page.locator(".answers button", has_text=choice).first.click()
    expect(page.locator("#question")).to_have_count(0)


@pytest.mark.parametrize("language", tools.LANGUAGES)
def test_an_import_asks_what_is_unclear(server: Daphne, chromium: Browser, tmp_path: Path, language: str) -> None:
    with tools.context(chromium, server.url, language=language) as window:
        page = window.new_page()
        tools.sign_in(page)
        page.goto(f"{tools.HOME}contacts/import/")
        page.set_input_files("input[type=file]", file_of(tmp_path, 2000 + 10 * tools.LANGUAGES.index(language)))
        submit(page)
        answer(page, language)
        expect(page.locator("main table")).to_contain_text("דנה כהן")
        expect(page.locator("select").nth(1)).to_have_value("phone")
        page.locator("select").nth(2).select_option("name")
        submit(page)
        page.wait_for_url(re.compile(r"/contacts/import/[0-9a-f-]{36}/$"))
        expect(page.locator("h1")).to_have_text(DONE[language])
        page.goto(f"{tools.HOME}contacts/?q=יוסי")
        expect(page.locator("main")).to_contain_text("יוסי לוי")


@pytest.mark.parametrize("language", tools.LANGUAGES)
def test_a_broadcast_asks_what_is_unclear(server: Daphne, chromium: Browser, tmp_path: Path, language: str) -> None:
    with tools.context(chromium, server.url, language=language, width=390) as window:
        page = window.new_page()
        tools.sign_in(page)
        page.goto(tools.PAGES["broadcasts"])
        page.click("main a.button.main >> nth=0")
        page.get_by_role("button", name=f"appointment_reminder ({TEMPLATE[language]})").click()
        page.set_input_files("input[type=file]", file_of(tmp_path, 4000))
        submit(page)
        answer(page, language)
        expect(page.locator("select[name='from_@phone']")).to_have_value("B")
        page.select_option("select[name=from_1]", "C")
        page.select_option("select[name=from_2]", "D")
        assert troubles(page, language) == []
        submit(page)
        page.wait_for_url("**/broadcasts/*-*/")
        page.goto(page.url + "people/")
        expect(page.locator("main table")).to_contain_text("100-4000")
        expect(page.locator("main table")).to_contain_text("100-4001")


@pytest.mark.parametrize("language", tools.LANGUAGES)
def test_numbers_are_pasted_without_a_header(server: Daphne, chromium: Browser, language: str) -> None:
    with tools.context(chromium, server.url, language=language) as window:
        page = window.new_page()
        tools.sign_in(page)
        page.goto(tools.PAGES["broadcasts"])
        page.click("main a.button.main >> nth=0")
        page.get_by_role("button", name=f"appointment_reminder ({TEMPLATE[language]})").click()
        page.check("input[name=source][value=paste]")
        page.fill("textarea[name=pasted]", "+972501006001, Dana, ten\n+972501006002, Avi, eleven")
        submit(page)
        chosen = [page.locator(f"select[name='from_{key}']").input_value() for key in ("@phone", "1", "2")]
        assert chosen == ["A", "B", "C"]
        submit(page)
        page.wait_for_url("**/broadcasts/*-*/")
        page.goto(page.url + "people/")
        expect(page.locator("main table")).to_contain_text("100-6002")
