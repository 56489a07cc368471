"""What a thread asks of the business: needs no answer, an opt-out, and finding it again."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from businesses.models import Business
from businesses.tenancy import acting_for
from whatsapp.inbox.wishes import wish_of
from whatsapp.models import Contact, DirectMessage, Sender, SuppressionCategory, SuppressionSource
from whatsapp.pages.conversations import count_waiting, threads, waiting
from whatsapp.people import suppressions
from whatsapp.tests.conftest import NOW
from whatsapp.tests.test_inbox_pages import DANA, HOUR, wrote
from whatsapp.tests.test_people_pages import text_of

TAL = "+972529999999"


@pytest.fixture(autouse=True)
def _at_nine() -> Any:
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield
    cache.clear()


def address(name: str, person: Contact) -> str:
    return reverse(name, args=["clinic", person.pk])


def shown(page: Any) -> list[Contact]:
    return [person for person, _message, _waits in page.context["threads"]]


def settle(staff: Client, person: Contact) -> Any:
    page = staff.get(address("thread", person))
    return staff.post(address("thread-settle", person), {"message": page.context["contact"].last_said_id})


def test_what_needs_no_answer_waits_for_none_until_they_write_again(
    staff: Client, sender: Sender, clinic: Business
) -> None:
    dana = wrote(sender, "thanks!")
    assert "Needs no answer" in text_of(staff.get(address("thread", dana)))
    assert settle(staff, dana).status_code == 302
    with acting_for(clinic):
        assert not waiting(clinic, now=NOW).exists()
        assert not threads(clinic, only_unanswered=True).exists()
        assert count_waiting(clinic) == 0
    page = staff.get(reverse("inbox", args=["clinic"]))
    assert [waits for _person, _message, waits in page.context["threads"]] == [False]
    assert "people wait for a reply" not in text_of(page), "the badge follows at once"
    wrote(sender, "one more thing", ago=timedelta(0))
    with acting_for(clinic):
        assert [each.pk for each in waiting(clinic, now=NOW)] == [dana.pk]
    assert staff.get(address("thread", dana)).context["is_settled"] is False


def test_it_can_be_taken_back(staff: Client, sender: Sender, clinic: Business) -> None:
    dana = wrote(sender, "thanks!")
    settle(staff, dana)
    assert "Undo" in text_of(staff.get(address("thread", dana)))
    assert staff.post(address("thread-reopen", dana) + "?show=unanswered")["Location"].endswith("?show=unanswered")
    with acting_for(clinic):
        assert [each.pk for each in waiting(clinic, now=NOW)] == [dana.pk]


def test_a_message_that_came_meanwhile_is_not_settled(staff: Client, sender: Sender, clinic: Business) -> None:
    dana = wrote(sender, "thanks!")
    seen = staff.get(address("thread", dana)).context["contact"].last_said_id
    wrote(sender, "wait, where are you?", ago=timedelta(0))
    staff.post(address("thread-settle", dana), {"message": seen})
    with acting_for(clinic):
        assert [each.pk for each in waiting(clinic, now=NOW)] == [dana.pk]


@pytest.mark.parametrize("message", ["", "no id", str(uuid.UUID(int=0))])
def test_only_a_message_of_theirs_settles(message: str, staff: Client, sender: Sender) -> None:
    dana, tal = wrote(sender, "hello"), wrote(sender, "hi", phone=TAL)
    for given in (message, tal.inbound_messages.values_list("pk", flat=True)[0]):
        assert staff.post(address("thread-settle", dana), {"message": given}).status_code == 302
    dana.refresh_from_db()
    assert dana.settled_until is None


def test_an_open_page_hears_that_a_colleague_settled_it(staff: Client, sender: Sender) -> None:
    dana = wrote(sender, "thanks!")
    seen = staff.get(address("thread", dana)).context["seen"]
    settle(staff, dana)
    news = text_of(staff.get(address("thread-messages", dana), {"seen": seen, "open": "1"}))
    assert 'hx-swap-oob="true"' in news
    assert address("thread-reopen", dana) in news


@pytest.mark.parametrize(
    ("category", "wrote_since", "words", "may_answer"),
    [
        (SuppressionCategory.ALL, False, "nothing may be sent to them", False),
        (SuppressionCategory.ALL, True, "you may answer what they ask", True),
        (SuppressionCategory.MARKETING, False, "send templates that are no marketing", True),
    ],
)
def test_a_thread_says_what_an_opt_out_allows(
    category: SuppressionCategory,
    wrote_since: bool,
    words: str,
    may_answer: bool,
    staff: Client,
    sender: Sender,
    clinic: Business,
) -> None:
    dana = wrote(sender, "hello")
    assert staff.get(address("thread", dana)).context["wish"] is None
    with acting_for(clinic):
        suppressions.suppress(
            clinic, DANA, category=category, source=SuppressionSource.REPLY, now=NOW - timedelta(minutes=30)
        )
        if wrote_since:
            wrote(sender, "when is my appointment?", ago=timedelta(minutes=10))
        wish = wish_of(clinic, [DANA])
    assert wish is not None
    assert wish.is_silent is not may_answer
    page = staff.get(address("thread", dana))
    assert words in text_of(page)
    assert "They replied with an opt-out word" in text_of(page)
    assert page.context["is_open"] is may_answer
    sent = staff.post(address("thread-answer", dana), {"form": str(uuid.uuid4()), "text": "At nine."})
    assert (sent.status_code, DirectMessage.objects.count()) == ((302, 1) if may_answer else (422, 0))


def test_threads_are_found_by_name_number_and_words_of_either_side(staff: Client, sender: Sender) -> None:
    dana, tal = wrote(sender, "Where do I park the car?"), wrote(sender, "hello", phone=TAL)
    wrote(sender, "thanks", ago=timedelta(0))
    Contact.objects.filter(pk=tal.pk).update(name="Tal Cohen")
    staff.post(address("thread-answer", tal), {"form": str(uuid.uuid4()), "text": "Bring the X-ray"})
    inbox = reverse("inbox", args=["clinic"])
    found = {text: shown(staff.get(inbox, {"q": text})) for text in ("cohen", "052-9999", "X-RAY", "park", "zebra")}
    assert found == {"cohen": [tal], "052-9999": [tal], "X-RAY": [tal], "park": [dana], "zebra": []}
    page = text_of(staff.get(inbox, {"q": "park"}))
    assert "Where do I park the car?" in page
    assert "every 10s" not in page, "a search is not repeated by itself"
    assert f"{address('thread', dana)}?q=park" in page
    assert staff.get(inbox, {"q": "a\0b", "show": "no such"}).status_code == 200
    assert shown(staff.get(inbox, {"q": "cohen", "show": "unanswered"})) == []


def test_a_members_place_in_the_inbox_goes_with_them(staff: Client, sender: Sender) -> None:
    dana = wrote(sender, "where?", ago=2 * HOUR)
    here = address("thread-answer", dana) + "?show=unanswered"
    answer = staff.post(here, {"form": str(uuid.uuid4()), "text": "Here."})
    assert answer["Location"] == address("thread", dana) + "?show=unanswered"


def test_the_list_stands_beside_a_thread_and_asks_for_news(staff: Client, sender: Sender) -> None:
    dana, tal = wrote(sender, "where?", ago=2 * HOUR), wrote(sender, "hello", phone=TAL)
    staff.post(address("thread-answer", tal), {"form": str(uuid.uuid4()), "text": "Hi"})
    page = staff.get(address("thread", tal))
    assert [(person.pk, person.waits, person.shown_text) for person in page.context["beside"]] == [
        (tal.pk, False, "hello"),
        (dana.pk, True, "where?"),
    ]
    assert text_of(page).count('aria-current="page"') == 2, "in the navigation, and in the list"
    news = staff.get(address("thread-list", tal), {"show": "unanswered"})
    assert f"{address('thread', dana)}?show=unanswered" in text_of(news)
    assert address("thread", tal) not in text_of(news).replace(address("thread-list", tal), "")
