"""Sessions that end while pages are open: pages lead to the sign-in as a whole and back, and typed text is kept."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from frontdesk import demo
from testing import browser as tools
from testing.demo_data import Rows
from testing.demo_data.team import OPERATOR, PASSWORD
from testing.servers import Daphne

pytestmark = pytest.mark.timeout(300)
languages = pytest.mark.parametrize("language", tools.LANGUAGES)
HOME = tools.HOME
KEPT = "#kept"


@pytest.fixture(scope="module")
def rows(server: Daphne) -> Rows:
    return tools.fill(server)


def end_session(window: BrowserContext) -> None:
    """End the session as the server does: what the cookie opens is gone."""
    window.clear_cookies(name="sessionid")


def sign_in_here(page: Page, email: str = demo.OWNER_EMAIL, password: str = demo.OWNER_PASSWORD) -> None:
    """Sign in where a page has led to."""
    page.wait_for_url("**/accounts/login/**")
    tools.sign_in_here(page, email, password)


@languages
@pytest.mark.parametrize("place", ["calls/live/", "inbox/"])
def test_a_page_that_asks_for_news_leads_to_the_sign_in_and_back(
    server: Daphne, chromium: Browser, language: str, place: str
) -> None:
    with tools.context(chromium, server.url, language=language) as window:
        page = window.new_page()
        tools.sign_in(page)
        page.goto(HOME + place)
        end_session(window)
        page.wait_for_url("**/accounts/login/**", timeout=20_000)
        assert page.locator("input[name=login]").count() == 1
        sign_in_here(page)
        assert page.url == f"{server.url}{HOME}{place}"
        expect(page.locator(".side nav [aria-current]")).to_be_attached()


@languages
def test_an_answer_being_written_outlives_the_session(
    server: Daphne, chromium: Browser, rows: Rows, language: str
) -> None:
    """The page leaves by itself, in the middle of a sentence."""
    with tools.context(chromium, server.url, language=language) as window:
        page = window.new_page()
        tools.sign_in(page)
        page.goto(HOME + "inbox/")
        page.goto(next_open_thread(page))
        page.fill("main form[data-sent-by-keys] textarea", "Dear Dana, we can")
        end_session(window)
        sign_in_here(page)
        expect(page.locator("main form[data-sent-by-keys] textarea")).to_have_value("Dear Dana, we can")
        expect(page.locator(KEPT)).to_be_visible()
        page.reload()  # what was put back is the person's again: it isn't offered twice
        expect(page.locator(KEPT)).to_be_hidden()


@languages
def test_what_was_sent_after_the_end_is_back_and_nothing_else_is(
    server: Daphne, chromium: Browser, language: str
) -> None:
    with tools.context(chromium, server.url, language=language) as window:
        page = window.new_page()
        tools.sign_in(page)
        page.goto(HOME + "contacts/new/")
        page.fill("input[name=name]", "Dana Katz")
        page.fill("input[name=phone]", "050-777 88 99")
        end_session(window)
        page.locator("main form button.main").click()
        sign_in_here(page)
        assert page.url == f"{server.url}{HOME}contacts/new/"
        expect(page.locator("input[name=name]")).to_have_value("Dana Katz")
        expect(page.locator("input[name=phone]")).to_have_value("050-777 88 99")
        expect(page.locator(KEPT)).to_be_visible()
        page.goto(HOME + "contacts/?q=Dana+Katz")
        assert page.locator("main td").count() == 0, "nothing was sent by itself"


@languages
def test_nobody_else_gets_what_was_typed(server: Daphne, chromium: Browser, rows: Rows, language: str) -> None:
    with tools.context(chromium, server.url, language=language) as window:
        page = window.new_page()
        tools.sign_in(page)
        page.goto(HOME + "contacts/new/")
        page.fill("input[name=name]", "Dana Katz")
        end_session(window)
        page.locator("main form button.main").click()
        sign_in_here(page, OPERATOR, PASSWORD)
        page.goto(HOME + "contacts/new/")
        assert page.locator("input[name=name]").input_value() == ""
        assert page.evaluate("Object.values(sessionStorage).join()").count("Dana") == 0


@languages
def test_signing_out_forgets_and_passwords_are_never_kept(server: Daphne, chromium: Browser, language: str) -> None:
    with tools.context(chromium, server.url, language=language) as window:
        page = window.new_page()
        tools.sign_in(page)
        page.goto(HOME + "contacts/new/")
        page.fill("input[name=name]", "Dana Katz")
        page.locator("header form[data-forget] button").click()
        page.wait_for_url(lambda url: "/contacts/" not in url)
        assert "Dana" not in page.evaluate("Object.values(sessionStorage).join()")
        tools.sign_in(page)
        page.goto("/accounts/password/change/")
        page.fill("input[name=oldpassword]", "a secret")
        page.goto(HOME)
        assert "secret" not in page.evaluate("Object.values(sessionStorage).join()")


@languages
def test_a_press_on_an_action_after_the_end_leads_back_to_its_page(
    server: Daphne, chromium: Browser, language: str
) -> None:
    with tools.context(chromium, server.url, language=language) as window:
        page = window.new_page()
        tools.sign_in(page)
        page.goto(HOME + "members/")
        page.fill("input[name=email]", "nobody@clinic")  # refused: the page's address is the action's
        page.locator("form[action$='/invite/'] button.main").click()
        page.locator("[name=email][aria-invalid=true]").wait_for()
        end_session(window)
        page.locator("form[action$='/invite/'] button.main").click()
        sign_in_here(page)
        assert page.url == f"{server.url}{HOME}members/"
        expect(page.locator("input[name=email]")).to_have_value("nobody@clinic")


@languages
def test_the_language_is_switched_on_a_refused_page(server: Daphne, chromium: Browser, language: str) -> None:
    with tools.context(chromium, server.url, language=language) as window:
        page = window.new_page()
        tools.sign_in(page)
        page.goto(HOME + "members/")
        page.fill("input[name=email]", "nobody@clinic")
        page.locator("form[action$='/invite/'] button.main").click()
        page.locator("[name=email][aria-invalid=true]").wait_for()
        page.locator(f"button[lang={'he' if language == 'en' else 'en'}]").click()
        page.wait_for_url(f"**{HOME}members/")
        expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "en" else "ltr")
        expect(page.locator("input[name=email]")).to_have_value("nobody@clinic")


def next_open_thread(page: Page) -> str:
    """Returns the address of the newest thread in which an answer may be written."""
    for href in page.locator("main a[href*='/inbox/']").evaluate_all("links => links.map(each => each.href)"):
        page.goto(href)
        if page.locator("main form[data-sent-by-keys] textarea").count():
            return str(href)
    raise AssertionError
