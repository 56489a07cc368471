"""The pages and commands that export and erase a person: what is defended is that only an owner of the business reaches
them, also by direct POST, that an archive holds all of the person and nobody else, and that no number gets into a log.
"""

from __future__ import annotations

import io
import json
import logging
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from businesses.membership import add_member
from businesses.models import AuditEntry, Business, Erasure, Role, User
from businesses.tenancy import acting_for
from businesses.tests.rows import everything
from calls.models import Call
from tests.attack.world_of_a_person import NAME, PHONE, USER_ID, World, left_of_the_person, make_world
from whatsapp.models import Contact

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _media(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")


@pytest.fixture
def north() -> World:
    return make_world("north", "+97231230001")


@pytest.fixture
def south() -> World:
    return make_world("south", "+97231230002")


def member(business: Business, role: Role) -> Client:
    user = User.objects.create_user(f"{role}-of@{business.slug}.test")
    add_member(business, user, role)
    client = Client()
    client.force_login(user)
    return client


def doors(world: World) -> list[tuple[str, dict[str, str]]]:
    """Returns every address that shows, exports or erases the person, with what a form there posts."""
    base = f"/b/{world.business.slug}"
    return [
        (f"{base}/contacts/{world.contact.pk}/person/", {"do": "export"}),
        (f"{base}/contacts/{world.contact.pk}/person/", {"do": "erase"}),
        (f"{base}/calls/{world.call.pk}/person/", {"do": "export"}),
        (f"{base}/calls/{world.call.pk}/person/", {"do": "erase"}),
        (f"{base}/person/", {"do": "export", "phone": PHONE}),
        (f"{base}/person/", {"do": "erase", "phone": PHONE}),
        (f"{base}/person/", {"phone": PHONE}),
        (f"{base}/settings/keeping/", {"messages": "31"}),
    ]


def archive_of(answer: Any) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(answer)))


def test_staff_and_strangers_get_404_and_nothing_happens(north: World, south: World) -> None:
    people = [
        member(north.business, Role.STAFF),
        member(south.business, Role.OWNER),
        member(south.business, Role.STAFF),
    ]
    before = _stored()
    for client in people:
        for address, form in doors(north):
            assert client.get(address).status_code in {404, 405}, address
            assert client.post(address, form).status_code == 404, address
    assert _stored() == before


def test_an_owner_reaches_no_person_of_another_business_below_their_own_address(north: World, south: World) -> None:
    owner, before = member(south.business, Role.OWNER), None
    before = _stored()
    for kind, row in (("contacts", north.contact.pk), ("calls", north.call.pk)):
        for do in ("", "export", "erase"):
            assert owner.post(f"/b/south/{kind}/{row}/person/", {"do": do}).status_code == 404
    assert _stored() == before
    with acting_for(north.business):
        foreign = Erasure.objects.create(business=north.business, asked_at="2026-11-23T09:00Z")
    assert owner.get(f"/b/south/person/erasures/{foreign.pk}/").status_code == 404


def _stored() -> dict[str, Any]:
    rows = everything()
    for user in rows["businesses.User"]:
        del user["last_login"]
    return rows


@pytest.mark.parametrize("door", ["contact", "call", "number"])
def test_an_owner_sees_what_there_is_erases_it_and_sees_what_was_done(north: World, door: str) -> None:
    owner = member(north.business, Role.OWNER)
    address, form = {
        "contact": (f"/b/north/contacts/{north.contact.pk}/person/", {}),
        "call": (f"/b/north/calls/{north.call.pk}/person/", {}),
        "number": ("/b/north/person/", {"phone": "050-123-4567"}),
    }[door]
    page = owner.post(address, form) if form else owner.get(address)
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    assert {line.label: line.rows for line in page.context["lines"]}["Messages from the person"] == 2
    answer = owner.post(address, {**form, "do": "erase"})
    done = owner.get(answer["Location"])
    assert done.context["asked"].finished_at
    assert PHONE not in answer["Location"]
    assert left_of_the_person(north.business) == []


def test_an_archive_holds_all_of_the_person_and_nobody_else(north: World) -> None:
    answer = member(north.business, Role.OWNER).post(f"/b/north/contacts/{north.contact.pk}/person/", {"do": "export"})
    assert "no-store" in answer["Cache-Control"]
    assert PHONE[1:] not in answer["Content-Disposition"]
    archive = archive_of(answer)
    assert archive.testzip() is None
    names = set(archive.namelist())
    sorts = {"calls", "turns", "inbound", "direct", "broadcasts", "contacts", "news", "rejected", "wishes"}
    assert {f"{sort}.json" for sort in sorts} | {"index.html"} <= names
    (wav,) = (name for name in names if name.endswith(".wav"))
    assert archive.read(wav)[:4] == b"RIFF"
    sent = {record["file"] for record in json.loads(archive.read("media.json"))}
    assert sent == {name for name in names if name.startswith("media/")}
    assert [archive.read(name) for name in sent] == [f"I am {NAME}".encode()] * 2
    assert [name for name in names if name.startswith("traces/")]
    everything_in_it = b"".join(archive.read(name) for name in names)
    assert NAME.encode() in everything_in_it
    assert b"Tal" not in everything_in_it
    assert b"+972509999888" not in everything_in_it
    contact = json.loads(archive.read("contacts.json"))[0]
    assert (contact["phone"], contact["user_id"]) == (PHONE, USER_ID)
    with acting_for(north.business):
        entry = AuditEntry.objects.get(kind="person_exported")
    assert entry.details["number"] == "+972…4567"
    assert PHONE not in json.dumps(entry.details)


def test_what_a_person_wrote_can_not_become_markup_of_the_page(north: World) -> None:
    with acting_for(north.business):
        Business.objects.update(name="<script>alert(1)</script>")
    answer = member(north.business, Role.OWNER).post(f"/b/north/contacts/{north.contact.pk}/person/", {"do": "export"})
    assert b"<script>" not in archive_of(answer).read("index.html")


def test_a_number_that_is_none_is_refused_with_advice(north: World) -> None:
    owner = member(north.business, Role.OWNER)
    page = owner.post("/b/north/person/", {"phone": "12", "do": "erase"}, follow=True)
    assert "This is not a phone number" in page.content.decode()
    with acting_for(north.business):
        assert not Erasure.objects.exists()


def test_days_outside_the_bounds_are_refused_and_nothing_is_saved(north: World, settings: Any) -> None:
    settings.KEPT_DAYS_LIMITS = {"recordings": (1, 30)}
    owner = member(north.business, Role.OWNER)
    form = {
        kind: field.initial for kind, field in owner.get("/b/north/settings/keeping/").context["form"].fields.items()
    }
    assert form["recordings"] == 30
    assert owner.post("/b/north/settings/keeping/", {**form, "recordings": 31}).status_code == 422
    assert owner.post("/b/north/settings/keeping/", {**form, "recordings": 7}).status_code == 302
    assert Business.objects.get(slug="north").recordings_kept_days == 7


def test_a_large_erasure_goes_on_in_the_background(north: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from businesses import tasks  # noqa: PLC0415
    from businesses.pages import persons  # noqa: PLC0415

    monkeypatch.setattr(persons, "AT_ONCE_S", 0.0)
    rung = []
    monkeypatch.setattr(tasks, "ring", lambda: rung.append(True))
    answer = member(north.business, Role.OWNER).post(f"/b/north/contacts/{north.contact.pk}/person/", {"do": "erase"})
    assert rung
    assert answer.status_code == 302
    assert left_of_the_person(north.business)
    tasks.erase_waiting()
    assert left_of_the_person(north.business) == []


# Commands ---------------------------------------------------------------------------------------------------
def run(command: str, *arguments: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command(command, *arguments, stdout=out, stderr=io.StringIO())
    report: dict[str, Any] = json.loads(out.getvalue())
    return report


def test_the_command_erases_only_with_yes(north: World) -> None:
    seen = run("erase_person", "north", "--phone", PHONE)
    assert (seen["erased"], seen["rows"]["turns"]) == (False, 1)
    assert Contact._base_manager.filter(phone=PHONE).exists()
    assert run("erase_person", "north", "--phone", PHONE, "--yes")["erased"] is True
    assert left_of_the_person(north.business) == []


def test_the_command_finds_a_person_by_user_id_too(north: World) -> None:
    assert run("erase_person", "north", "--user-id", USER_ID, "--yes")["erased"] is True
    assert left_of_the_person(north.business) == []


def test_the_command_says_what_it_waits_for(north: World) -> None:
    Call._base_manager.filter(pk=north.call.pk).update(status="live")
    report = run("erase_person", "north", "--phone", PHONE, "--yes")
    assert (report["erased"], report["waits_for"]) == (False, "call_running")


def test_the_archive_of_the_command_is_readable_by_its_owner_only_and_overwrites_nothing(
    north: World, tmp_path: Path
) -> None:
    out = tmp_path / "dana.zip"
    report = run("export_person", "north", "--phone", PHONE, "--out", str(out))
    assert report["rows"]["inbound"] == 2
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert zipfile.ZipFile(out).testzip() is None
    with pytest.raises(CommandError, match="does not exist yet"):
        run("export_person", "north", "--phone", PHONE, "--out", str(out))


def test_neither_number_nor_name_gets_into_a_log(north: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        run("erase_person", "north", "--phone", PHONE, "--yes")
    ours = [each.getMessage() for each in caplog.records if not each.name.startswith("django.db")]
    assert not [line for line in ours if PHONE[1:] in line or NAME in line]
