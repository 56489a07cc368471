"""Importing contacts in a real Chromium: a file with mistakes, its progress and result, and the rows not taken."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from testing import browser as tools
from testing.servers import Daphne
from testing.ways import submit
from tests.browser.test_pages import troubles

pytestmark = pytest.mark.timeout(600)
WORDS = {
    "en": {"done": "Import complete", "row": "Row of the file", "why": "is not a phone number"},
    "he": {"done": "הייבוא הסתיים", "row": "שורה בקובץ", "why": "אינו מספר טלפון"},
}
HERE = f"{tools.HOME}contacts/import/"
LONG = 30_000
"""Rows whose import outlasts the loading of its page."""
PATIENCE_MS = 180_000


def file_of(folder: Path, count: int, *, start: int) -> Path:
    """Returns a file with so many valid rows and two invalid ones."""
    good = "".join(f"+97252{start + number},Dana {number},Haifa\n" for number in range(count))
    file = folder / "people.csv"
    file.write_text(f"phone,name,city\n=1+1,Avi,Eilat\n{good}nonsense,@Tal,Haifa\n")
    return file


def send(page: Page, file: Path, language: str) -> None:
    """Upload the file and submit the guessed columns."""
    page.goto(HERE)
    page.set_input_files("input[type=file]", file)
    submit(page)
    page.wait_for_url("**/columns/")
    expect(page.locator("main table")).to_contain_text("Avi")
    assert troubles(page, language) == []
    submit(page)
    page.wait_for_url(re.compile(r"/contacts/import/[0-9a-f-]{36}/$"))


def figures(page: Page) -> list[int]:
    """Returns the figures: new, updated, unchanged and refused rows."""
    return [int(re.sub(r"\D", "", each)) for each in page.locator("#live .cards .figure").all_inner_texts()]


@pytest.mark.parametrize("language", tools.LANGUAGES)
def test_a_file_with_mistakes_is_followed_to_its_result(
    server: Daphne, chromium: Browser, tmp_path: Path, language: str
) -> None:
    words, start = WORDS[language], 1_000_000 + 100_000 * tools.LANGUAGES.index(language)
    with tools.context(chromium, server.url, language=language, width=390 if language == "he" else 1280) as window:
        page = window.new_page()
        tools.sign_in(page)
        send(page, file_of(tmp_path, LONG, start=start), language)
        here = page.url
        expect(page.locator("#live progress")).to_be_visible()
        assert troubles(page, language) == []
        page.goto(HERE)  # leave the page and come back through the list
        page.locator("main table a").first.click()
        assert page.url == here
        expect(page.locator("h1")).to_have_text(words["done"], timeout=PATIENCE_MS)
        assert figures(page) == [LONG, 0, 0, 2]
        assert troubles(page, language) == []
        expect(page.locator("main table")).to_contain_text(words["why"])
        with page.expect_download() as download:
            page.locator("a[href$='rejected.csv']").click()
        rows = list(csv.reader(download.value.path().read_text(encoding="utf-8-sig").splitlines()))
        assert rows[0][0] == words["row"]
        assert rows[0][2:] == ["phone", "name", "city"]
        assert [[row[0], *row[2:]] for row in rows[1:]] == [
            ["2", "'=1+1", "Avi", "Eilat"],
            [str(LONG + 3), "nonsense", "'@Tal", "Haifa"],
        ]


def test_an_import_is_cancelled(server: Daphne, chromium: Browser, tmp_path: Path) -> None:
    with tools.context(chromium, server.url, language="en") as window:
        page = window.new_page()
        page.on("dialog", lambda dialog: dialog.accept())
        tools.sign_in(page)
        send(page, file_of(tmp_path, LONG * 2, start=2_000_000), "en")
        page.get_by_role("button", name="Cancel the import").click()
        expect(page.locator("h1")).to_have_text("Import cancelled", timeout=PATIENCE_MS)
        read = int(re.sub(r"\D", "", page.locator(".note.warn").inner_text()))
        assert 0 < read < LONG * 2
        assert sum(figures(page)) == read


def test_without_scripts_a_short_file_is_imported_and_a_long_one_renews_its_page(
    server: Daphne, chromium: Browser, tmp_path: Path
) -> None:
    with tools.context(chromium, server.url, language="en", scripts=False) as window:
        page = window.new_page()
        tools.sign_in(page)
        page.goto(HERE)
        page.set_input_files("input[type=file]", file_of(tmp_path, LONG, start=4_000_000))
        submit(page)
        submit(page, "main form button.main >> nth=-1")
        expect(page.locator("h1")).to_have_text("Import complete", timeout=PATIENCE_MS)
        assert figures(page) == [LONG, 0, 0, 2]
