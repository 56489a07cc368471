"""The broadcasts' pages, as staff use them: from a file with mistakes to a broadcast that is steered and exported."""

from __future__ import annotations

import io
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from businesses.models import AuditEntry, Business, Membership
from businesses.pages.audit_words import details_of
from businesses.tenancy import acting_for
from testing.broadcasts import addresses, make_broadcast, make_sender, make_template
from whatsapp import tasks
from whatsapp.broadcasts.prepare import prepare_step
from whatsapp.broadcasts.reasons import reason_of
from whatsapp.broadcasts.taking_back import UNDO_FOR
from whatsapp.models import Broadcast, DirectMessage, MessageTemplate, Recipient, Sender, Tag
from whatsapp.pages import reading

FILE = (
    'tel,who\n0501234567,Dana\nnonsense,Avi\n+972501234567,Dana again\n0521234567,"=HYPERLINK(""x"")"\n0531234567,Noa\n'
)


def page(name: str, **named: Any) -> str:
    return reverse(name, kwargs={"slug": "clinic", **named})


def upload(text: str) -> io.BytesIO:
    file = io.BytesIO(text.encode())
    file.name = "people.csv"
    return file


def choose(staff: Client, template: MessageTemplate) -> Broadcast:
    """Take the first step. Returns the draft."""
    answer = staff.post(page("broadcast-new"), {"template": template.pk})
    draft = Broadcast.objects.order_by("created_at").last()
    assert draft is not None
    assert answer["Location"] == step("people", draft)
    return draft


def step(name: str, draft: Broadcast | None = None) -> str:
    """Returns the address of a step of this draft, by default of the only one."""
    return page(f"broadcast-edit-{name}", broadcast_id=(draft or Broadcast.objects.get()).pk)


def people_from(staff: Client, **values: Any) -> Any:
    return staff.post(step("people"), {"group": "not_read", **values})


def details(**values: Any) -> dict[str, Any]:
    return {"starts": "now", "window_zone": "business", "zone": "Asia/Jerusalem", **values}


def made(staff: Client, template: MessageTemplate, text: str = FILE, **values: Any) -> Broadcast:
    choose(staff, template)
    people_from(staff, source="file", file=upload(text))
    staff.post(step("details"), details(**{"from_@phone": "tel", "from_first_name": "who", **values}))
    return Broadcast.objects.get()


def test_from_a_file_with_mistakes_to_a_running_broadcast(staff: Client, template: MessageTemplate) -> None:
    choose(staff, template)
    answer = people_from(staff, source="file", file=upload(FILE))
    assert answer["Location"] == step("details")
    shown = staff.get(step("details")).content.decode()
    assert "0501234567" in shown, "the first rows"
    answer = staff.post(step("details"), details(name="Spring", **{"from_@phone": "tel", "from_first_name": "who"}))
    broadcast = Broadcast.objects.get()
    assert answer["Location"] == page("broadcast", broadcast_id=broadcast.pk)
    assert (broadcast.name, broadcast.status, broadcast.total) == ("Spring", "draft", 5)
    text = staff.get(answer["Location"]).content.decode()
    for reason in ("“nonsense” is not a phone number", "The same person twice", "holds a spreadsheet formula"):
        assert reason in text
    staff.post(page("broadcast-start", broadcast_id=broadcast.pk))
    broadcast.refresh_from_db()
    prepare_step(broadcast, now=timezone.now() + UNDO_FOR)
    broadcast.refresh_from_db()
    assert broadcast.status == "running"
    assert list(broadcast.events.values_list("kind", "actor__email")) == [
        ("created", "staff@clinic.test"),
        ("started", "staff@clinic.test"),
        ("running", None),
    ]


def test_a_value_for_everybody_and_pasted_numbers(staff: Client, template: MessageTemplate) -> None:
    choose(staff, template)
    people_from(staff, source="paste", pasted="0501234567\n052-123-4567\n")
    staff.post(
        step("details"),
        details(**{"from_@phone": "phone", "from_first_name": "=", "same_first_name": "friend"}),
    )
    people = Recipient.objects.order_by("pk").values_list("address", "params")
    assert list(people) == [
        ("+972501234567", {"first_name": "friend"}),
        ("+972521234567", {"first_name": "friend"}),
    ]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"source": "file"}, "Choose a file."),
        ({"source": "paste"}, "Paste at least one number."),
        ({"source": "earlier"}, "Choose a broadcast."),
        ({"source": "file", "file": ""}, "The file is empty"),
    ],
)
def test_people_that_are_not_there(staff: Client, template: MessageTemplate, values: dict[str, Any], said: str) -> None:
    choose(staff, template)
    if "file" in values:
        values = {**values, "file": upload("\n")}
    answer = people_from(staff, **values)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert Broadcast.objects.get().next_step == "people"


def test_the_steps_offer_only_what_is_ones_own(staff: Client, template: MessageTemplate) -> None:
    other = Business.objects.create(name="Other", slug="other")
    with acting_for(other):
        theirs = Tag.objects.create(business=other, name="theirs")
        foreign = make_template(make_sender(other, number_id="3055", account_id="4077"))
    assert staff.post(page("broadcast-new"), {"template": foreign.pk}).status_code == 200
    assert not Broadcast.objects.exists()
    choose(staff, template)
    answer = people_from(staff, source="contacts", tags=[theirs.pk])
    assert answer.status_code == 422
    assert "theirs" not in answer.content.decode()
    assert Broadcast.objects.get().next_step == "people"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"from_first_name": "="}, "Write the text."),
        ({"from_first_name": ""}, "This field is required."),
        ({"starts": "later"}, "Choose a day and an hour."),
        ({"starts": "later", "wall_time": "2020-01-01T09:00"}, "has passed. Choose a later time."),
        ({"starts": "later", "wall_time": "2030-01-01T09:00", "zone": "Atlantis/Capital"}, "Atlantis/Capital"),
        ({"starts": "later", "wall_time": "0001-01-01T00:00"}, "is too far away. Choose a day between 2000 and 2100."),
        ({"starts": "later", "wall_time": "9999-12-31T23:59"}, "is too far away. Choose a day between 2000 and 2100."),
        ({"send_from": "09:00"}, "Sending hours need both a start and an end."),
    ],
)
def test_details_that_are_wrong_are_said_beside_their_field_and_what_was_typed_is_kept(
    staff: Client, template: MessageTemplate, values: dict[str, str], said: str
) -> None:
    choose(staff, template)
    people_from(staff, source="file", file=upload(FILE))
    answer = staff.post(
        step("details"),
        details(**{"name": "Kept name", "from_@phone": "tel", "from_first_name": "who", **values}),
    )
    assert answer.status_code == 422
    text = answer.content.decode()
    assert said in text
    assert "Kept name" in text
    assert Broadcast.objects.get().next_step == "details"


def test_a_schedule_is_kept_as_wall_time_and_zone(staff: Client, template: MessageTemplate) -> None:
    broadcast = made(staff, template, starts="later", wall_time="2030-05-01T09:30")
    assert (broadcast.scheduled_wall_time, broadcast.scheduled_zone) == ("2030-05-01T09:30", "Asia/Jerusalem")
    staff.post(page("broadcast-start", broadcast_id=broadcast.pk))
    broadcast.refresh_from_db()
    assert broadcast.status == "scheduled"


def test_a_budget_is_typed_in_the_wizard_and_raised_where_it_stopped(staff: Client, template: MessageTemplate) -> None:
    broadcast = made(staff, template, budget="0.5")
    assert broadcast.budget == Decimal("0.50")
    Broadcast.objects.update(status="paused", pause_reason="budget")
    address = page("broadcast", broadcast_id=broadcast.pk)
    assert 'name="budget"' in staff.get(address).content.decode()
    staff.post(page("broadcast-resume", broadcast_id=broadcast.pk), {"budget": "nonsense"})
    broadcast.refresh_from_db()
    assert (broadcast.status, broadcast.budget) == ("paused", Decimal("0.50"))
    staff.post(page("broadcast-resume", broadcast_id=broadcast.pk), {"budget": "1.25"})
    broadcast.refresh_from_db()
    assert (broadcast.status, broadcast.budget) == ("running", Decimal("1.25"))
    entry = AuditEntry.objects.get(details__step="budget")
    assert (entry.details["before"], entry.details["after"], bool(entry.person_name)) == ("0.50", "1.25", True)
    assert "budget changed" in {detail.value for detail in details_of(entry)}


def test_a_long_file_is_read_on_by_a_worker(
    staff: Client, template: MessageTemplate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "AT_ONCE", 1)
    rows = "".join(f"{address},A\n" for address in addresses(2_500)) + "nobody,B\n"
    broadcast = made(staff, template, "tel,who\n" + rows)
    assert broadcast.audience_ready_at is None
    assert (
        "Reading the list: 2,000 rows so far"
        in staff.get(page("broadcast", broadcast_id=broadcast.pk)).content.decode()
    )
    tasks.read_people(str(broadcast.business_id), str(broadcast.pk))
    broadcast.refresh_from_db()
    assert (broadcast.total, broadcast.status) == (2_501, "draft")
    (skipped,) = broadcast.recipients.filter(status="skipped")
    with translation.override("he"):
        assert "אינו מספר טלפון" in reason_of(skipped), "a worker keeps the reason, its reader has the language"


def test_pause_resume_cancel_and_what_can_not_be_done(staff: Client, sender: Sender, template: MessageTemplate) -> None:
    broadcast = make_broadcast(sender, template, addresses(3))
    for action, status in [("pause", "paused"), ("resume", "running"), ("cancel", "cancelling")]:
        staff.post(page(f"broadcast-{action}", broadcast_id=broadcast.pk))
        broadcast.refresh_from_db()
        assert broadcast.status == status
    answer = staff.post(page("broadcast-start", broadcast_id=broadcast.pk), follow=True)
    assert "from there it can&#x27;t become" in answer.content.decode()
    broadcast.refresh_from_db()
    assert broadcast.status == "cancelling"


def test_failed_people_are_tried_again_and_a_draft_is_removed(
    staff: Client, sender: Sender, template: MessageTemplate
) -> None:
    broadcast = make_broadcast(sender, template, addresses(3), status="completed")
    Recipient.objects.filter(broadcast=broadcast).update(status="failed", error_class="retry", error_text="Busy")
    text = staff.get(page("broadcast", broadcast_id=broadcast.pk)).content.decode()
    assert "Retry 3 failed people" in text
    staff.post(page("broadcast-retry", broadcast_id=broadcast.pk))
    broadcast.refresh_from_db()
    assert broadcast.status == "running"
    staff.post(page("broadcast-discard", broadcast_id=broadcast.pk))
    assert Broadcast.objects.filter(pk=broadcast.pk).exists(), "only a draft can be removed"
    Broadcast.objects.filter(pk=broadcast.pk).update(status="draft")
    staff.post(page("broadcast-discard", broadcast_id=broadcast.pk))
    assert not Broadcast.objects.filter(pk=broadcast.pk).exists()


def test_a_test_message_is_sent_once_however_often_it_is_clicked(staff: Client, template: MessageTemplate) -> None:
    broadcast = made(staff, template)
    form = {"number": "054-1234567", "key": str(uuid.uuid4())}
    for _click in range(2):
        staff.post(page("broadcast-test", broadcast_id=broadcast.pk), form)
    message = DirectMessage.objects.get()
    assert (message.address, message.text) == ("+972541234567", "Hi Dana")
    assert broadcast.events.filter(kind="tested", actor__email="staff@clinic.test").count() == 1
    assert AuditEntry.objects.filter(details__step="tested").count() == 1
    answer = staff.post(page("broadcast-test", broadcast_id=broadcast.pk), {**form, "number": "12"}, follow=True)
    assert "is not a phone number" in answer.content.decode()


def test_people_by_state_and_their_export(staff: Client, template: MessageTemplate) -> None:
    Membership.objects.update(may_export_contacts=True)
    broadcast = made(staff, template)
    shown = staff.get(page("broadcast-people", broadcast_id=broadcast.pk) + "?status=skipped").content.decode()
    assert "nonsense" in shown
    assert "53-123-4567" not in shown
    lines = staff.get(page("broadcast-export", broadcast_id=broadcast.pk)).content.decode("utf-8-sig").splitlines()
    assert len(lines) == 6
    assert lines[1].startswith('"+972501234567","2","Waiting",')
    assert all(not cell.startswith('"=') for line in lines for cell in line.split(","))


def test_the_progress_asks_for_the_whole_page_when_the_state_has_changed(
    staff: Client, sender: Sender, template: MessageTemplate
) -> None:
    broadcast = make_broadcast(sender, template, addresses(2))
    address = page("broadcast-progress", broadcast_id=broadcast.pk)
    assert "HX-Refresh" not in staff.get(f"{address}?status=runningTrue")
    assert staff.get(f"{address}?status=pausedTrue")["HX-Refresh"] == "true"


@pytest.mark.parametrize("name", ["broadcasts", "broadcast", "broadcast-people", "home"])
def test_queries_do_not_grow_with_rows(
    staff: Client, sender: Sender, template: MessageTemplate, name: str, django_assert_max_num_queries: Any
) -> None:
    broadcast = make_broadcast(sender, template, addresses(60), name="first")
    for number in range(12):
        make_broadcast(sender, template, addresses(5), name=f"more {number}")
    named = {"broadcast_id": broadcast.pk} if name in {"broadcast", "broadcast-people"} else {}
    staff.get(page(name, **named))
    with django_assert_max_num_queries(12):
        assert staff.get(page(name, **named)).status_code == 200


def test_a_template_of_the_list_goes_straight_to_its_people(staff: Client, template: MessageTemplate) -> None:
    assert len(staff.get(f"{page('broadcast-new')}?template={template.pk}").context["choices"]) == 1
    choose(staff, template)
    assert staff.get(f"{page('broadcast-new')}?template=nonsense").status_code == 200


def test_a_file_that_is_too_large_is_refused_in_words(
    staff: Client, template: MessageTemplate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whatsapp.tables.tables.LARGEST", 10)
    choose(staff, template)
    for address, field in ((step("people"), "people"), (page("contacts-import"), "contacts")):
        answer = staff.post(address, {"source": "file", "group": "not_read", "file": upload(FILE)})
        assert answer.status_code == 422, field
        assert "The file has 0 MB; at most 0 are possible." in answer.content.decode()
