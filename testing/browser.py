"""Chromium for the browser tests and the screenshots, and a served demo business."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from frontdesk import demo
from testing.databases import MigratedDatabase
from testing.demo_data import Rows
from testing.demo_data.team import OPERATOR, PASSWORD
from testing.every_page import PAGES as LINES
from testing.servers import Daphne, web_processes
from testing.visits import Visit, Who, address

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
WIDTHS = (390, 1280)
LANGUAGES = ("en", "he")
HOME = f"/b/{demo.SLUG}/"
PAGES = {line.name: address(line.name) for line in LINES if line.look and not line.row}
"""Addresses of the pages that need no row, by name."""


def is_there() -> bool:
    """Returns whether this machine has Chromium."""
    return Path(CHROMIUM).exists()


@contextmanager
def chromium(*more: str) -> Iterator[Browser]:
    """A browser, started with these additional arguments."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *more])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def demo_server(migrated_database: MigratedDatabase, **variables: str) -> Iterator[Daphne]:
    """A served installation with the demo business; `variables` are added to its environment."""
    with (
        tempfile.TemporaryDirectory() as folder,
        web_processes(Path(folder), migrated_database) as start,
    ):
        daphne = start(beside=None, **variables)
        daphne.manage("shell", "-c", "from frontdesk import demo; demo.seed()")
        yield daphne


def fill(daphne: Daphne) -> Rows:
    """Give the demo business realistic data. Returns the rows to look at."""
    said = daphne.manage(
        "shell", "-v0", "-c", "import json; from testing.demo_data.seed import seed; print(json.dumps(seed()))"
    )
    rows: Rows = json.loads(said.splitlines()[-1])
    return rows


@contextmanager
def context(
    browser: Browser, url: str, *, language: str, width: int = 1280, scripts: bool = True, dark: bool = False
) -> Iterator[BrowserContext]:
    """Returns a browser context with this language, width and colour scheme."""
    window = browser.new_context(
        base_url=url,
        viewport={"width": width, "height": 900},
        java_script_enabled=scripts,
        reduced_motion="reduce",
        color_scheme="dark" if dark else "light",
    )
    window.add_cookies([{"name": "django_language", "value": language, "url": url}])
    try:
        yield window
    finally:
        window.close()


def sign_in(page: Page, email: str = demo.OWNER_EMAIL, password: str = demo.OWNER_PASSWORD) -> None:
    """Sign in, by default as the demo's owner."""
    page.context.clear_cookies(name="sessionid")
    page.goto("/accounts/login/")
    sign_in_here(page, email, password)


def sign_in_here(page: Page, email: str = demo.OWNER_EMAIL, password: str = demo.OWNER_PASSWORD) -> None:
    """Sign in on the page that asks for it."""
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", password)
    page.click("form[novalidate] button.main")
    page.wait_for_url(lambda url: "/accounts/" not in url)


def tour(page: Page, wanted: Sequence[Visit], rows: Rows) -> Iterator[Visit]:
    """Visit each page as the person it is for; yields after each, so that the caller can look at the page."""
    here = Who.NOBODY
    for visit in wanted:
        if visit.who != here:
            sign_in(page, *((OPERATOR, PASSWORD) if visit.who == Who.OPERATOR else ()))
            here = visit.who
        visit.go(page, rows)
        yield visit


def unfit(page: Page) -> list[str]:
    """Returns axe's findings on the page; in the admin, which is Django's, only the most serious ones."""
    # No preload: axe would fetch a style sheet's imports relative to the page, which is refused. Violations only.
    options = {"preload": False, "resultTypes": ["violations"]}
    grave = {"serious", "critical"} | (set() if "/admin/" in page.url else {"moderate"})
    return [
        f"axe: {each['id']} at {each['nodes'][0]['target']}: {each['nodes'][0].get('failureSummary', '')[:200]}"
        for each in Axe().run(page, options=options).response["violations"]
        if each["impact"] in grave
    ]
