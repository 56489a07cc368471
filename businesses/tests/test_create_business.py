"""`manage.py create_business` prints one JSON object, or an error that names the option and changes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from businesses.models import Business, Membership, PhoneNumber, Role, User
from businesses.signals import call_settings_changed
from businesses.tenancy import acting_for
from businesses.tests.rows import everything
from testing.databases import ROOT, MigratedDatabase

PHONE = "+97231234567"
NEW = ("clinic", "--name", "מרפאה", "--phone", PHONE)


def create(*arguments: str) -> dict[str, Any]:
    return create_with_notes(*arguments)[0]


def create_with_notes(*arguments: str) -> tuple[dict[str, Any], str]:
    out, err = StringIO(), StringIO()
    call_command("create_business", *arguments, stdout=out, stderr=err)
    assert out.getvalue().count("\n") == 1
    return json.loads(out.getvalue()), err.getvalue()


@pytest.mark.django_db
def test_it_makes_a_business_and_says_so(settings: Any) -> None:
    settings.PUBLIC_URL = "https://desk.example"
    said = create(*NEW)
    business = Business.objects.get()
    assert said == {
        "id": str(business.pk),
        "slug": "clinic",
        "name": "מרפאה",
        "language": "he",
        "phones": [PHONE],
        "owner_email": None,
        "admin_url": f"https://desk.example/admin/businesses/business/{business.pk}/change/",
        "created": True,
    }
    assert (business.greeting_text, business.voice, business.server_vad_threshold) == ("", "marin", 0.82)


@pytest.mark.django_db
@pytest.mark.parametrize("written", ["North\nClinic", " North \r\n\x00 Clinic", "North\u2028Clinic"])
def test_a_name_stays_on_one_line(written: str) -> None:
    assert create("clinic", "--name", written, "--phone", PHONE)["name"] == "North Clinic"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("configured", "expected"),
    [("http://127.0.0.1:8000", "http://127.0.0.1:8010"), ("https://desk.example", "https://desk.example")],
)
def test_the_admin_is_where_make_run_serves_unless_an_address_is_set(
    settings: Any, tmp_path: Path, configured: str, expected: str
) -> None:
    settings.VAR_DIR, settings.PORT, settings.PUBLIC_URL = tmp_path, 8000, configured
    assert create(*NEW)["admin_url"].startswith(f"{configured}/admin/")
    (tmp_path / "serving").write_text("http://127.0.0.1:8010")
    assert create(*NEW)["admin_url"].startswith(f"{expected}/admin/")


@pytest.mark.django_db
def test_every_option_reaches_its_field() -> None:
    options = ["--greeting", " שלום ", "--language", "en", "--instructions", "Be kind.", "--voice", "cedar"]
    options += ["--fallback", "+972 50-123 4567", "--time-zone", "Europe/London", "--assistant-speaks-first"]
    options += ["--phone", "+972 3 765 4321", "--set", "barge_in_enabled=false", "--set", "barge_in_voice_frames=9"]
    options += ["--set", "server_vad_threshold=0.8", "--set", "minutes_left=12.5", "--set", "max_call_minutes=5"]

    said = create(*NEW, *options)

    business = Business.objects.get()
    assert said["phones"] == [PHONE, "+97237654321"]
    assert business.greeting_text == "שלום"
    assert (business.language, business.instructions, business.voice) == ("en", "Be kind.", "cedar")
    assert (business.fallback_number, business.time_zone) == ("+972501234567", "Europe/London")
    assert (business.assistant_speaks_first, business.barge_in_enabled) == (True, False)
    assert (business.barge_in_voice_frames, business.server_vad_threshold) == (9, 0.8)
    assert (float(business.minutes_left or 0), business.max_call_minutes) == (12.5, 5)


@pytest.mark.django_db
def test_run_again_it_changes_only_what_is_given() -> None:
    first = create(*NEW, "--greeting", "שלום", "--set", "barge_in_enabled=off", "--set", "minutes_left=3")
    before = Business.objects.values().get()

    said = create("clinic", "--language", "en")
    assert (said["id"], said["created"], said["phones"]) == (first["id"], False, [PHONE])
    assert Business.objects.values().get() == {**before, "language": "en"}

    create("clinic", "--greeting", "", "--set", "minutes_left=", "--set", "barge_in_enabled=on")
    after = {"language": "en", "greeting_text": "", "minutes_left": None, "barge_in_enabled": True}
    assert Business.objects.values().get() == {**before, **after}


@pytest.mark.django_db
def test_numbers_are_added_once_and_switched_on_again() -> None:
    create(*NEW)
    PhoneNumber.objects.update(is_active=False)
    assert create("clinic", "--name", "Clinic")["phones"] == []
    assert create(*NEW, "--phone", "+97237654321", "--phone", PHONE)["phones"] == [PHONE, "+97237654321"]
    assert PhoneNumber.objects.count() == 2


@pytest.mark.django_db
def test_an_owner_can_sign_in_and_the_password_stays_out_of_sight(client: Any) -> None:
    login = ("--owner-email", "Dana@Clinic.test", "--owner-password", "correct-horse-battery")
    out, notes = create_with_notes(*NEW, *login)

    assert out["owner_email"] == "dana@clinic.test"
    assert "correct-horse" not in json.dumps(out) + notes
    owner = User.objects.get()
    assert (owner.is_staff, owner.is_superuser) == (True, False)
    with acting_for(Business.objects.get()):
        assert list(Membership.objects.values_list("user", "role")) == [(owner.pk, Role.OWNER)]
    assert client.login(username="dana@clinic.test", password="correct-horse-battery")

    stored = owner.password
    create(*NEW, *login)  # the same password keeps its hash, and so the person's sessions
    assert User.objects.get().password == stored
    create("clinic", "--owner-email", "dana@clinic.test", "--owner-password", "another-long-one")
    assert User.objects.get().check_password("another-long-one")


@pytest.mark.django_db
def test_a_weak_password_and_odd_settings_are_noted() -> None:
    owner = ("--owner-email", "dana@clinic.test", "--owner-password", "demo")
    _, notes = create_with_notes(*NEW, *owner, "--set", "server_vad_threshold=0.5")
    assert "--owner-password is weak" in notes
    assert "Between 0.75 and 0.85" in notes
    assert User.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        (("shop", "--phone", "+97237654321"), "--name: there is no business 'shop' yet"),
        (("shop", "--name", "Shop"), "--phone: there is no business 'shop' yet"),
        (("shop", "--name", "Shop", "--phone", PHONE), f"--phone: {PHONE} already belongs to the business 'clinic'"),
        (("clinic", "--phone", "03-1234567"), "--phone 03-1234567: not a phone number. Write it with its country"),
        (("clinic", "--phone", "+9723"), "--phone +9723: not a phone number"),
        (("clinic", "--fallback", "12"), "--fallback 12: not a phone number"),
        (("clinic", "--fallback", PHONE), "--fallback: The assistant itself answers this number"),
        (
            ("clinic", "--fallback", "+97237654321", "--phone", "+97237654321"),
            "--phone: This is the business's fallback",
        ),
        (("clinic", "--name", ""), "--name: This field cannot be blank"),
        (("clinic", "--name", "x" * 121), "--name: Ensure this value has at most 120 characters"),
        (("clinic", "--greeting", "x" * 1001), "--greeting: Ensure this value has at most 1000 characters"),
        (("clinic", "--time-zone", "Mars"), "--time-zone: This time zone does not exist"),
        (("clinic", "--language", "fr"), "argument --language: invalid choice: 'fr'"),
        (("clinic", "--voice", "fable"), "argument --voice: invalid choice: 'fable'"),
        (("New-Shop", "--name", "Shop", "--phone", "+97237654321"), "SLUG: Use small Latin letters"),
        (("admin", "--name", "Shop", "--phone", "+97237654321"), "SLUG: This word is reserved"),
        (("clinic", "--set", "barge_in_enabled"), "--set barge_in_enabled: write it as name=value"),
        (("clinic", "--set", "barge_in=off"), "--set barge_in=off: there is no such setting. There are: address, "),
        (("clinic", "--set", "slug=other"), "--set slug=other: there is no such setting"),
        (("clinic", "--set", "barge_in_enabled=perhaps"), "--set barge_in_enabled=perhaps: write true or false"),
        (("clinic", "--set", "barge_in_voice_frames=1"), "--set barge_in_voice_frames: Ensure this value is greater"),
        (("clinic", "--set", "barge_in_voice_frames=many"), "--set barge_in_voice_frames: “many” value must be an int"),
        (("clinic", "--set", "server_vad_threshold=nan"), "--set server_vad_threshold: Write a number like 0.82."),
        (("clinic", "--owner-password", "x"), "--owner-password: whose? Give --owner-email too."),
        (("clinic", "--owner-email", "new@clinic.test"), "--owner-password: nobody signs in as new@clinic.test yet"),
        (("clinic", "--owner-email", "nobody", "--owner-password", "long-enough-word"), "--owner-email: Enter a valid"),
    ],
)
def test_a_refusal_names_the_option_and_changes_nothing(
    arguments: tuple[str, ...], refusal: str, django_capture_on_commit_callbacks: Any
) -> None:
    create(*NEW)
    before = everything()

    with django_capture_on_commit_callbacks() as announcements, pytest.raises(CommandError) as error:
        create(*arguments, "--instructions", "half done")

    assert str(error.value).removeprefix("Error: ").startswith(refusal)
    assert everything() == before
    assert announcements == []


@pytest.mark.django_db
def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(CommandError) as error:
        create(*NEW, "--time-zone", "Mars", "--set", "echo_gate_min_rms=-1")
    assert {line.partition(":")[0] for line in str(error.value).splitlines()} == {
        "--time-zone",
        "--set echo_gate_min_rms",
    }


@pytest.fixture
def heard() -> Iterator[list[tuple[Business, str]]]:
    """The signals that receivers got, with the greeting that was stored at that time."""
    told: list[tuple[Business, str]] = []

    def hear(*, business: Business, **_: object) -> None:
        told.append((business, Business.objects.get(pk=business.pk).greeting_text))

    call_settings_changed.connect(hear)
    yield told
    call_settings_changed.disconnect(hear)


@pytest.mark.django_db
def test_it_announces_the_settings_when_they_are_stored(
    heard: list[tuple[Business, str]], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        create(*NEW, "--greeting", "שלום")
        assert heard == []  # not before the transaction is committed

    assert heard == [(Business.objects.get(), "שלום")]


@pytest.mark.django_db(transaction=True)
def test_a_listener_that_fails_does_not_undo_what_is_stored() -> None:
    def fail(**_: object) -> None:
        raise ZeroDivisionError

    call_settings_changed.connect(fail)
    try:
        assert create(*NEW)["created"] is True
    finally:
        call_settings_changed.disconnect(fail)

    assert Business.objects.get().slug == "clinic"


@pytest.mark.timeout(120)
def test_runs_at_once_are_harmless(migrated_database: MigratedDatabase) -> None:
    """Four processes at once, as in deploys: one creates the business, the others find it."""
    with migrated_database() as database_url:
        # The tests' settings: a slow hash, made while SQLite is locked, takes seconds on a busy machine.
        environment = {**os.environ, "DATABASE_URL": database_url, "DJANGO_SETTINGS_MODULE": "testing.settings"}
        owner = ["--owner-email", "dana@clinic.test", "--owner-password", "correct-horse-battery"]
        command = [sys.executable, "manage.py", "create_business", *NEW, *owner]
        running = [
            subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            for _ in range(4)
        ]
        ended = [(process, *process.communicate()) for process in running]

    assert [(process.returncode, errors) for process, _, errors in ended if process.returncode] == []
    said = [json.loads(out) for _, out, _ in ended]
    assert len({one["id"] for one in said}) == 1
    assert sorted(one["created"] for one in said) == [False, False, False, True]
    assert all(one["phones"] == [PHONE] for one in said)
