"""Figures on pages: one word is one number, whatever is finished says how, and what waits can be ended."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from testing import browser as tools
from testing.servers import Daphne

pytestmark = pytest.mark.timeout(300)
FILL = """
import json, uuid
from datetime import timedelta
from django.utils import timezone
from businesses.models import Business
from businesses.tenancy import acting_for
from calls.models import Call
from testing.broadcasts import addresses, make_broadcast
from whatsapp.models import BroadcastEvent, MessageTemplate, Recipient, Sender
business, now = Business.objects.get(slug="demo"), timezone.now()
with acting_for(business):
    sender = Sender.objects.first()
    template = MessageTemplate.objects.get(name="appointment_reminder", language="en_US")
    def made(name, states, **fields):
        broadcast = make_broadcast(sender, template, addresses(sum(states.values())), name=name, **fields)
        rows = iter(Recipient.objects.filter(broadcast=broadcast).order_by("pk"))
        for status, people in states.items():
            for row in [next(rows) for _each in range(people)]:
                taken = now if status in {"delivered", "read", "sent"} else None
                row.status, row.accepted_at = status, taken
                row.delivered_at = taken if status != "sent" else None
                row.skip_reason = "invalid_number" if status == "skipped" else ""
                row.next_attempt_at = now + timedelta(days=1) if status == "retry_wait" else None
                row.save()
        return broadcast
    flapped = made("Flapped", {"read": 5, "delivered": 4, "sent": 2, "failed": 1}, status="completed")
    for number in range(86):
        kind, data = ("paused", {"pause_reason": "quota_24h"}) if number % 2 == 0 else ("resumed", {})
        BroadcastEvent.objects.create(business=business, broadcast=flapped, at=now, kind=kind, data=data)
    ids = {
        "flapped": flapped.pk,
        "failed": made("Failed", {"failed": 2, "read": 1}, status="completed").pk,
        "draft": made("Draft", {"pending": 1, "skipped": 7}, status="draft", started_at=None).pk,
        "waiting_en": made("Waits", {"read": 5, "retry_wait": 1}).pk,
        "waiting_he": made("Waits too", {"read": 5, "retry_wait": 1}).pk,
    }
    for number in range(60):
        Call.objects.create(
            business=business, twilio_call_sid=uuid.uuid4().hex, caller_number="browser", status="ended",
            outcome="failed", started_at=now, ended_at=now,
        )
print(json.dumps({name: str(key) for name, key in ids.items()}))
"""
WORDS = {
    "en": {
        "delivered": "Delivered", "failures": "Completed with failures", "times": "43 times since",
        "none": "No calls yet", "dont_wait": "Don't wait for them", "one": "Send to 1 person?",
    },
    "he": {
        "delivered": "נמסרה", "failures": "הושלמה עם כשלים", "times": "43 פעמים מאז",
        "none": "עדיין אין שיחות", "dont_wait": "לא להמתין להם", "one": "לשלוח לאדם אחד?",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def broadcasts(server: Daphne) -> dict[str, str]:
    found: dict[str, str] = json.loads(server.manage("shell", "-v0", "-c", FILL).splitlines()[-1])
    return found


@pytest.fixture(params=tools.LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def page(server: Daphne, chromium: Browser, language: str) -> Iterator[Page]:
    with tools.context(chromium, server.url, language=language) as window:
        page = window.new_page()
        tools.sign_in(page)
        yield page


def numbers_named(page: Page, word: str) -> set[int]:
    """Every number on the page that stands beside exactly this word."""
    text = page.locator("#live").inner_text()
    return {int(number) for number in re.findall(rf"^{re.escape(word)}:?\s+(\d+)$", text, re.MULTILINE)}


def test_delivered_is_one_number_on_a_page(page: Page, broadcasts: dict[str, str], language: str) -> None:
    page.goto(f"{tools.HOME}broadcasts/{broadcasts['flapped']}/")
    assert numbers_named(page, WORDS[language]["delivered"]) == {9}
    page.locator("#live .funnel").get_by_role("link", name=WORDS[language]["delivered"], exact=True).click()
    expect(page.locator("main table.list tbody tr")).to_have_count(9)


def test_a_history_of_eighty_six_rows_is_one_line(page: Page, broadcasts: dict[str, str], language: str) -> None:
    page.goto(f"{tools.HOME}broadcasts/{broadcasts['flapped']}/")
    lines = page.locator("section[aria-labelledby=history] li")
    expect(lines).to_have_count(1)
    expect(lines).to_contain_text(WORDS[language]["times"])


def test_two_of_three_failed_is_not_green(page: Page, broadcasts: dict[str, str], language: str) -> None:
    page.goto(f"{tools.HOME}broadcasts/{broadcasts['failed']}/")
    badge = page.locator("main header .badge")
    expect(badge).to_have_text(WORDS[language]["failures"])
    expect(badge).to_have_class(re.compile("bad"))


def test_a_draft_shows_no_progress_and_asks_about_one_person(
    page: Page, broadcasts: dict[str, str], language: str
) -> None:
    page.goto(f"{tools.HOME}broadcasts/{broadcasts['draft']}/")
    expect(page.locator("#live progress")).to_have_count(0)
    asked: list[str] = []

    def refuse(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", refuse)
    page.locator("main header form[action$='/start/'] button").click(force=True)
    assert asked == [WORDS[language]["one"]]


def test_one_who_is_tried_again_tomorrow_can_be_given_up(page: Page, broadcasts: dict[str, str], language: str) -> None:
    page.goto(f"{tools.HOME}broadcasts/{broadcasts['waiting_' + language]}/")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name=WORDS[language]["dont_wait"]).click()
    expect(page.locator("main header .badge")).to_have_text(WORDS[language]["failures"])


def test_broken_tries_are_no_missed_calls(page: Page, broadcasts: dict[str, str]) -> None:
    page.goto(tools.HOME)
    figures = page.locator("section.figures .figure")
    expect(figures.nth(1)).to_have_text("0")


def test_page_nine_of_two_is_page_two(page: Page, broadcasts: dict[str, str], language: str) -> None:
    page.goto(f"{tools.HOME}calls/?page=9")
    expect(page.locator("main table.list tbody tr")).to_have_count(10)
    expect(page.locator("main")).not_to_contain_text(WORDS[language]["none"])
