"""Templates are written on a page, handed over once, followed, corrected and deleted, against a stand-in for Meta."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from businesses.models import AuditEntry, Business, Role
from testing.broadcasts import make_broadcast, make_sender, make_template
from testing.meta import ThreadedMeta, threaded_meta
from whatsapp.models import Broadcast, MessageTemplate, Recipient, Sender, TemplateStatus
from whatsapp.numbers import template_sync, template_writing
from whatsapp.providers.base import ProviderUnavailable
from whatsapp.template_drafting import WrittenTemplate
from whatsapp.tests.conftest import NOW
from whatsapp.tests.test_connecting_pages import browser

BODY = "Hi {{first_name}}, everything for your garden costs less this week."
FORM = {
    "name": "Garden week!",
    "language": "en_US",
    "category": "MARKETING",
    "header": "Spring",
    "body": BODY,
    "footer": "Garden Shop",
    "reply_1": "Thanks",
    "reply_2": "No, thank you",
    "opts_out": "2",
    "sample_first_name": "Dana",
}
WRITTEN = WrittenTemplate("spring", "en_US", "MARKETING", BODY, samples={"first_name": "Dana"})


@pytest.fixture
def meta(settings: Any) -> Iterator[ThreadedMeta]:
    with threaded_meta() as server:
        settings.WHATSAPP_API_URL = server.url
        yield server


@pytest.fixture
def owner(clinic: Business) -> Client:
    return browser(clinic, Role.OWNER)


def page(name: str, *rows: Any) -> str:
    return reverse(name, args=["clinic", *(row.pk for row in rows)])


def hand_over(owner: Client, sender: Sender, **changed: str) -> Any:
    return owner.post(page("template-new"), {**FORM, "account": str(sender.pk), **changed})


def errors(answer: Any) -> dict[str, str]:
    assert answer.status_code == 422
    return {name: str(found[0]) for name, found in answer.context["form"].errors.items()}


def test_a_template_is_handed_over_and_followed(owner: Client, sender: Sender, meta: ThreadedMeta) -> None:
    answer = hand_over(owner, sender)
    made = MessageTemplate.objects.get()
    assert answer["Location"] == page("template", made)
    assert (made.name, made.language, made.status, made.category) == ("garden_week", "en_US", "PENDING", "MARKETING")
    assert made.button_marks == {"No, thank you": "opt_out"}
    (posted,) = meta.posted
    assert posted == {
        "name": "garden_week",
        "language": "en_US",
        "category": "MARKETING",
        "parameter_format": "NAMED",
        "components": [
            {"type": "HEADER", "format": "TEXT", "text": "Spring"},
            {
                "type": "BODY",
                "text": BODY,
                "example": {"body_text_named_params": [{"param_name": "first_name", "example": "Dana"}]},
            },
            {"type": "FOOTER", "text": "Garden Shop"},
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "QUICK_REPLY", "text": "Thanks"},
                    {"type": "QUICK_REPLY", "text": "No, thank you"},
                ],
            },
        ],
    }
    waits = owner.get(page("template-status", made) + "?was=PENDING")
    assert (waits.status_code, waits.get("HX-Refresh")) == (204, None)
    meta.review("garden_week", "APPROVED")
    template_sync.sync(sender, now=NOW)
    made.refresh_from_db()
    assert (made.status, made.version) == ("APPROVED", 1)
    assert made.button_marks == {"No, thank you": "opt_out"}
    assert owner.get(page("template-status", made) + "?was=PENDING")["HX-Refresh"] == "true"
    assert [(each.kind, each.details) for each in AuditEntry.objects.all()] == [
        ("template_changed", {"name": "garden_week (en_US)", "what": "made"})
    ]


def test_handing_it_over_twice_makes_one(owner: Client, sender: Sender, meta: ThreadedMeta) -> None:
    hand_over(owner, sender)
    again = hand_over(owner, sender)
    assert again["Location"] == page("template", MessageTemplate.objects.get(name="garden_week"))
    assert len([each for each in meta.templates.templates if each.name == "garden_week"]) == 1


def test_a_lost_answer_is_no_second_template(owner: Client, sender: Sender, meta: ThreadedMeta) -> None:
    meta.vanishes = True
    lost = hand_over(owner, sender)
    assert "Try again later" in errors(lost)["__all__"]
    assert not MessageTemplate.objects.exists()
    meta.vanishes = False
    other = hand_over(owner, sender, body="Hello {{first_name}}, this is quite another text for you.")
    assert "already" in errors(other)["name"]
    hand_over(owner, sender)
    assert MessageTemplate.objects.get().status == "PENDING"
    assert len([each for each in meta.templates.templates if each.name == "garden_week"]) == 1


def test_a_name_with_another_text_is_taken(owner: Client, sender: Sender, meta: ThreadedMeta) -> None:
    hand_over(owner, sender)
    other = hand_over(owner, sender, body="Hello {{first_name}}, this is quite another text for you.")
    assert "already" in errors(other)["name"]
    assert MessageTemplate.objects.count() == 1


def test_what_meta_says_is_told(owner: Client, sender: Sender, meta: ThreadedMeta) -> None:
    meta.changes_left = 0
    assert "in an hour" in errors(hand_over(owner, sender))["__all__"]
    meta.changes_left, meta.leaving = 9, {"garden_week"}
    assert "some weeks" in errors(hand_over(owner, sender))["name"]
    assert not MessageTemplate.objects.exists()


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"name": "מבצע"}, "name", "Write something"),
        ({"header": "Sale 🌷"}, "header", "No emoji"),
        ({"body": "{{1}} is here, come and see"}, "body", "begin or end"),
        ({"sample_first_name": ""}, "body", "example for {{first_name}}"),
        ({"footer": "x" * 61}, "footer", "At most 60"),
        ({"reply_1": "x" * 26}, "reply_1", "At most 25"),
        ({"reply_2": ""}, "opts_out", "no text"),
        ({"url": "https://example.com"}, "url_text", "stands on the button"),
        ({"category": "OTHER"}, "category", "valid choice"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    typed: dict[str, str], field: str, says: str, owner: Client, sender: Sender, meta: ThreadedMeta
) -> None:
    assert says in errors(hand_over(owner, sender, **typed))[field]
    assert meta.posted == []


def test_a_rejected_one_is_corrected_and_handed_over_again(owner: Client, sender: Sender, meta: ThreadedMeta) -> None:
    hand_over(owner, sender)
    meta.review("garden_week", "REJECTED", "PROMOTIONAL")
    template_sync.sync(sender, now=NOW)
    made = MessageTemplate.objects.get(name="garden_week")
    assert (made.status, made.status_detail) == ("REJECTED", "PROMOTIONAL")
    text = owner.get(page("template", made)).content.decode()
    assert "as utility it must be about an order" in text
    assert page("template-change", made) in text
    form = owner.get(page("template-change", made)).context["form"]
    assert (form.initial["body"], form.initial["sample_first_name"], form.initial["opts_out"]) == (BODY, "Dana", "2")
    changed = {**FORM, "body": BODY + " Come by!", "category": "UTILITY"}
    owner.post(page("template-change", made), changed)
    made.refresh_from_db()
    assert (made.status, made.status_detail, made.category, made.version) == ("PENDING", "", "UTILITY", 2)
    refused = owner.post(page("template-change", made), changed)
    assert refused["Location"] == page("template", made)
    assert len(meta.posted) == 2


def test_a_copy_begins_with_the_same_text_and_a_free_name(owner: Client, sender: Sender, meta: ThreadedMeta) -> None:
    like = make_template(sender, name="sale_2")
    initial = owner.get(page("template-new") + f"?like={like.pk}").context["form"].initial
    assert (initial["name"], initial["body"]) == ("sale_2_2", "Hi {{first_name}}")


def test_deleting_says_what_uses_it_and_pauses_that(owner: Client, sender: Sender, meta: ThreadedMeta) -> None:
    hand_over(owner, sender)
    made = MessageTemplate.objects.get()
    MessageTemplate.objects.update(status=TemplateStatus.APPROVED)
    broadcast = make_broadcast(sender, made, ["+972501234567"])
    assert broadcast.name in owner.get(page("template", made)).content.decode()
    owner.post(page("template-delete", made))
    made.refresh_from_db()
    broadcast.refresh_from_db()
    assert (made.status, broadcast.status, broadcast.pause_reason) == ("DELETED", "paused", "template")
    assert not [each for each in meta.templates.templates if each.name == "garden_week"]
    owner.post(page("template-delete", made))  # a second click
    assert AuditEntry.objects.filter(kind="template_changed", details__what="deleted").exists()


def test_without_an_answer_it_is_not_deleted(owner: Client, sender: Sender, settings: Any) -> None:
    made = make_template(sender)
    settings.WHATSAPP_API_URL = "http://127.0.0.1:9/v25.0"
    owner.post(page("template-delete", made))
    made.refresh_from_db()
    assert made.status == "APPROVED"


def test_the_list_shows_what_came_of_each(owner: Client, sender: Sender) -> None:
    made = make_template(sender)
    make_template(sender, name="never_sent", provider_template_id="78")
    broadcast = make_broadcast(sender, made, ["+972501234567", "+972521234567", "+972541234567"])
    Broadcast.objects.filter(pk=broadcast.pk).update(started_at=timezone.now())
    first, second, _third = Recipient.objects.filter(broadcast=broadcast)
    Recipient.objects.filter(pk=first.pk).update(status="read")
    Recipient.objects.filter(pk=second.pk).update(status="delivered")
    shown = {each["template"].name: each["results"] for each in owner.get(page("templates")).context["shown"]}
    assert shown["never_sent"] is None
    assert {str(figure.value): people for figure, people in shown["spring_sale"].people.items()} == {
        "taken": 2,
        "delivered": 2,
        "read": 1,
        "replied": 0,
        "opted_out": 0,
    }


def test_the_preview_shows_what_was_written_so_far(owner: Client, sender: Sender) -> None:
    shown = owner.post(page("template-preview"), FORM).content.decode()
    assert "Hi Dana, everything" in shown
    fields = owner.post(page("template-preview") + "?part=samples", FORM).content.decode()
    assert 'name="sample_first_name" value="Dana"' in fields


def test_without_a_number_at_meta_the_page_says_where_templates_are_written(owner: Client, clinic: Business) -> None:
    assert owner.get(page("template-new"))["Location"] == page("senders")
    make_sender(clinic, provider="twilio", number_id="+972501234567", account_id="AC1")
    answer = owner.get(page("template-new"), follow=True)
    assert answer.redirect_chain == [(page("templates"), 302)]
    assert "written in its console" in answer.content.decode()
    assert page("template-new") not in answer.content.decode()


def test_staff_read_templates_and_write_none(clinic: Business, sender: Sender) -> None:
    staff, made = browser(clinic, Role.STAFF), make_template(sender)
    assert page("template-new") not in staff.get(page("templates")).content.decode()
    assert "<details>" not in staff.get(page("template", made)).content.decode().split("<main")[1]
    assert staff.get(page("template-new")).status_code == 404
    assert staff.post(page("template-delete", made)).status_code == 404
    assert MessageTemplate.objects.get().status == "APPROVED"


def test_the_stand_in_on_this_machine_takes_reviews_and_forgets(owner: Client, clinic: Business, settings: Any) -> None:
    settings.DEBUG = True
    sandbox = make_sender(clinic, provider="sandbox", number_id="s", account_id="s")
    hand_over(owner, sandbox)
    hand_over(owner, sandbox, name="bad", body="Hello {{first_name}}, come to our casino for a good time.")
    good, bad = (MessageTemplate.objects.get(name=name) for name in ("garden_week", "bad"))
    assert owner.get(page("template-status", good) + "?was=PENDING")["HX-Refresh"] == "true"
    good.refresh_from_db()
    bad.refresh_from_db()
    assert (good.status, bad.status, bad.status_detail) == ("APPROVED", "REJECTED", "ABUSIVE_CONTENT")
    hand_over(owner, sandbox)
    assert "already" in errors(hand_over(owner, sandbox, footer="Another"))["name"]
    good.refresh_from_db()
    assert (good.status, MessageTemplate.objects.filter(name="garden_week").count()) == ("APPROVED", 1)
    owner.post(page("template-delete", good))
    template_sync.sync(sandbox, now=NOW)
    good.refresh_from_db()
    assert good.status == "DELETED"


def test_only_a_rejected_one_is_changed(sender: Sender, meta: ThreadedMeta) -> None:
    made = make_template(sender)
    with pytest.raises(Exception, match="Only a rejected"):
        template_writing.resubmit(made, sender, WRITTEN, now=NOW)
    with pytest.raises(ProviderUnavailable):
        template_writing.resubmit(replace_status(made), sender, WRITTEN, now=NOW)  # Meta does not know it
    assert len(meta.posted) == 1


def replace_status(template: MessageTemplate) -> MessageTemplate:
    template.status = TemplateStatus.REJECTED
    return template


def test_a_paused_one_says_why_in_words(owner: Client, sender: Sender) -> None:
    paused = make_template(sender)
    paused.status, paused.status_detail = TemplateStatus.PAUSED, "LOW_QUALITY"
    paused.save()
    text = owner.get(page("template", paused)).content.decode()
    assert "too many people blocked these messages" in text
    assert "LOW_QUALITY" not in text
