"""Making a broadcast in a real Chromium: in two windows at once, left and found again, edited, and duplicated."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from testing import browser as tools
from testing.servers import Daphne
from testing.ways import submit
from tests.browser.test_pages import troubles

pytestmark = pytest.mark.timeout(300)
TEMPLATE = {"en": "en_US", "he": "he"}
WORDS = {
    "en": {
        "go on": "Continue",
        "edit": "Edit broadcast",
        "schedule": "Schedule",
        "copy": "Duplicate",
        "draft": "Draft",
    },
    "he": {"go on": "המשך", "edit": "עריכת התפוצה", "schedule": "תזמון", "copy": "שכפול", "draft": "טיוטה"},
}
SUBMIT = "main form button.main"


def file_of(folder: Path, *people: tuple[int, str]) -> Path:
    file = folder / f"people-{people[0][0]}.csv"
    file.write_text("".join(["phone,name,when\n", *(f"+97250{number},{name},ten\n" for number, name in people)]))
    return file


def begin(page: Page, language: str) -> None:
    page.goto(tools.PAGES["broadcasts"])
    page.click("main a.button.main >> nth=0")
    page.get_by_role("button", name=f"appointment_reminder ({TEMPLATE[language]})").click()
    page.wait_for_url("**/edit/people/")


def give(page: Page, file: Path) -> None:
    page.set_input_files("input[type=file]", file)
    submit(page)
    page.wait_for_url("**/edit/details/")


def finish(page: Page, name: str) -> None:
    page.fill("input[name=name]", name)
    submit(page)
    page.wait_for_url("**/broadcasts/*-*/")


def shows(page: Page, *, there: str, nowhere: str) -> None:
    """Look at the list of the people of the broadcast whose page is open."""
    page.goto(page.url + "people/")
    expect(page.locator("main table")).to_contain_text(there)
    expect(page.locator("main table")).not_to_contain_text(nowhere)


@pytest.mark.parametrize("language", tools.LANGUAGES)
def test_two_windows_never_mix(server: Daphne, chromium: Browser, tmp_path: Path, language: str) -> None:
    with tools.context(chromium, server.url, language=language) as window:
        one, two = window.new_page(), window.new_page()
        tools.sign_in(one)
        begin(one, language)
        begin(two, language)
        give(one, file_of(tmp_path, (1002001, "Dana")))
        give(two, file_of(tmp_path, (1002002, "Noa"), (1002003, "Avi")))
        finish(one, "Window one")
        finish(two, "Window two")
        expect(one.locator("h1")).to_have_text("Window one")
        expect(two.locator("h1")).to_have_text("Window two")
        assert troubles(one, language) == []
        shows(one, there="100-2001", nowhere="100-2002")
        shows(two, there="100-2003", nowhere="100-2001")


@pytest.mark.parametrize("language", tools.LANGUAGES)
def test_a_draft_is_left_found_edited_scheduled_and_copied(
    server: Daphne, chromium: Browser, tmp_path: Path, language: str
) -> None:
    words = WORDS[language]
    with tools.context(chromium, server.url, language=language, width=390) as window:
        page = window.new_page()
        page.on("dialog", lambda dialog: dialog.accept())
        tools.sign_in(page)
        begin(page, language)
        page.goto(tools.PAGES["broadcasts"])
        assert troubles(page, language) == []
        page.get_by_role("link", name=words["go on"]).first.click()
        page.wait_for_url("**/edit/people/")
        give(page, file_of(tmp_path, (1002004, "Dana")))
        page.goto(tools.PAGES["broadcasts"])
        page.get_by_role("link", name=words["go on"]).first.click()
        page.wait_for_url("**/edit/details/")
        page.check("input[name=starts][value=later]")
        page.fill("input[name=wall_time]", "2030-05-01T09:30")
        finish(page, f"Spring {language}")
        page.get_by_role("button", name=words["schedule"], exact=True).click()
        page.get_by_role("button", name=words["edit"], exact=True).click()
        page.wait_for_url("**/edit/details/")
        expect(page.locator("input[name=wall_time]")).to_have_value("2030-05-01T09:30")
        page.locator("ol.steps a").nth(1).click()
        page.wait_for_url("**/edit/people/")
        give(page, file_of(tmp_path, (1002005, "Noa")))
        expect(page.locator("input[name=name]")).to_have_value(f"Spring {language}")
        finish(page, f"Summer {language}")
        expect(page.locator("main header .badge")).to_have_text(words["draft"])
        here = page.url
        shows(page, there="100-2005", nowhere="100-2004")
        page.goto(here)
        page.get_by_role("button", name=words["copy"], exact=True).click()
        page.wait_for_url("**/edit/details/")
        assert page.url.split("/broadcasts/")[1][:36] != here.split("/broadcasts/")[1][:36]
        assert f"Summer {language}" in page.locator("input[name=name]").input_value()


@pytest.mark.parametrize("scripts", [True, False])
def test_people_are_counted_while_they_are_chosen(server: Daphne, chromium: Browser, scripts: bool) -> None:
    with tools.context(chromium, server.url, language="en", scripts=scripts) as window:
        page = window.new_page()
        tools.sign_in(page)
        begin(page, "en")
        page.check("input[name=source][value=contacts]")
        if not scripts:
            page.click("button[name=count]")
        expect(page.locator("main form [role=status]")).to_contain_text("chosen")
