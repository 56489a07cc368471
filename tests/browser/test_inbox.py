"""The inbox in a browser: answering and moving between threads by keys, and notices on the desktop."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Route, expect

from testing import browser as tools
from testing.demo_data import Rows
from testing.servers import Daphne

pytestmark = pytest.mark.timeout(300)
INBOX = tools.HOME + "inbox/"
SPY = """
  window.shown = [];
  window.Notification = class {
    constructor(title, options) { window.shown.push(options.body); }
    static permission = "default";
    static async requestPermission() { return (Notification.permission = "granted"); }
  };
  Object.defineProperty(Document.prototype, "hidden", { get: () => true });
"""


@pytest.fixture(scope="module")
def rows(server: Daphne) -> Rows:
    return tools.fill(server)


def test_notices_come_only_after_they_were_switched_on(server: Daphne, chromium: Browser, rows: Rows) -> None:
    with tools.context(chromium, server.url, language="en") as window:
        page = window.new_page()
        page.add_init_script(SPY)
        tools.sign_in(page)
        page.goto(INBOX)

        def news(route: Route) -> None:
            if "hx-request" not in route.request.headers:
                return route.continue_()
            return route.fulfill(body=f'<i data-waits="{len(asked)}"></i>', content_type="text/html")

        asked: list[int] = []
        page.route("**/inbox/", news)
        swapped = "htmx.ajax('GET', location.href, document.querySelector('[data-waiting-words]'))"
        asked.append(1)
        page.evaluate(swapped)
        assert page.evaluate("window.shown") == []
        page.locator("[data-notices]").click()
        expect(page.locator("[data-notices]")).to_have_attribute("aria-pressed", "true")
        asked.append(2)
        page.evaluate(swapped)
        page.evaluate(swapped)  # nobody new
        assert page.evaluate("window.shown") == ["Somebody waits for a reply."]
        page.locator("[data-notices]").click()
        asked.append(3)
        page.evaluate(swapped)
        assert len(page.evaluate("window.shown")) == 1


@pytest.mark.parametrize("language", ["en", "he"])
def test_an_answer_is_sent_by_keys(server: Daphne, chromium: Browser, rows: Rows, language: str) -> None:
    """Enter alone begins a line; with Ctrl it sends what was written, once."""
    with tools.context(chromium, server.url, language=language) as window:
        page = window.new_page()
        tools.sign_in(page)
        page.goto(f"{INBOX}{rows['whatsapp.Contact']['open']}/")
        field, log = page.locator("form[data-sent-by-keys] textarea"), page.get_by_role("log")
        field.fill(f"First {language}")
        field.press("Enter")
        page.keyboard.type("second")
        expect(field).to_have_value(f"First {language}\nsecond")
        with page.expect_navigation():
            field.press("Control+Enter")
        expect(log.get_by_text(f"First {language}")).to_have_count(1)
        expect(page.locator("form[data-sent-by-keys] textarea")).to_have_value("")


def test_threads_are_changed_by_keys(server: Daphne, chromium: Browser, rows: Rows) -> None:
    """From the list beside a thread, Tab goes to the next person and Enter opens their thread."""
    with tools.context(chromium, server.url, language="en") as window:
        page = window.new_page()
        page.set_viewport_size({"width": 1400, "height": 900})
        tools.sign_in(page)
        page.goto(f"{INBOX}{rows['whatsapp.Contact']['open']}/")
        beside = page.locator(".beside li a")
        beside.nth(0).focus()
        page.keyboard.press("Tab")
        expect(beside.nth(1)).to_be_focused()
        there = str(beside.nth(1).get_attribute("href"))
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert page.url.endswith(there)
        expect(page.locator(".beside [aria-current=page]")).to_have_attribute("href", there)
