"""An owner connects a WhatsApp number in a browser: wrong values first, then right ones, the address copied."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from testing import browser as tools
from testing.databases import MigratedDatabase
from testing.meta import ThreadedMeta, threaded_meta
from testing.servers import Daphne

pytestmark = pytest.mark.timeout(300)
ACCOUNT, NUMBER = "102290129340398", "106540352242922"
CONNECT = tools.HOME + "senders/connect/"
PICTURES = os.environ.get("PICTURES", "")
"""A folder for a picture of each step, in both widths."""


@pytest.fixture(scope="module")
def meta() -> Iterator[ThreadedMeta]:
    with threaded_meta() as server:
        server.owners["mine"] = {ACCOUNT: {NUMBER}}
        server.app_secrets["mine"] = "secret-of-my-app"
        server.expired.add("old")
        yield server


@pytest.fixture(scope="module")
def server(migrated_database: MigratedDatabase, meta: ThreadedMeta) -> Iterator[Daphne]:
    variables = {"WHATSAPP_API_URL": meta.url, "WHATSAPP_VERIFY_TOKEN": "verify-this-installation"}
    with tools.demo_server(migrated_database, **variables) as daphne:
        yield daphne


def look(page: Page, name: str, language: str) -> None:
    """Check the page with axe, and that nothing is cut off; keep pictures if asked."""
    assert tools.unfit(page) == []
    for width in tools.WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth"), (name, width)
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / f"{name}-{language}-{width}.png", full_page=True)


def enter(page: Page, **values: str) -> None:
    for name, value in values.items():
        page.fill(f"[name={name}]", value)
    with page.expect_navigation():
        page.click("main form.card button.main")


@pytest.mark.parametrize("language", tools.LANGUAGES)
def test_a_number_is_connected_by_its_owner(
    server: Daphne, chromium: Browser, meta: ThreadedMeta, language: str
) -> None:
    with tools.context(chromium, server.url, language=language) as window:
        window.grant_permissions(["clipboard-read", "clipboard-write"])
        page = window.new_page()
        tools.sign_in(page)
        page.goto(CONNECT)
        look(page, "1-choose", language)
        page.click("main a[href='?provider=cloud']")
        look(page, "2-form", language)
        enter(page, account_id=ACCOUNT, number_id=NUMBER, secret="old", app_secret="secret-of-my-app")
        expect(page.locator("#id_secret")).to_have_attribute("aria-invalid", "true")
        expect(page.locator("#id_secret")).to_have_value("")
        expect(page.locator("#id_number_id")).to_have_value(NUMBER)
        look(page, "3-refused", language)
        enter(page, secret="mine", app_secret="secret-of-my-app")
        expect(page.locator("h1")).to_contain_text("Demo Dental")
        look(page, "4-connected", language)
        copy = page.locator("button[data-copy]").first
        copy.click()
        assert page.evaluate("navigator.clipboard.readText()").endswith("/whatsapp/webhooks/cloud/")
        assert "verify-this-installation" in page.content()
        assert "secret-of-my-app" not in page.content()
        enter_token(page, "wrong")
        expect(page.locator("#id_secret")).to_have_attribute("aria-invalid", "true")
        look(page, "5-token-refused", language)
        page.click("details:not(.menu) > summary")
        with page.expect_navigation():
            page.click("button.danger")
        expect(page.locator(".note.success")).to_be_visible()
        look(page, "6-disconnected", language)


def enter_token(page: Page, token: str) -> None:
    page.fill("[name=secret]", token)
    with page.expect_navigation():
        page.click("form[action$='/token/'] button")


def test_twilio_without_scripts(server: Daphne, chromium: Browser) -> None:
    with tools.context(chromium, server.url, language="en", scripts=False) as window:
        page = window.new_page()
        tools.sign_in(page)
        page.goto(CONNECT + "?provider=twilio")
        enter(page, account_id="SK123", secret="token", number_id="12")
        expect(page.locator(".errorlist")).to_have_count(2)
