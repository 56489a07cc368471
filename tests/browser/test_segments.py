"""A segment is saved, used in a weekly broadcast, and its next dates are looked at: in a real Chromium, as staff do."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from testing import browser as tools
from testing.servers import Daphne
from testing.ways import HOME, submit
from tests.browser.test_pages import troubles

pytestmark = pytest.mark.timeout(300)
TEMPLATE = {"en": "en_US", "he": "he"}
WORDS = {
    "en": {"one": "1 person now", "chosen": "1 person is chosen", "sunday": "Sunday", "active": "Active"},
    "he": {"one": "אדם אחד כרגע", "chosen": "אדם אחד", "sunday": "ראשון", "active": "פעילה"},
}
SAVE = "main form button.main"


def add_contact(page: Page, language: str, tag: str) -> None:
    page.goto(f"{HOME}contacts/new/")
    page.fill("input[name=phone]", "+972501003001" if language == "en" else "+972501003002")
    page.fill("input[name=name]", "Dana Levi")
    page.fill("input[name=tags]", tag)
    submit(page)


@pytest.mark.parametrize("language", tools.LANGUAGES)
def test_a_segment_gets_a_weekly_broadcast(server: Daphne, chromium: Browser, language: str) -> None:
    words, tag = WORDS[language], f"vip-{language}"
    with tools.context(chromium, server.url, language=language, width=390) as window:
        page = window.new_page()
        page.on("dialog", lambda dialog: dialog.accept())
        tools.sign_in(page)
        add_contact(page, language, tag)
        page.goto(f"{HOME}contacts/segments/new/")
        page.check(f"input[name=any_tags][value={tag}]")
        expect(page.locator("form p[role=status]")).to_contain_text(words["one"])
        page.fill("input[name=name]", f"Our {tag}")
        submit(page, SAVE)
        page.get_by_role("row", name=f"Our {tag}").get_by_role("link", name="1", exact=True).click()
        expect(page.locator("main table")).to_contain_text("Dana Levi")
        assert troubles(page, language) == []

        page.goto(f"{HOME}broadcasts/new/")
        page.get_by_role("button", name=f"appointment_reminder ({TEMPLATE[language]})").click()
        page.wait_for_url("**/edit/people/")
        page.check("input[name=source][value=segment]")
        page.select_option("select[name=segment]", label=f"Our {tag}")
        expect(page.locator("form p[role=status]")).to_contain_text(words["chosen"])
        submit(page)
        page.wait_for_url("**/edit/details/")
        for source in page.locator("select[name^=from_]").all():
            source.select_option("name")
        page.fill("input[name=name]", f"Weekly {language}")
        expect(page.locator("select[name=repeat_period]")).to_be_hidden()
        page.check("input[name=starts][value=repeat]")
        page.select_option("select[name=repeat_period]", "weekly")
        expect(page.locator("input[name=repeat_day]")).to_be_hidden()
        page.check("input[name=repeat_weekdays][value='6']")
        page.fill("input[name=repeat_at]", "09:00")
        assert troubles(page, language) == []
        submit(page)
        page.wait_for_url("**/broadcasts/series/*-*/")
        expect(page.locator("h1")).to_have_text(f"Weekly {language}")
        dates = page.locator("main ol li")
        expect(dates).to_have_count(5)
        for each in dates.all():
            expect(each).to_contain_text(words["sunday"])
            expect(each).to_contain_text("09:00")
        submit(page, "form[action$='/start/'] button")
        expect(page.locator("main .badge").first).to_have_text(words["active"])
        expect(dates).to_have_count(5)
        assert troubles(page, language) == []
        page.goto(f"{HOME}broadcasts/series/")
        expect(page.get_by_role("row", name=f"Weekly {language}")).to_contain_text(words["sunday"])
