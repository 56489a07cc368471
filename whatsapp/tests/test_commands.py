"""The commands that operators and scripts rely on: one JSON object on standard output, words on standard error."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.core.management.base import CommandError
from openpyxl import Workbook

from businesses.models import Business
from businesses.tenancy import across_businesses
from testing.broadcasts import make_template, proved
from whatsapp.models import Broadcast, Contact, MessageTemplate, Recipient, Sender
from whatsapp.states import RecipientStatus

PEOPLE = (
    "phone,first_name\r\n050-123-4567,דנה\r\n0501234567,Twice\r\nabc,A\r\n0521234567,\r\n"
    "0531234567,=SUM(A1)\r\n0541234567,Tal\r\n"
)


def run(name: str, *arguments: Any) -> dict[str, Any]:
    out = io.StringIO()
    call_command(name, *map(str, arguments), stdout=out, stderr=io.StringIO())
    (line,) = out.getvalue().splitlines()
    answer: dict[str, Any] = json.loads(line)
    return answer


@pytest.fixture
def people(tmp_path: Path) -> Path:
    file = tmp_path / "people.csv"
    file.write_text(PEOPLE, encoding="utf-8")
    return file


def create(file: Path, *more: Any) -> dict[str, Any]:
    return run("create_broadcast", "clinic", "--template", "spring_sale", "--language", "en_US", "--csv", file, *more)


def test_a_file_becomes_a_draft_and_every_bad_row_is_named(people: Path, template: MessageTemplate) -> None:
    made = create(people, "--name", "Spring")
    assert (made["accepted"], made["rejected_total"], made["total"], made["status"]) == (2, 4, 6, "draft")
    assert [(row["row"], row["reason"]) for row in made["rejected"]] == [
        (3, "duplicate"),
        (4, "invalid_number"),
        (5, "missing_variable"),
        (6, "bad_value"),
    ]
    assert made["rejected"][1] == {
        "row": 4,
        "phone": "abc",
        "reason": "invalid_number",
        "message": "Row 4: “abc” is not a phone number. Write one number, like +972501234567.",
    }
    assert made["preflight"]["cost"] == {
        "estimate": "0.0584",
        "currency": "EUR",
        "by_country": [{"country": "IL", "people": 2, "price": "0.0292", "cost": "0.0584"}],
        "rates": made["preflight"]["cost"]["rates"],
        "rates_effective": "2026-10-01",
    }
    assert Broadcast.objects.get(pk=made["id"]).name == "Spring"


def test_an_excel_file_works_the_same(tmp_path: Path, template: MessageTemplate) -> None:
    book = Workbook()
    assert book.active is not None
    for row in (["phone", "first_name"], [501234567, "דנה"], ["+14155552671", "Joe"], ["0521234567", "=A1"]):
        book.active.append(row)
    book.save(tmp_path / "people.xlsx")
    made = create(tmp_path / "people.xlsx")
    assert made["accepted"] == 2
    assert made["rejected"][0]["row"] == 4


def test_status_counts_every_state_and_sums_up(people: Path, template: MessageTemplate) -> None:
    status = run("broadcast_status", create(people)["id"])
    assert set(status["counts"]) == {state.value for state in RecipientStatus}
    assert sum(status["counts"].values()) == status["total"] == 6
    assert (status["status"], status["pause_reason"]) == ("draft", None)
    assert (status["counts"]["pending"], status["counts"]["skipped"]) == (2, 4)


def test_status_tells_what_it_costs(people: Path, template: MessageTemplate) -> None:
    key = create(people)["id"]
    Recipient.objects.filter(broadcast=key, address="+972501234567").update(billable=True)
    cost = run("broadcast_status", key)["cost"]
    assert (float(cost["estimate"]), float(cost["billed"]), cost["currency"]) == (0.0584, 0.0292, "EUR")


def test_a_budget_is_set_when_it_is_made_and_raised_when_it_goes_on(people: Path, template: MessageTemplate) -> None:
    key = create(people, "--budget", "0.03", "--start")["id"]
    assert run("broadcast_status", key)["cost"]["budget"] == "0.03"
    run("pause_broadcast", key)
    assert run("resume_broadcast", key, "--budget", "12.345")["cost"]["budget"] == "12.34"
    for wrong in ("0", "-1", "x", "nan", "1e30"):
        with pytest.raises(CommandError, match="not an amount"):
            create(people, "--budget", wrong)


def test_the_way_of_a_broadcast_by_commands(people: Path, template: MessageTemplate) -> None:
    made = create(people, "--start")
    key = made["id"]
    assert made["status"] == "running"
    assert run("start_broadcast", key)["status"] == "running"  # a second time changes nothing
    paused = run("pause_broadcast", key)
    assert (paused["status"], paused["pause_reason"]) == ("paused", "user")
    assert run("pause_broadcast", key)["status"] == "paused"
    assert run("resume_broadcast", key)["status"] == "running"
    cancelled = run("cancel_broadcast", key)
    assert (cancelled["status"], cancelled["counts"]["cancelled"], cancelled["counts"]["pending"]) == (
        "cancelled",
        2,
        0,
    )
    assert run("cancel_broadcast", key)["status"] == "cancelled"
    with pytest.raises(CommandError, match="can't become"):
        run("resume_broadcast", key)
    with pytest.raises(CommandError, match="can't become"):
        run("start_broadcast", key)


def test_a_schedule_trial_and_hours_are_kept(people: Path, template: MessageTemplate) -> None:
    made = create(
        people, "--at", "2099-06-01T09:00", "--zone", "Europe/Berlin", "--late-after", 30, "--from", "08:00",
        "--until", "20:00", "--clock", "recipient", "--canary", "1%", "--start",
    )  # fmt: skip
    broadcast = Broadcast.objects.get(pk=made["id"])
    assert made["status"] == "scheduled"
    assert broadcast.scheduled_at is not None
    assert broadcast.not_after is not None
    assert broadcast.scheduled_at.isoformat() == "2099-06-01T07:00:00+00:00"
    assert broadcast.not_after.isoformat() == "2099-06-01T07:30:00+00:00"
    assert (str(broadcast.send_from), str(broadcast.send_until)) == ("08:00:00", "20:00:00")
    assert (broadcast.window_zone, broadcast.canary_size) == ("recipient", 1)


@pytest.mark.parametrize(
    ("content", "more", "says"),
    [
        ("", [], "The file is empty"),
        ("phone,first_name\n", [], "no rows below its header"),
        ("number of the person,first_name\n1,A\n", [], "no column of phone numbers"),
        ("phone,name,day\n0501234567,A,b\n", [], "needs these columns too: “first_name”"),
        ('phone,first_name\n0501234567,A\n0501234568,"B\n', [], "Row 3"),
        (f"phone,first_name\n0501234567,A\n0501234568,{'x' * 2_000_001}\n", [], "Row 3.*2,000,000 characters"),
        (PEOPLE, ["--template", "sprng_sale"], "Did you mean: spring_sale"),
        (PEOPLE, ["--language", "he"], "has no language “he”. It has: en_US"),
        (PEOPLE, ["--set", "unknown=1"], "no variable “unknown”"),
        (PEOPLE, ["--at", "2020-01-01T09:00"], "has passed"),
        (PEOPLE, ["--at", "tomorrow"], "is not a time"),
        (PEOPLE, ["--at", "2099-01-01T09:00", "--zone", "Mars/Base"], "no time zone"),
        (PEOPLE, ["--from", "09:00"], "both a start and an end"),
    ],
)  # fmt: skip
def test_what_can_not_be_used_is_refused_and_leaves_nothing(
    content: str, more: list[str], says: str, tmp_path: Path, template: MessageTemplate, settings: Any
) -> None:
    file = tmp_path / "people.csv"
    file.write_text(content)
    with pytest.raises(CommandError, match=says):
        create(file, *more)
    assert (Broadcast.objects.count(), Recipient.objects.count()) == (0, 0)
    assert list(settings.MEDIA_ROOT.glob("audiences/*")) == []


def test_a_megabyte_in_a_field_costs_only_its_row(tmp_path: Path, template: MessageTemplate) -> None:
    file = tmp_path / "people.csv"
    file.write_text(f"phone,first_name\n0501234567,{'x' * 1_048_576}\n{'9' * 1_048_576},B\n0521234567,Tal\n")
    made = create(file)
    assert made["accepted"] == 1
    assert [row["row"] for row in made["rejected"]] == [2, 3]
    assert "1,048,576 characters; at most 1,024" in made["rejected"][0]["message"]
    assert max(len(row["message"]) + len(row["phone"]) for row in made["rejected"]) < 400


def test_who_is_not_there_is_named(people: Path, clinic: Business) -> None:
    with pytest.raises(CommandError, match=r"There is no business “nowhere”\. There are: clinic"):
        run("create_broadcast", "nowhere", "--template", "x", "--language", "en", "--csv", people)
    with pytest.raises(CommandError, match="has no WhatsApp number yet"):
        create(people)
    with pytest.raises(CommandError, match="There is no broadcast “nonsense”"):
        run("broadcast_status", "nonsense")
    with pytest.raises(CommandError, match="There is no broadcast"):
        run("pause_broadcast", "9a9a9a9a-0000-4000-8000-000000000000")
    sender = Sender.objects.create(business=clinic, provider="cloud", number_id="1", account_id="2")
    with pytest.raises(CommandError, match="has not confirmed the number of Clinic yet"):
        create(people)
    proved(sender)
    with pytest.raises(CommandError, match=r"No templates are known yet\..*sync_templates clinic"):
        create(people)
    make_template(sender)
    with pytest.raises(CommandError, match="No such file"):
        create(people.with_name("missing.csv"))


def test_start_is_refused_in_words_when_nobody_can_be_messaged(tmp_path: Path, template: MessageTemplate) -> None:
    file = tmp_path / "people.csv"
    file.write_text("phone,first_name\nabc,A\n")
    with pytest.raises(CommandError, match="Nobody in this broadcast can be messaged"):
        create(file, "--start")
    broadcast = Broadcast.objects.get()
    with pytest.raises(CommandError, match="Nobody in this broadcast"):
        run("start_broadcast", broadcast.pk)
    assert broadcast.status == "draft"


def test_contacts_are_imported_and_broadcast_to(tmp_path: Path, template: MessageTemplate) -> None:
    file = tmp_path / "contacts.csv"
    file.write_text("phone,name,tags,city\n0501234567,Dana Cohen,vip;haifa,Haifa\nabc,B,,\n0521234567,Tal,vip,Eilat\n")
    assert run("import_contacts", "clinic", "--csv", file, "--tag", "all") == {
        "added": 2,
        "updated": 0,
        "unchanged": 0,
        "rejected": [
            {
                "row": 3,
                "phone": "abc",
                "message": "Row 3: “abc” is not a phone number. Write one number, like +972501234567.",
            }
        ],
        "rejected_total": 1,
    }
    base = ("create_broadcast", "clinic", "--template", "spring_sale", "--language", "en_US")
    assert run(*base, "--tag", "vip")["accepted"] == 2
    assert run(*base, "--tag", "vip", "--without-tag", "haifa")["accepted"] == 1
    assert run(*base, "--contacts", "--where", "city=Haifa")["accepted"] == 1
    first = run(*base, "--tag", "all")["id"]
    Recipient.objects.filter(broadcast=first, address="+972501234567").update(status=RecipientStatus.DELIVERED)
    assert run(*base, "--earlier", first, "--who", "not_read")["accepted"] == 1


def test_secrets_are_rotated_to_the_newest_key(sender: Sender, settings: Any) -> None:
    old, new = settings.FIELD_ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [new, old]
    assert run("rotate_credentials") == {"rotated": 1, "unreadable": []}
    settings.FIELD_ENCRYPTION_KEYS = [new]
    assert Sender.objects.get().credentials == {"access_token": "a-token"}
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(CommandError, match=r"Put the key that was in use.*clinic: Meta Cloud API 1055"):
        run("rotate_credentials")


def test_commands_see_no_other_business(people: Path, template: MessageTemplate) -> None:
    Business.objects.create(name="Other", slug="other")
    with across_businesses():
        Contact.objects.create(business=Business.objects.get(slug="clinic"), phone="+972501234567", name="Dana")
    with pytest.raises(CommandError, match="has no WhatsApp number yet"):
        run("create_broadcast", "other", "--template", "spring_sale", "--language", "en_US", "--contacts")
