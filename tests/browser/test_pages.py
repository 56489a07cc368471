"""Every page in a real Chromium on a real server: nothing refused, nothing hidden, in both languages and widths."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Response

from frontdesk import demo
from testing import browser as tools
from testing.databases import MigratedDatabase
from testing.servers import Daphne

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not tools.is_there(), reason=f"NO BROWSER TESTS: there is no Chromium at {tools.CHROMIUM}"),
]
MOST_BYTES = 100_000


@pytest.fixture(scope="module")
def server(migrated_database: MigratedDatabase) -> Iterator[Daphne]:
    with tools.demo_server(migrated_database) as daphne:
        yield daphne


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with tools.chromium() as browser:
        yield browser


def troubles(page: Page) -> list[str]:
    """What is wrong with the page as it is shown: accessibility, and whether it is wider than its window."""
    found = [
        f"axe: {each['id']} at {each['nodes'][0]['target']}: {each['nodes'][0].get('failureSummary', '')[:200]}"
        for each in Axe().run(page, options={"preload": False}).response["violations"]
        if each["impact"] in {"serious", "critical"}
    ]
    if "/admin/" not in page.url and page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        found.append("scrolls sideways")
    return found


@pytest.mark.parametrize("width", tools.WIDTHS)
@pytest.mark.parametrize("language", tools.LANGUAGES)
def test_every_page(server: Daphne, chromium: Browser, language: str, width: int) -> None:
    found: list[str] = []
    with tools.context(chromium, server.url, language=language, width=width) as window:
        page = window.new_page()
        page.on("console", lambda said: found.append(f"{page.url}: {said.text}") if said.type == "error" else None)
        page.on("pageerror", lambda error: found.append(f"{page.url}: {error}"))

        def visit(url: str) -> None:
            page.goto(url)
            found.extend(f"{url}: {each}" for each in troubles(page))
            assert page.locator("html").get_attribute("dir") == ("rtl" if language == "he" else "ltr")

        for url in [tools.DOORS["sign-in"], tools.DOORS["forgotten"]]:
            visit(url)
        tools.sign_in(page)
        for url in [*tools.PAGES.values(), *tools.ADMIN.values()]:
            visit(url)
    assert found == []


def test_an_owner_edits_the_greeting_in_the_admin(server: Daphne, chromium: Browser) -> None:
    with tools.context(chromium, server.url, language="en") as window:
        page = window.new_page()
        page.goto("/admin/login/?next=/admin/businesses/business/")
        page.fill("#id_username", demo.OWNER_EMAIL)
        page.fill("#id_password", demo.OWNER_PASSWORD)
        page.click("input[type=submit]")
        page.click("#result_list tbody th a")
        page.fill("#id_greeting_text", "Hello from a real browser.")
        page.click("input[name=_save]")
        page.locator(".messagelist .success").wait_for()
        page.goto(tools.PAGES["settings"])
        assert page.locator("[name=greeting_text]").input_value() == "Hello from a real browser."


def test_the_language_is_switched_and_kept(server: Daphne, chromium: Browser) -> None:
    with tools.context(chromium, server.url, language="en") as window:
        page = window.new_page()
        page.goto("/accounts/login/")
        page.click("button[lang=he]")
        assert page.locator("html").get_attribute("dir") == "rtl"
        tools.sign_in(page)
        assert page.locator("html").get_attribute("dir") == "rtl"


def test_the_keyboard_comes_first_to_the_skip_link_and_sees_where_it_is(server: Daphne, chromium: Browser) -> None:
    with tools.context(chromium, server.url, language="en") as window:
        page = window.new_page()
        tools.sign_in(page)
        page.goto(tools.HOME)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_without_scripts_every_page_shows_its_content(server: Daphne, chromium: Browser) -> None:
    with tools.context(chromium, server.url, language="en", scripts=False) as window:
        page = window.new_page()
        tools.sign_in(page)
        for url in tools.PAGES.values():
            page.goto(url)
            assert page.locator("main").inner_text().strip(), url


def weight(page: Page, url: str) -> int:
    """All bytes that a visit with an empty cache brings over the line."""
    answers: list[Response] = []

    def note(answer: Response) -> None:
        answers.append(answer)

    page.on("response", note)
    page.goto(url, wait_until="load")
    sizes = [each.request.sizes() for each in answers]
    return sum(each["responseBodySize"] + each["responseHeadersSize"] for each in sizes)


def test_a_first_visit_weighs_little(server: Daphne, chromium: Browser) -> None:
    with tools.context(chromium, server.url, language="en") as window:
        page = window.new_page()
        tools.sign_in(page)
        state = window.storage_state()
    for url in tools.PAGES.values():
        fresh = chromium.new_context(base_url=server.url, storage_state=state)
        assert weight(fresh.new_page(), url) < MOST_BYTES, url
        fresh.close()
