"""Drafts: made step by step in several windows, left and found again, edited, duplicated, and given another file."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from testing.broadcasts import addresses, make_broadcast, make_template
from whatsapp import tasks
from whatsapp.broadcasts import lifecycle
from whatsapp.broadcasts.prepare import prepare_step
from whatsapp.broadcasts.reasons import why_it_stands
from whatsapp.models import Broadcast, Contact, MessageTemplate, Recipient, Sender, Tag
from whatsapp.pages import reading

WHEN = {"starts": "now", "window_zone": "business", "zone": "Asia/Jerusalem"}
COLUMNS = {"from_@phone": "phone", "from_first_name": "first_name"}


def page(name: str, draft: Broadcast | None = None) -> str:
    return reverse(name, args=["clinic", *([draft.pk] if draft else [])])


def upload(text: str) -> io.BytesIO:
    file = io.BytesIO(text.encode())
    file.name = "people.csv"
    return file


def begin(staff: Client, template: MessageTemplate) -> Broadcast:
    staff.post(page("broadcast-new"), {"template": template.pk})
    return Broadcast.objects.order_by("-created_at")[0]


def give(staff: Client, draft: Broadcast, text: str, **more: Any) -> Any:
    form = {"source": "file", "group": "not_read", "file": upload(text), **more}
    return staff.post(page("broadcast-edit-people", draft), form)


def whole(staff: Client, template: MessageTemplate, text: str, **details: Any) -> Broadcast:
    draft = begin(staff, template)
    give(staff, draft, text)
    staff.post(page("broadcast-edit-details", draft), {**WHEN, **COLUMNS, **details})
    draft.refresh_from_db()
    return draft


def people(draft: Broadcast) -> list[tuple[str | None, dict[str, str]]]:
    return list(Recipient.objects.filter(broadcast=draft).order_by("pk").values_list("address", "params"))


def test_two_windows_never_mix_people_and_template(staff: Client, sender: Sender, template: MessageTemplate) -> None:
    other = make_template(sender, name="other", components=[{"type": "BODY", "text": "Dear {{first_name}}"}])
    one, two = begin(staff, template), begin(staff, other)
    give(staff, one, "phone,first_name\n0501234567,Dana\n")
    give(staff, two, "phone,first_name\n0521234567,Noa\n0531234567,Avi\n")
    for draft in (one, two):
        staff.post(page("broadcast-edit-details", draft), {**WHEN, **COLUMNS})
    assert people(one) == [("+972501234567", {"first_name": "Dana"})]
    assert people(two) == [("+972521234567", {"first_name": "Noa"}), ("+972531234567", {"first_name": "Avi"})]
    assert [Broadcast.objects.get(pk=draft.pk).template_name for draft in (one, two)] == ["spring_sale", "other"]


def test_two_windows_on_one_draft_do_not_mix_either(staff: Client, template: MessageTemplate) -> None:
    draft = begin(staff, template)
    give(staff, draft, "phone,first_name\n0501234567,Dana\n")
    shown = staff.get(page("broadcast-edit-details", draft)).context["edition"]
    give(staff, draft, "phone,first_name\n0521234567,Noa\n")
    answer = staff.post(page("broadcast-edit-details", draft), {**WHEN, **COLUMNS, "name": "Typed", "edition": shown})
    assert answer.status_code == 422
    assert "changed in another window" in answer.content.decode()
    assert "Typed" in answer.content.decode()
    assert people(draft) == []
    again = answer.context["edition"]
    staff.post(page("broadcast-edit-details", draft), {**WHEN, **COLUMNS, "edition": again})
    assert people(draft) == [("+972521234567", {"first_name": "Noa"})]
    answer = give(staff, draft, "phone,first_name\n0541234567,Ron\n", edition=shown)
    assert answer.status_code == 422
    assert people(draft) == [("+972521234567", {"first_name": "Noa"})]


def test_only_what_was_looked_at_is_started(staff: Client, template: MessageTemplate) -> None:
    draft = whole(staff, template, "phone,first_name\n0501234567,Dana\n")
    looked_at = draft.edition
    give(staff, draft, "phone,first_name\n0521234567,Noa\n")
    for edition in (looked_at, looked_at + 1):
        staff.post(page("broadcast-start", draft), {"edition": edition})
        draft.refresh_from_db()
        assert (draft.status, draft.started_at) == ("draft", None)


def test_a_draft_is_left_and_found_again_where_it_was(staff: Client, template: MessageTemplate) -> None:
    draft = begin(staff, template)
    for _leaving in range(2):
        assert staff.get(page("broadcast", draft))["Location"] == page("broadcast-edit-people", draft)
        assert "People are still to be chosen." in staff.get(page("broadcasts")).content.decode()
    give(staff, draft, "phone,first_name\n0501234567,Dana\n")
    assert staff.get(page("broadcast", draft))["Location"] == page("broadcast-edit-details", draft)
    assert "Values and schedule are still to be entered." in staff.get(page("broadcasts")).content.decode()
    for old in ("broadcast-new-people", "broadcast-new-details"):
        assert staff.get(page(old))["Location"] == page("broadcast-edit-details", draft)
    staff.post(page("broadcast-discard", draft))
    assert not Broadcast.objects.exists()
    assert staff.get(page("broadcast-new-people"))["Location"] == page("broadcast-new")


def test_another_file_takes_the_place_of_the_first(staff: Client, template: MessageTemplate, settings: Any) -> None:
    draft = whole(staff, template, "phone,first_name\n0501234567,Dana\n", name="Spring", canary_size=3)
    give(staff, draft, "phone,first_name\n0521234567,Noa\n")
    shown = staff.get(page("broadcast-edit-details", draft)).context["form"]
    assert (shown["name"].value(), shown["canary_size"].value()) == ("Spring", 3)
    staff.post(page("broadcast-edit-details", draft), {**WHEN, **COLUMNS, "name": "Spring"})
    assert people(draft) == [("+972521234567", {"first_name": "Noa"})]
    assert list(draft.events.values_list("kind", flat=True)) == ["created", "edited"]


def test_values_are_changed_without_the_file_being_given_again(staff: Client, template: MessageTemplate) -> None:
    draft = whole(staff, template, "phone,first_name\n0501234567,Dana\n")
    row = Recipient.objects.get()
    staff.post(page("broadcast-edit-details", draft), {**WHEN, **COLUMNS, "name": "Only another name"})
    assert Recipient.objects.get().pk == row.pk, "what people get is the same: they are not read again"
    same = {**WHEN, **COLUMNS, "from_first_name": "=", "same_first_name": "friend"}
    staff.post(page("broadcast-edit-details", draft), same)
    assert people(draft) == [("+972501234567", {"first_name": "friend"})]
    shown = staff.get(page("broadcast-edit-details", draft)).context["form"]
    assert (shown["from_first_name"].value(), shown["same_first_name"].value()) == ("=", "friend")


def test_another_template_keeps_the_people(staff: Client, sender: Sender, template: MessageTemplate) -> None:
    other = make_template(sender, name="other", components=[{"type": "BODY", "text": "Sale ends {{until}}"}])
    draft = whole(staff, template, "phone,first_name,until\n0501234567,Dana,Friday\n")
    answer = staff.post(page("broadcast-edit-template", draft), {"template": other.pk})
    assert answer["Location"] == page("broadcast-edit-details", draft)
    staff.post(page("broadcast-edit-details", draft), {**WHEN, "from_@phone": "phone", "from_until": "until"})
    assert people(draft) == [("+972501234567", {"until": "Friday"})]


def test_a_scheduled_broadcast_is_taken_back_edited_and_scheduled_again(
    staff: Client, template: MessageTemplate
) -> None:
    later = {"starts": "later", "wall_time": "2030-05-01T09:30"}
    draft = whole(staff, template, "phone,first_name\n0501234567,Dana\n", **later)
    staff.post(page("broadcast-start", draft))
    assert staff.get(page("broadcast-edit-people", draft))["Location"] == page("broadcast", draft)
    assert staff.post(page("broadcast-edit", draft))["Location"] == page("broadcast-edit-details", draft)
    draft.refresh_from_db()
    assert draft.status == "draft"
    shown = staff.get(page("broadcast-edit-details", draft)).context["form"]
    assert shown["wall_time"].value() == "2030-05-01T09:30"
    staff.post(
        page("broadcast-edit-details", draft), {**WHEN, **COLUMNS, "starts": "later", "wall_time": "2031-05-01T10:00"}
    )
    staff.post(page("broadcast-start", draft))
    draft.refresh_from_db()
    assert (draft.status, draft.scheduled_wall_time, draft.total) == ("scheduled", "2031-05-01T10:00", 1)
    kinds = list(draft.events.values_list("kind", flat=True))
    assert kinds == ["created", "scheduled", "editing", "edited", "scheduled"]


def test_what_has_started_is_not_edited(staff: Client, sender: Sender, template: MessageTemplate) -> None:
    running = make_broadcast(sender, template, addresses(2))
    before = people(running)
    staff.post(page("broadcast-edit", running))
    for name in ("broadcast-edit-template", "broadcast-edit-people", "broadcast-edit-details"):
        answer = staff.post(page(name, running), {"template": template.pk, **WHEN, **COLUMNS})
        assert answer["Location"] == page("broadcast", running)
    running.refresh_from_db()
    assert (running.status, running.next_step, running.edition, people(running)) == ("running", "", 0, before)


def test_a_broadcast_is_duplicated(staff: Client, sender: Sender, template: MessageTemplate) -> None:
    running = make_broadcast(sender, template, addresses(2))
    address = staff.post(page("broadcast-duplicate", running))["Location"]
    copy = Broadcast.objects.exclude(pk=running.pk).get()
    assert address == page("broadcast-edit-people", copy), "the file of one that has started is gone"
    draft = whole(staff, template, "phone,first_name\n0501234567,Dana\n", name="Autumn", budget="9")
    staff.post(page("broadcast-duplicate", draft))
    copy = Broadcast.objects.get(name="Copy of Autumn")
    staff.post(page("broadcast-edit-details", copy), {**WHEN, **COLUMNS, "name": "Summer"})
    staff.post(page("broadcast-discard", draft))
    copy.refresh_from_db()
    assert (people(copy), copy.name, copy.next_step) == ([("+972501234567", {"first_name": "Dana"})], "Summer", "")


@pytest.mark.parametrize("when", ["while it is read", "after it was started"])
def test_a_file_that_breaks_far_down_is_told_and_replaced(
    staff: Client, template: MessageTemplate, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    monkeypatch.setattr(reading, "AT_ONCE", 1)
    rows = "".join(f"{address},A\n" for address in addresses(2_500))
    draft = whole(staff, template, f'phone,first_name\n{rows}+972501234567,"B\n')
    if when == "while it is read":
        tasks.read_people(str(draft.business_id), str(draft.pk))
    else:
        lifecycle._start(draft, now=timezone.now())
        prepare_step(draft, now=timezone.now())
    draft.refresh_from_db()
    with translation.override("he"):
        assert "שורה 2502" in why_it_stands(draft)
    text = staff.get(page("broadcast", draft)).content.decode()
    assert "rows so far" not in text
    assert "Nothing was sent. Choose other people, or another file." in text
    staff.post(page("broadcast-start", draft))
    draft.refresh_from_db()
    assert draft.status in {"draft", "failed"}
    if draft.status == "failed":
        staff.post(page("broadcast-edit", draft))
    give(staff, draft, "phone,first_name\n0521234567,Noa\n")
    staff.post(page("broadcast-edit-details", draft), {**WHEN, **COLUMNS})
    staff.post(page("broadcast-start", draft))
    draft.refresh_from_db()
    assert (draft.status, draft.cause, draft.total) == ("preparing", "", 1)


def test_people_are_counted_while_they_are_chosen(
    staff: Client, template: MessageTemplate, django_assert_max_num_queries: Any
) -> None:
    draft = begin(staff, template)
    tag = Tag.objects.create(business=draft.business, name="vip")
    for number, address in enumerate(addresses(3)):
        contact = Contact.objects.create(business=draft.business, phone=address)
        if number:
            contact.tags.add(tag, through_defaults={"business": draft.business})
    address = page("broadcast-count", draft)
    with django_assert_max_num_queries(12):
        answer = staff.get(address, {"source": "contacts", "tags": str(tag.pk), "group": "not_read"})
    assert answer.context["people"] == 2
    form = {"source": "contacts", "group": "not_read", "count": "1"}
    answer = staff.post(page("broadcast-edit-people", draft), form)
    assert (answer.status_code, answer.context["people"]) == (200, 3)
    draft.refresh_from_db()
    assert draft.next_step == "people", "counting stores nothing"
