"""Where values come from: defaults for empty ones, an earlier broadcast, and columns that are called alike."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from testing.broadcasts import make_broadcast
from whatsapp.audience.choice import EARLIER, EarlierChoice, FileChoice, Group
from whatsapp.audience.columns import understand
from whatsapp.audience.rows import with_defaults
from whatsapp.models import Broadcast, Contact, InboundMessage, MessageTemplate, Recipient, Sender
from whatsapp.template_variables import Place, TemplateVariable, ValueKind
from whatsapp.tests.conftest import NOW, Make

WHEN = {"starts": "now", "window_zone": "business", "zone": "Asia/Jerusalem"}


def page(name: str, draft: Broadcast | None = None) -> str:
    return reverse(name, args=["clinic", *([draft.pk] if draft else [])])


def begin(staff: Client, template: MessageTemplate, **people: Any) -> Broadcast:
    staff.post(page("broadcast-new"), {"template": template.pk})
    draft = Broadcast.objects.order_by("-created_at")[0]
    staff.post(page("broadcast-edit-people", draft), {"group": "not_read", **people})
    return draft


def table(text: str) -> io.BytesIO:
    file = io.BytesIO(text.encode())
    file.name = "people.csv"
    return file


def test_defaults_stand_for_what_is_empty_or_says_nothing() -> None:
    defaults = {"name": "friend", "code": ""}
    assert with_defaults({"name": "Dana", "code": ""}, defaults) == {"name": "Dana", "code": ""}
    for empty in ("", "  ", "-", "\u2800", "n/a"):
        assert with_defaults({"name": empty}, defaults)["name"] == "friend"


def test_a_default_is_stored_as_data_and_is_what_people_get(make: Make) -> None:
    broadcast = make(
        "phone,first_name\n0501234567,\n0521234567,Noa\n", choice=FileChoice(defaults={"first_name": "you"})
    )
    assert broadcast.audience["defaults"] == {"first_name": "you"}
    rows = Recipient.objects.order_by("pk").values_list("status", "params")
    assert list(rows) == [("pending", {"first_name": "you"}), ("pending", {"first_name": "Noa"})]


def test_the_preview_shows_the_first_people_as_they_will_get_it(staff: Client, template: MessageTemplate) -> None:
    draft = begin(staff, template, source="file", file=table("phone,who\n0501234567,Dana\n0521234567,\n"))
    form = {**WHEN, "from_@phone": "phone", "from_first_name": "who", "empty_first_name": "friend", "preview": "1"}
    answer = staff.post(page("broadcast-edit-details", draft), form, headers={"HX-Request": "true"})
    assert [bubble.body for bubble in answer.context["bubbles"]] == ["Hi Dana", "Hi friend"]
    assert "<html" not in answer.content.decode()
    assert staff.post(page("broadcast-edit-details", draft), form).status_code == 200
    draft.refresh_from_db()
    assert draft.next_step == "details", "a preview stores nothing"
    del form["preview"]
    staff.post(page("broadcast-edit-details", draft), form)
    params = Recipient.objects.filter(broadcast=draft).order_by("pk").values_list("params", flat=True)
    assert list(params) == [{"first_name": "Dana"}, {"first_name": "friend"}]
    shown = staff.get(page("broadcast-edit-details", draft)).context["form"]
    assert shown["empty_first_name"].value() == "friend"


@pytest.mark.parametrize("source", ["first_name", f"{EARLIER}first_name"])
def test_who_replied_keeps_the_name_that_the_earlier_broadcast_had(
    staff: Client, sender: Sender, template: MessageTemplate, source: str
) -> None:
    earlier = make_broadcast(sender, template, ["+972501234567"], status="completed")
    row = Recipient.objects.get()
    nameless = Contact.objects.create(business=sender.business, phone="+972501234567")
    Recipient.objects.update(contact=nameless, status="read")
    InboundMessage.objects.create(
        business=sender.business, sender=sender, recipient=row, provider="cloud", provider_message_id="x",
        address="+972501234567", kind="text", received_at=NOW,
    )  # fmt: skip
    draft = begin(staff, template, source="earlier", earlier=earlier.pk, group=Group.REPLIED.value)
    shown = staff.get(page("broadcast-edit-details", draft))
    assert [bubble.body for bubble in shown.context["bubbles"]] == ["Hi Dana"]
    staff.post(page("broadcast-edit-details", draft), {**WHEN, "from_first_name": source})
    assert Recipient.objects.get(broadcast=draft).params == {"first_name": "Dana"}


def test_what_the_contact_says_wins_over_the_earlier_broadcast(make: Make, sender: Sender, template: Any) -> None:
    earlier = make_broadcast(sender, template, ["+972501234567"], status="completed")
    known = Contact.objects.create(business=sender.business, phone="+972501234567", name="Noa Levi")
    Recipient.objects.update(contact=known, status="read")
    made = make(choice=EarlierChoice(str(earlier.pk), Group.READ))
    assert Recipient.objects.get(broadcast=made).params == {"first_name": "Noa"}


@pytest.mark.parametrize(
    ("column", "key"),
    [
        ("First Name", "first_name"), ("FIRST-NAME", "first_name"), ("firstname", "first_name"),
        ("שם פרטי", "first_name"), ("שם_פרטי", "שם פרטי"), ("Order No.", "order_no"), ("שם מלא", "name"),
    ],
)  # fmt: skip
def test_a_column_is_found_by_a_name_that_is_like_the_variables(column: str, key: str) -> None:
    variables = [TemplateVariable(key, Place.BODY, ValueKind.TEXT, key)]
    assert understand(["phone", "other", column], variables).values == {key: 2}


def test_of_two_columns_that_are_alike_the_one_to_the_letter_is_taken() -> None:
    variables = [TemplateVariable("first_name", Place.BODY, ValueKind.TEXT, "first_name")]
    assert understand(["phone", "First Name", "first_name"], variables).values == {"first_name": 2}
