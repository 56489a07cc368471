"""Two people, or two tabs, change the settings at once: nothing is overwritten unseen."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from testing import browser as tools
from testing.servers import Daphne

pytestmark = pytest.mark.timeout(300)
languages = pytest.mark.parametrize("language", tools.LANGUAGES)
GREETING, HOURS, KNOWS = "[name=greeting_text]", "[name=opening_hours]", "[name=instructions]"
SETTINGS = tools.HOME + "settings/"


def save(page: Page) -> None:
    with page.expect_response(lambda answer: answer.request.method == "POST" and "/settings/" in answer.url):
        page.locator("main form button.main").last.click()
    page.wait_for_load_state()


@languages
def test_what_both_changed_is_shown_and_the_rest_is_merged(server: Daphne, chromium: Browser, language: str) -> None:
    with tools.context(chromium, server.url, language=language) as window:
        mine, theirs = window.new_page(), window.new_page()
        tools.sign_in(mine)
        for page in (mine, theirs):
            page.goto(SETTINGS)
        theirs.fill(GREETING, f"Their greeting, {language}")
        theirs.fill(KNOWS, f"Their instructions, {language}")
        save(theirs)
        mine.fill(GREETING, f"My greeting, {language}")
        mine.fill(HOURS, f"Mine, {language}")
        save(mine)
        conflict = mine.locator(".conflict")
        expect(conflict).to_have_count(1)
        expect(conflict.locator("blockquote")).to_have_text(f"Their greeting, {language}")
        expect(mine.locator(GREETING)).to_have_value(f"My greeting, {language}")
        theirs.reload()
        expect(theirs.locator(GREETING)).to_have_value(f"Their greeting, {language}")
        save(mine)
        expect(mine.locator(".conflict")).to_have_count(0)
        mine.goto(SETTINGS)
        expect(mine.locator(GREETING)).to_have_value(f"My greeting, {language}")
        expect(mine.locator(KNOWS)).to_have_value(f"Their instructions, {language}")
        expect(mine.locator(HOURS)).to_have_value(f"Mine, {language}")


@languages
def test_theirs_can_be_kept_in_the_admin(server: Daphne, chromium: Browser, language: str) -> None:
    with tools.context(chromium, server.url, language=language) as window:
        mine, theirs = window.new_page(), window.new_page()
        tools.sign_in(mine)
        mine.goto("/admin/businesses/business/")
        mine.click("#result_list tbody th a")
        theirs.goto(SETTINGS)
        theirs.fill(GREETING, f"Of the page, {language}")
        save(theirs)
        mine.fill(GREETING, f"Of the admin, {language}")
        mine.click("input[name=_save]")
        expect(mine.locator(".conflict blockquote")).to_have_text(f"Of the page, {language}")
        mine.check("input[name=take-greeting_text][value=theirs]")
        mine.click("input[name=_save]")
        mine.locator(".messagelist .success").wait_for()
        theirs.reload()
        expect(theirs.locator(GREETING)).to_have_value(f"Of the page, {language}")


@languages
def test_a_session_that_ended_does_not_hide_a_conflict(server: Daphne, chromium: Browser, language: str) -> None:
    """What was typed comes back with what was seen then, so the change in between is asked about."""
    with (
        tools.context(chromium, server.url, language=language) as window,
        tools.context(chromium, server.url, language=language) as other,
    ):
        mine, theirs = window.new_page(), other.new_page()
        tools.sign_in(mine)
        mine.goto(SETTINGS)
        mine.fill(HOURS, f"Mine again, {language}")
        window.clear_cookies(name="sessionid")
        tools.sign_in(theirs)
        theirs.goto(SETTINGS)
        theirs.fill(HOURS, f"Theirs again, {language}")
        theirs.fill(KNOWS, f"Theirs alone, {language}")
        save(theirs)
        mine.locator("main form button.main").last.click()
        mine.wait_for_url("**/accounts/login/**")
        tools.sign_in_here(mine)
        expect(mine.locator(HOURS)).to_have_value(f"Mine again, {language}")
        save(mine)
        expect(mine.locator(".conflict blockquote")).to_have_text(f"Theirs again, {language}")
        expect(mine.locator(KNOWS)).to_have_value(f"Theirs alone, {language}")
