"""Every page with realistic data in a real Chromium: no errors, nothing cut off, in both languages and widths."""

from __future__ import annotations

import gzip
import os
import re

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Response, expect

from frontdesk import demo
from testing import browser as tools
from testing.demo_data import Rows
from testing.servers import Daphne
from testing.visits import Visit, visits

pytestmark = pytest.mark.timeout(900)
EVERY_ROW = bool(os.environ.get("EVERY_ROW"))
"""Look at all rows of the demo data, not at one of each kind of page: some ten minutes."""
MOST_BYTES = 65_000
"""With static files compressed, as an installation sends them (Whitenoise), and the page itself as it is."""
WITH_ALL_ZONES = 100_000
"""The settings hold the list of the world's time zones, whose length depends on the machine's database."""
FULLY_AT = {"en": 1280, "he": 390}
"""The width in which axe checks the pages, by language."""
IN_THE_DARK = "en"
"""The language in which the dark colour scheme is checked."""


@pytest.fixture(scope="module")
def rows(server: Daphne) -> Rows:
    """Fill the demo business. Returns the rows to look at."""
    return tools.fill(server)


def troubles(page: Page, language: str) -> list[str]:
    """Returns the problems of the page in any width, and axe's findings in this language's width."""
    found: list[str] = []
    for width in tools.WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if "/admin/" not in page.url and page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            found.append(f"scrolls sideways at {width}")
        if width == FULLY_AT[language]:
            found += tools.unfit(page)
    return found


def chosen(all_visits: list[Visit]) -> list[Visit]:
    """Returns the first visit of each kind (an address and its answer), in order; or all visits."""
    if EVERY_ROW:
        return all_visits
    first: dict[tuple[str, int], Visit] = {}
    for visit in all_visits:
        first.setdefault((visit.ends_at or visit.name, visit.status), visit)
    return list(first.values())


@pytest.mark.parametrize(  # a worker each
    "language", [pytest.param(each, marks=pytest.mark.xdist_group(each)) for each in tools.LANGUAGES]
)
def test_every_page(server: Daphne, rows: Rows, chromium: Browser, language: str) -> None:
    """One visit of each kind, in Hebrew (light) and English (dark), in both widths: no errors, nothing cut off."""
    found: list[str] = []
    with tools.context(chromium, server.url, language=language) as window:
        page = window.new_page()
        page.emulate_media(color_scheme="dark" if language == IN_THE_DARK else "light")
        page.on("console", lambda said: found.append(f"{page.url}: {said.text}") if _is_wrong(said) else None)
        page.on("pageerror", lambda error: found.append(f"{page.url}: {error}"))
        for visit in tools.tour(page, chosen(visits(rows)), rows):
            found.extend(f"{visit.name} ({page.url}): {each}" for each in troubles(page, language))
            if not visit.error:  # those are in both languages
                assert page.locator("html").get_attribute("dir") == ("rtl" if language == "he" else "ltr"), visit.name
    assert not found, "\n".join(found)


EXPECTED = re.compile(r"the server responded with a status of (4\d\d|500|507)")
"""A page that says what went wrong comes with a status to which Chromium has an error of its own."""
REFUSED_TO_DJANGO = re.compile(r"Applying inline style violates")
"""Django's admin forms contain inline styles, which the policy blocks; we can't change them."""


def _is_wrong(said: ConsoleMessage) -> bool:
    """Returns whether a console error is caused by our code."""
    known = [EXPECTED] + [REFUSED_TO_DJANGO] * ("/admin/" in str(said.location.get("url")))
    return said.type == "error" and not any(each.search(said.text) for each in known)


@pytest.mark.xdist_group("en")
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
        expect(page.locator("[name=greeting_text]")).to_have_value("Hello from a real browser.")


@pytest.mark.xdist_group("en")
def test_the_language_is_switched_and_kept(server: Daphne, chromium: Browser) -> None:
    with tools.context(chromium, server.url, language="en") as window:
        page = window.new_page()
        page.goto("/accounts/login/")
        page.click("button[lang=he]")
        assert page.locator("html").get_attribute("dir") == "rtl"
        tools.sign_in(page)
        assert page.locator("html").get_attribute("dir") == "rtl"


@pytest.mark.xdist_group("en")
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


@pytest.mark.xdist_group("he")
def test_without_scripts_every_page_shows_its_content(server: Daphne, rows: Rows, chromium: Browser) -> None:
    with tools.context(chromium, server.url, language="en", scripts=False) as window:
        page = window.new_page()
        for visit in tools.tour(page, [each for each in chosen(visits(rows)) if not each.is_admin], rows):
            assert page.locator("main").first.inner_text().strip(), visit.name


def weight(page: Page, url: str) -> int:
    """Returns the bytes that a visit with an empty cache transfers."""
    answers: list[Response] = []

    def note(answer: Response) -> None:
        answers.append(answer)

    page.on("response", note)
    page.goto(url, wait_until="load")
    return sum(map(transferred, answers))


def transferred(answer: Response) -> int:
    """Returns the bytes of an answer. With DEBUG static files come uncompressed, which an installation doesn't do."""
    sizes = answer.request.sizes()
    is_static = "/static/" in answer.url
    body = len(gzip.compress(answer.body())) if is_static else sizes["responseBodySize"]
    return body + sizes["responseHeadersSize"]


def most_bytes(url: str) -> int:
    """Returns what a page may weigh."""
    return WITH_ALL_ZONES if url.endswith("/settings/") else MOST_BYTES


@pytest.mark.xdist_group("en")
def test_a_first_visit_weighs_little(server: Daphne, rows: Rows, chromium: Browser) -> None:
    with tools.context(chromium, server.url, language="en") as window:
        page = window.new_page()
        tools.sign_in(page)
        state = window.storage_state()
    weights: dict[str, int] = {}
    for url in {each.ends_at: each.url for each in visits(rows) if each.url and not each.is_admin}.values():
        fresh = chromium.new_context(base_url=server.url, storage_state=state)
        weights[url] = weight(fresh.new_page(), url)
        fresh.close()
    assert {url: size for url, size in weights.items() if size >= most_bytes(url)} == {}
