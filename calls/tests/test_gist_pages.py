"""What a call was about on its page, in the list of calls and in the CSV; and its tasks, done and taken back there."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from businesses.models import Business
from businesses.tenancy import acting_for
from calls.followups import rescue, todo
from calls.models import AfterCalls, Sentiment, SummarySource
from calls.tests.conftest import NOW, make_business
from calls.tests.test_call_pages import address, make_ended, shown
from calls.tests.test_greeting_pages import client_of
from testing.markup import compact


@pytest.fixture
def business(db: None) -> Business:
    return make_business()


@pytest.fixture
def owner(business: Business) -> Client:
    return client_of(business)


def text_of(answer: Any) -> str:
    return compact(answer.content.decode())


def test_what_a_call_was_about_and_its_tasks_are_on_its_page(business: Business, owner: Client) -> None:
    follow_ups = [{"what": f"Send the {each}", "when": "today", "about": "other"} for each in ("invoice", "price list")]
    call = make_ended(
        business, summary="Asked for an invoice.", wishes="An invoice\nThe price list", follow_ups=follow_ups,
        sentiment=Sentiment.UNHAPPY,
    )  # fmt: skip
    with acting_for(business):
        task = todo.add_follow_up(business, call, place=0, what="Send the invoice", when="today", who="", now=NOW)
    page = owner.get(address(business, f"{call.pk}/"))
    assert ([task], ["Send the price list"]) == (
        page.context["tasks"],
        [each.what for each in page.context["untasked"]],
    )
    for part in ("An invoice", "Send the invoice", "Send the price list", "Unhappy", "By when:"):
        assert part in text_of(page)
    done = owner.post(f"/b/{business.slug}/tasks/{task.pk}/done/?back=call")
    assert done["Location"] == address(business, f"{call.pk}/#to-do")
    assert "Open it again" in text_of(owner.get(address(business, f"{call.pk}/")))
    owner.post(f"/b/{business.slug}/tasks/{task.pk}/reopen/?back=call")
    assert "Open it again" not in text_of(owner.get(address(business, f"{call.pk}/")))


def test_calls_are_found_by_mood_and_wishes_and_exported_with_them(business: Business, owner: Client) -> None:
    follow_up = {"what": "Send it", "when": "today", "about": "other"}
    unhappy = make_ended(
        business, summary="a", wishes="An invoice\n=1+1", sentiment=Sentiment.UNHAPPY, follow_ups=[follow_up]
    )
    make_ended(business, summary="b", sentiment=Sentiment.CONTENT)
    for query in ("?sentiment=unhappy", "?said=INVOICE"):
        assert shown(owner.get(address(business) + query)) == [unhappy]
    rows = owner.get(address(business, "calls.csv?sentiment=unhappy"))
    table = b"".join(rows.streaming_content if rows.streaming else [rows.content]).decode()  # type: ignore[attr-defined]
    assert table.rstrip().endswith('"a","An invoice\n=1+1","Send it (today)","Unhappy",""')


def test_a_summary_that_nobody_wrote_says_so(business: Business, owner: Client) -> None:
    call = make_ended(business, summary="Good morning", summary_source=SummarySource.EXTRACT)
    page = text_of(owner.get(address(business, f"{call.pk}/")))
    assert "No summary could be written." in page
    assert "Unknown" not in page


def test_owners_choose_whether_follow_ups_become_tasks(business: Business, owner: Client) -> None:
    page = f"/b/{business.slug}/settings/after-calls/"
    assert owner.post(page, {"part": "follow_ups"}).status_code == 302
    with acting_for(business):
        assert rescue.choices_of(business).follow_up_tasks is False
    owner.post(page, {"part": "follow_ups", "follow_up_tasks": "on"})
    with acting_for(business):
        assert AfterCalls.objects.get().follow_up_tasks is True
