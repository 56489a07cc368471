"""The settings as an owner uses them: Save is in view, errors lead to their fields, changes aren't lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Dialog, expect

from testing import browser as tools
from testing.servers import Daphne

pytestmark = pytest.mark.timeout(300)
SETTINGS = tools.HOME + "settings/"
SAVE = "main form .save button.main"


@pytest.mark.parametrize("language", tools.LANGUAGES)
def test_save_is_in_view_errors_lead_to_their_fields_and_leaving_asks(
    server: Daphne, chromium: Browser, language: str
) -> None:
    with tools.context(chromium, server.url, language=language) as window:
        page = window.new_page()
        tools.sign_in(page)
        page.goto(SETTINGS)
        expect(page.locator(SAVE)).to_be_in_viewport()
        asked: list[str] = []

        def stay(dialog: Dialog) -> None:
            asked.append(dialog.type)
            dialog.dismiss()

        page.on("dialog", stay)
        page.click(".side nav a >> nth=1")  # nothing was changed
        page.wait_for_url("**/calls/")
        page.goto(SETTINGS)
        page.fill("[name=fallback_number]", "12")
        page.click(".side nav a >> nth=1", no_wait_after=True)
        page.wait_for_function("document.hasFocus()")
        expect(page.locator("[name=fallback_number]")).to_have_value("12")
        page.click(SAVE)
        link = page.locator(".note.error a")
        expect(link).to_have_count(1)
        link.click()
        expect(page.locator("[name=fallback_number]")).to_be_in_viewport()
        assert asked == ["beforeunload"]
