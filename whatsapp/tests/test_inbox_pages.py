"""Pages of the inbox, of templates and of the business's numbers."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from businesses.models import Business, Role
from businesses.tenancy import acting_for
from whatsapp.models import Contact, DirectMessage, InboundMessage, MessageTemplate, Sender, WebhookNews
from whatsapp.pages.template_list import language_in_words
from whatsapp.providers.events import Inbound
from whatsapp.reasons import Cause, reason
from whatsapp.tests.conftest import NOW, Make, member
from whatsapp.tests.test_people_pages import text_of
from whatsapp.webhooks.origin import INSTALLATION
from whatsapp.webhooks.people import receive

DANA = "+972501234567"
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _at_nine() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def stranger(clinic: Business) -> Client:
    return member(Business.objects.create(name="Other", slug="other"), Role.OWNER)


def wrote(sender: Sender, text: str, *, ago: timedelta = HOUR, phone: str = DANA) -> Contact:
    event = Inbound(sender.number_id, uuid.uuid4().hex, NOW - ago, "text", phone=phone, text=text)
    news = WebhookNews(provider=sender.provider, verified_by=INSTALLATION)
    assert receive(news, event, [], NOW)
    return Contact.objects.get(phone=phone)


def test_threads_stand_in_order_and_say_who_waits(staff: Client, sender: Sender) -> None:
    tal = wrote(sender, "hello?", ago=2 * HOUR, phone="+972529999999")
    dana = wrote(sender, "what does it cost?")
    noa = wrote(sender, "stop", ago=3 * HOUR, phone="+972528888888")
    staff.post(f"/b/clinic/inbox/{tal.pk}/answer/", {"form": str(uuid.uuid4()), "text": "Hi"})
    page = staff.get("/b/clinic/inbox/")
    assert [(person.pk, waits) for person, _message, waits in page.context["threads"]] == [
        (dana.pk, True),
        (tal.pk, False),
        (noa.pk, False),
    ]
    assert "Opt-out" in text_of(page)
    only = staff.get("/b/clinic/inbox/?show=unanswered")
    assert [person.pk for person, _message, _waits in only.context["threads"]] == [dana.pk]
    wrote(sender, "and?", ago=timedelta(0), phone="+972529999999")
    assert staff.get("/b/clinic/inbox/").context["threads"][0][2] is True


def test_a_double_click_answers_once(staff: Client, sender: Sender) -> None:
    dana = wrote(sender, "what does it cost?")
    page = staff.get(f"/b/clinic/inbox/{dana.pk}/")
    form = {"form": str(page.context["form"]["form"].value()), "text": "30 shekels"}
    for _ in range(2):
        assert staff.post(f"/b/clinic/inbox/{dana.pk}/answer/", form).status_code == 302
    answer = DirectMessage.objects.get()
    assert (answer.text, answer.address, answer.kind, str(answer.created_by)) == (
        "30 shekels",
        DANA,
        "reply",
        "staff@clinic.test",
    )
    assert "30 shekels" in text_of(staff.get(f"/b/clinic/inbox/{dana.pk}/"))


@pytest.mark.parametrize(
    ("ago", "is_open"), [(timedelta(0), True), (24 * HOUR - timedelta(seconds=1), True), (24 * HOUR, False)]
)
def test_answering_is_open_for_24_hours(ago: timedelta, is_open: bool, staff: Client, sender: Sender) -> None:
    dana = wrote(sender, "hello", ago=ago)
    page = staff.get(f"/b/clinic/inbox/{dana.pk}/")
    assert page.context["is_open"] is is_open
    assert ("/answer/" in text_of(page)) is is_open
    assert ("more than 24 hours old" in text_of(page)) is not is_open
    answer = staff.post(f"/b/clinic/inbox/{dana.pk}/answer/", {"form": str(uuid.uuid4()), "text": "kept words"})
    assert answer.status_code == (302 if is_open else 422)
    assert DirectMessage.objects.count() == is_open
    if not is_open:
        assert "24 hours" in answer.context["form"].errors["text"][0]
        assert "kept words" in text_of(answer)


@pytest.mark.parametrize("form", [{"text": ""}, {"text": "x" * 4097}, {"text": "x", "form": "no uuid"}])
def test_a_bad_answer_is_refused_and_kept(form: dict[str, str], staff: Client, sender: Sender) -> None:
    dana = wrote(sender, "hello")
    answer = staff.post(f"/b/clinic/inbox/{dana.pk}/answer/", {"form": str(uuid.uuid4()), **form})
    assert answer.status_code == 422
    assert not DirectMessage.objects.exists()


def test_a_number_that_can_not_send_says_why(staff: Client, sender: Sender) -> None:
    dana = wrote(sender, "hello")
    Sender.objects.update(health="blocked", **reason(Cause.OTHER, text="The token has run out.").kept())
    answer = staff.post(f"/b/clinic/inbox/{dana.pk}/answer/", {"form": str(uuid.uuid4()), "text": "x"})
    assert answer.status_code == 422
    assert "The token has run out." in answer.context["form"].errors["text"][0]


def test_a_thread_shows_the_broadcast_that_it_answers(staff: Client, sender: Sender, make: Make) -> None:
    broadcast = make(name="Spring")
    broadcast.recipients.update(status="read", accepted_at=NOW - 2 * HOUR)
    dana = wrote(sender, "yes please")
    said = staff.get(f"/b/clinic/inbox/{dana.pk}/").context["said"]
    assert [(each.is_ours, each.broadcast, each.text) for each in said] == [
        (True, broadcast, ""),
        (False, broadcast, "yes please"),
    ]
    assert said[0].bubble.body == "Hi Dana"
    assert said[0].state == "Read"


def test_polling_brings_what_is_new_and_nothing_otherwise(staff: Client, sender: Sender) -> None:
    dana = wrote(sender, "old", ago=30 * HOUR)
    here = f"/b/clinic/inbox/{dana.pk}/messages/"
    seen = staff.get(f"/b/clinic/inbox/{dana.pk}/").context["seen"]
    assert staff.get(here, {"seen": seen, "open": "0"}).status_code == 204
    wrote(sender, "new words")
    assert staff.get(here, {"seen": seen, "open": "0"})["HX-Refresh"] == "true"
    assert "new words" in text_of(staff.get(here, {"seen": seen, "open": "1"}))


def test_a_message_is_text_and_never_markup(staff: Client, sender: Sender) -> None:
    dana = wrote(sender, "<script>alert(1)</script>")
    for path in (f"/b/clinic/inbox/{dana.pk}/", "/b/clinic/inbox/"):
        assert "<script>alert" not in text_of(staff.get(path))


def test_what_is_anothers_does_not_exist(
    stranger: Client, sender: Sender, template: MessageTemplate, clinic: Business
) -> None:
    dana = wrote(sender, "hello")
    pages = (f"inbox/{dana.pk}/", f"inbox/{dana.pk}/messages/", f"templates/{template.pk}/")
    for path in pages:
        assert [stranger.get(f"/b/{slug}/{path}").status_code for slug in ("clinic", "other")] == [404, 404]
    for path in (f"inbox/{dana.pk}/answer/", f"senders/{sender.pk}/check/"):
        form = {"form": str(uuid.uuid4()), "text": "x"}
        assert [stranger.post(f"/b/{slug}/{path}", form).status_code for slug in ("clinic", "other")] == [404, 404]
    assert stranger.get("/b/other/inbox/").context["threads"] == []
    assert stranger.get("/b/other/templates/").context["shown"] == []
    with acting_for(clinic):
        assert not DirectMessage.objects.exists()


@pytest.mark.parametrize(
    ("code", "words"), [("en_US", "English (US)"), ("he", "Hebrew"), ("pt_BR", "Portuguese (BR)"), ("xx_YY", "xx_YY")]
)
def test_languages_in_words(code: str, words: str) -> None:
    assert language_in_words(code) == words


def test_templates_are_listed_filtered_and_shown(staff: Client, template: MessageTemplate) -> None:
    page = staff.get("/b/clinic/templates/")
    assert [each["template"] for each in page.context["shown"]] == [template]
    assert "Hi {{first_name}}" in text_of(page)
    assert staff.get("/b/clinic/templates/", {"category": "UTILITY"}).context["shown"] == []
    assert len(staff.get("/b/clinic/templates/", {"q": "spring s", "status": "APPROVED"}).context["shown"]) == 1
    one = staff.get(f"/b/clinic/templates/{template.pk}/")
    assert (one.context["variables"], one.context["language"]) == (["first_name"], "English (US)")


def test_without_a_number_the_pages_say_what_to_do(staff: Client, clinic: Business) -> None:
    assert "Connect a WhatsApp number first" in text_of(staff.get("/b/clinic/templates/"))
    assert "An owner of the business can connect one here." in text_of(staff.get("/b/clinic/senders/"))
    answer = staff.post("/b/clinic/templates/fetch/", follow=True)
    assert "Connect a WhatsApp number first." in text_of(answer)


def test_templates_that_can_not_be_fetched_say_why(staff: Client, sender: Sender, settings: Any) -> None:
    settings.WHATSAPP_API_URL = "http://127.0.0.1:9/v25.0"
    answer = staff.post("/b/clinic/templates/fetch/", follow=True)
    assert "the templates could not be fetched" in text_of(answer)
    assert not MessageTemplate.objects.exists()


def test_the_stand_in_is_tried_where_nothing_is_at_stake(clinic: Business, settings: Any) -> None:
    owner = member(clinic, Role.OWNER)
    settings.DEBUG = False
    assert owner.post("/b/clinic/senders/try/").status_code == 404
    assert "/senders/try/" not in text_of(owner.get("/b/clinic/senders/"))
    settings.DEBUG = True
    assert "/senders/try/" in text_of(owner.get("/b/clinic/senders/"))
    assert owner.post("/b/clinic/senders/try/").status_code == 302
    assert Sender.objects.get().provider == "sandbox"
    assert MessageTemplate.objects.count() == 5


def test_staff_see_numbers_and_change_nothing(staff: Client, sender: Sender, settings: Any) -> None:
    settings.DEBUG = True
    Sender.objects.update(health="blocked", **reason(Cause.OTHER, text="The token has run out.").kept())
    page = text_of(staff.get("/b/clinic/senders/"))
    assert "The token has run out." in page
    assert "a-token" not in page
    assert "/check/" not in page
    assert staff.post(f"/b/clinic/senders/{sender.pk}/check/").status_code == 404
    assert staff.post("/b/clinic/senders/try/").status_code == 404


def test_lists_do_not_ask_more_for_more_rows(staff: Client, sender: Sender, make: Make) -> None:
    make()

    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert staff.get(path).status_code == 200
        return len(asked)

    dana = wrote(sender, "hello")
    paths = [
        "/b/clinic/inbox/",
        f"/b/clinic/inbox/{dana.pk}/",
        "/b/clinic/templates/",
        f"/b/clinic/contacts/{dana.pk}/",
    ]
    for path in paths:
        queries(path)  # what pages remember for the next is remembered
    few = [queries(path) for path in paths]
    for number in range(8):
        wrote(sender, "hello", phone=f"+97252{number:07d}")
        wrote(sender, "again")
    assert InboundMessage.objects.count() == 17
    assert [queries(path) for path in paths] == few
    assert max(few) <= 12
