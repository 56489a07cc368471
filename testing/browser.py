"""Chromium for the browser's tests and the screenshots, and a served demo business to look at."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from frontdesk import demo
from testing.databases import MigratedDatabase
from testing.servers import Daphne, web_processes

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
WIDTHS = (390, 1280)
LANGUAGES = ("en", "he")
HOME = f"/b/{demo.SLUG}/"
PAGES = {
    "home": HOME,
    "settings": f"{HOME}settings/",
    "members": f"{HOME}members/",
    "calls": f"{HOME}calls/",
    "live-calls": f"{HOME}calls/live/",
    "try-call": f"{HOME}calls/try/",
    "broadcasts": f"{HOME}broadcasts/",
    "broadcast-new": f"{HOME}broadcasts/new/",
    "contacts": f"{HOME}contacts/",
    "inbox": f"{HOME}inbox/",
    "templates": f"{HOME}templates/",
    "senders": f"{HOME}senders/",
    "account": "/accounts/2fa/",
    "password": "/accounts/password/change/",
}
"""The pages of somebody who is signed in. What is not here is not looked at: add a page's line with the page."""
DOORS = {"sign-in": "/accounts/login/", "forgotten": "/accounts/password/reset/", "nowhere": "/no/such/page/"}
ADMIN = {
    "admin": "/admin/",
    "admin-businesses": "/admin/businesses/business/",
    "admin-members": "/admin/businesses/membership/",
    "admin-calls": "/admin/calls/call/",
}


def is_there() -> bool:
    """Whether this machine has Chromium."""
    return Path(CHROMIUM).exists()


@contextmanager
def chromium(*more: str) -> Iterator[Browser]:
    """One browser, with more arguments if given."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *more])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def demo_server(migrated_database: MigratedDatabase, **variables: str) -> Iterator[Daphne]:
    """A served installation with the demo business; `variables` of its environment."""
    with (
        tempfile.TemporaryDirectory() as folder,
        web_processes(Path(folder), migrated_database) as start,
    ):
        daphne = start(beside=None, **variables)
        daphne.manage("shell", "-c", "from frontdesk import demo; demo.seed()")
        yield daphne


@contextmanager
def context(
    browser: Browser, url: str, *, language: str, width: int = 1280, scripts: bool = True
) -> Iterator[BrowserContext]:
    """Somebody's window: language and width."""
    window = browser.new_context(
        base_url=url, viewport={"width": width, "height": 900}, java_script_enabled=scripts, reduced_motion="reduce"
    )
    window.add_cookies([{"name": "django_language", "value": language, "url": url}])
    try:
        yield window
    finally:
        window.close()


def sign_in(page: Page) -> None:
    """Sign in as the demo's owner."""
    page.goto("/accounts/login/")
    page.fill("input[name=login]", demo.OWNER_EMAIL)
    page.fill("input[name=password]", demo.OWNER_PASSWORD)
    page.click("form[novalidate] button.main")
    page.wait_for_url(f"**{HOME}")
