"""Reading an import: crashes between chunk and commit, two readers at once, cancelling, and files that always fail."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, OperationalError
from django.utils import translation
from django.utils.translation import gettext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from businesses.models import Business
from businesses.tenancy import acting_for
from whatsapp import tasks
from whatsapp.broadcasts.reasons import reason_words
from whatsapp.importing import files, imports, reading
from whatsapp.importing.contact_layout import guess
from whatsapp.importing.people import save
from whatsapp.importing.rows import understood
from whatsapp.models import Consent, ConsentChange, Contact, ContactImport, ContactTag, ImportStatus, RejectedRow
from whatsapp.people import consent
from whatsapp.tests.conftest import NOW

PEOPLE = 10
BAD_ROWS = (4, 9)
"""The file's rows 2 to 11."""


class Killed(BaseException):
    """The process dies here."""


def clock() -> datetime:
    return NOW


def later(seconds: float) -> Callable[[], datetime]:
    return lambda: NOW + timedelta(seconds=seconds)


def draft(clinic: Business, text: str | None = None) -> ContactImport:
    rows = [f"0501234{n:03d},Dana {n},vip" if n + 2 not in BAD_ROWS else f"x{n},Bad {n}," for n in range(PEOPLE)]
    content = (text or "\n".join(["phone,name,tags", *rows])).encode()
    return imports.draft(clinic, io.BytesIO(content), name="people.csv", now=NOW)


@pytest.fixture
def running(clinic: Business, monkeypatch: pytest.MonkeyPatch) -> ContactImport:
    """An import of ten rows, two of them bad, in chunks of three."""
    monkeypatch.setattr(reading, "CHUNK", 3)
    made = draft(clinic)
    assert imports.start(made, guess(made.header), tags=["all"], consent_source="fair", now=NOW)
    return made


def assert_whole(made: ContactImport) -> None:
    """Checks that every row was counted once, every person exists once and is complete, and the file is gone."""
    made.refresh_from_db()
    assert (made.status, made.rows_read, made.added, made.updated, made.unchanged, made.rejected) == (
        *(ImportStatus.DONE, PEOPLE, PEOPLE - len(BAD_ROWS), 0, 0, len(BAD_ROWS)),
    )
    assert Contact.objects.filter(consent=Consent.GRANTED).count() == PEOPLE - len(BAD_ROWS)
    assert ConsentChange.objects.count() == PEOPLE - len(BAD_ROWS)
    assert Counter(ContactTag.objects.values_list("tag__name", flat=True)) == {"vip": 8, "all": 8}
    assert list(RejectedRow.objects.values_list("row", flat=True)) == list(BAD_ROWS)
    assert made.file.name == ""


def kill_in(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, call: int) -> None:
    """Die in the n-th call of a function, after its work is done."""
    whole, calls = getattr(owner, name), iter(range(1, 100))

    def dying(*args: Any, **named: Any) -> Any:
        done = whole(*args, **named)
        if next(calls) == call:
            raise Killed
        return done

    monkeypatch.setattr(owner, name, dying)


@pytest.mark.parametrize("call", [1, 2, 4])
@pytest.mark.parametrize(
    ("owner", "name"),
    [(imports, "move"), (reading, "save"), (reading, "insert_rows"), (consent, "note")],
    ids=["after the cursor", "after the people", "after the rejected", "amid the people"],
)
def test_killed_between_chunk_and_commit_the_next_reader_goes_on_exactly(
    running: ContactImport, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, call: int
) -> None:
    with monkeypatch.context() as patch:
        kill_in(patch, owner, name, call)
        with pytest.raises(Killed):
            reading.read(running, clock=clock)
    before = ContactImport.objects.get()
    assert (before.status, before.rows_read) == (ImportStatus.RUNNING, (call - 1) * 3)
    assert RejectedRow.objects.count() == before.rejected
    assert reading.read(before, clock=clock)  # its lease has not expired: nobody touches it
    assert ContactImport.objects.get().rows_read == before.rows_read
    assert reading.read(before, clock=later(31))
    assert_whole(before)


def test_killed_after_the_last_commit_it_is_finished_by_the_next(
    running: ContactImport, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(imports, "finish", _die)
        with pytest.raises(Killed):
            reading.read(running, clock=clock)
    assert reading.read(running, clock=later(31))
    assert_whole(running)


def _die(*_args: object, **_named: object) -> None:
    raise Killed


def test_a_reader_that_was_stalled_writes_nothing_any_more(
    running: ContactImport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader pauses in a chunk for longer than its lease; another reads everything; then the first wakes up."""
    whole, other = understood, ContactImport.objects.get()
    calls = iter(range(100))

    def slow(*args: Any) -> Any:
        if next(calls) == 4:
            assert reading.read(other, clock=later(31))
        return whole(*args)

    monkeypatch.setattr(reading, "understood", slow)
    assert reading.read(running, clock=clock)
    assert_whole(running)


def test_reading_twice_changes_nothing(running: ContactImport) -> None:
    tasks.read_import(str(running.business_id), str(running.pk))
    assert_whole(running)
    tasks.read_import(str(running.business_id), str(running.pk))
    assert reading.read(running, clock=later(100))
    assert_whole(running)


def test_a_shift_ends_and_the_next_goes_on_at_once(running: ContactImport) -> None:
    assert not reading.read(running, clock=clock, keep_going=lambda rows: rows < 4)
    assert (running.rows_read, ContactImport.objects.get().rows_read) == (0, 6)
    assert [each.pk for each in imports.waiting(later(1)(), at_most=5)] == [running.pk]
    assert reading.read(running, clock=later(1))
    assert_whole(running)


def test_cancelled_while_it_is_read_what_was_read_stays(
    running: ContactImport, django_capture_on_commit_callbacks: Any
) -> None:
    path = running.file.name or ""

    def cancelling(rows: int) -> bool:
        with django_capture_on_commit_callbacks(execute=True):
            assert imports.cancel(ContactImport.objects.get(), now=NOW)
        return True

    assert default_storage.exists(path)
    assert reading.read(running, clock=clock, keep_going=cancelling)
    assert (running.status, running.rows_read, running.added, running.rejected) == (ImportStatus.CANCELLED, 3, 2, 1)
    assert Contact.objects.count() == 2
    assert not default_storage.exists(path)
    assert not imports.cancel(running, now=NOW)
    assert reading.read(running, clock=later(100))
    assert running.rows_read == 3


def test_what_kills_every_reader_fails_in_the_end(running: ContactImport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "save", _die)
    for number in range(imports.MOST_CLAIMS):
        with pytest.raises(Killed):
            reading.read(running, clock=later(31 * number))
    assert reading.read(running, clock=later(1_000))
    assert (running.status, running.rows_read) == (ImportStatus.FAILED, 0)
    assert reason_words(running) == "Reading stopped repeatedly after row 0. What was read before that is kept."


def test_another_process_in_the_way_is_waited_for(running: ContactImport, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody writes to the business for the first time between our reading of its contacts and our writing."""
    whole, calls = save, iter(range(100))

    def disturbed(*args: Any, **named: Any) -> Any:
        if next(calls) < 2:
            raise IntegrityError
        return whole(*args, **named)

    monkeypatch.setattr(reading, "save", disturbed)
    assert reading.read(running, clock=clock)
    assert_whole(running)


def test_while_the_database_is_away_nothing_is_given_up(
    running: ContactImport, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_args: object, **_named: object) -> None:
        raise OperationalError

    with monkeypatch.context() as patch:
        patch.setattr(reading, "save", away)
        with pytest.raises(OperationalError):
            reading.read(running, clock=clock)
    assert reading.read(running, clock=later(31))
    assert_whole(running)


def test_our_own_mistake_is_said_and_logged(
    running: ContactImport, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_args: object, **_named: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(reading, "save", broken)
    assert reading.read(running, clock=clock)
    assert running.status == ImportStatus.FAILED
    assert reason_words(running) == "Something went wrong on our side after row 0. What was read before that is kept."
    assert "ZeroDivisionError" in caplog.text


def test_reasons_are_in_the_language_of_whoever_reads_them(clinic: Business) -> None:
    made = draft(clinic)
    imports.start(made, guess(made.header), tags=[], consent_source="", now=NOW)
    with translation.override("he"):
        expected = gettext("%(text)s is not a phone number. Write one number, like +972501234567.") % {"text": "“x2”"}
    tasks.read_import(str(clinic.pk), str(made.pk))
    with translation.override("he"):
        assert reason_words(RejectedRow.objects.get(row=4)) == expected
    assert reason_words(RejectedRow.objects.get(row=4)).startswith("“x2” is not a phone number.")
    assert re.search("[א-ת]", expected)


def test_a_sweep_rings_for_what_nobody_reads(running: ContactImport, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[tuple[str, str]] = []
    monkeypatch.setattr(tasks.read_import, "apply_async", lambda names, expires: rung.append(names))
    tasks.ring_for_imports()
    assert rung == [(str(running.business_id), str(running.pk))]
    assert imports.claim(running, now=datetime.now(tz=NOW.tzinfo))
    tasks.ring_for_imports()
    assert len(rung) == 1


def test_only_so_many_are_read_at_once(clinic: Business, running: ContactImport) -> None:
    for _ in range(tasks.IMPORTS):
        made = draft(clinic)
        imports.start(made, guess(made.header), tags=[], consent_source="", now=NOW)
        assert imports.claim(made, now=datetime.now(tz=NOW.tzinfo))
    tasks.read_import(str(clinic.pk), str(running.pk))
    running.refresh_from_db()
    assert (running.status, running.rows_read) == (ImportStatus.RUNNING, 0)


def test_what_nobody_came_back_for_is_removed(clinic: Business, settings: Any) -> None:
    old, young = draft(clinic), draft(clinic)
    lost = Path(settings.MEDIA_ROOT) / "imports" / clinic.pk.hex / "lost"
    lost.write_text("a process was killed before its row was kept")
    written = datetime.fromtimestamp(lost.stat().st_mtime, tz=NOW.tzinfo)
    ContactImport.objects.filter(pk=young.pk).update(created_at=written + timedelta(hours=1))
    with acting_for():
        assert files.remove_abandoned(now=written) == 0
        assert files.remove_abandoned(now=written + files.KEPT + timedelta(minutes=1)) == 2
    assert not default_storage.exists(old.file.name or "")
    assert not lost.exists()
    assert default_storage.exists(young.file.name or "")
    assert ContactImport.objects.get() == young


def test_what_was_not_taken_is_there_for_a_month(running: ContactImport) -> None:
    assert reading.read(running, clock=clock)
    with acting_for():
        assert imports.forget_rejected(NOW + imports.REJECTED_KEPT) == 0
        assert imports.forget_rejected(NOW + imports.REJECTED_KEPT + timedelta(seconds=1)) == len(BAD_ROWS)
    running.refresh_from_db()
    assert (running.rejected, RejectedRow.objects.count()) == (len(BAD_ROWS), 0)


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["0501234567", "+972501234567", "0521234567", "0539999999", "abc", ""]),
        st.sampled_from(["", "Dana", "Tal"]),
        st.sampled_from(["", "vip", "vip;x"]),
        st.sampled_from(["", "Haifa", "Eilat"]),
    ),
    max_size=12,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, chunk=st.integers(1, 5))
def test_counts_and_contacts_do_not_depend_on_the_chunks(
    clinic: Business, monkeypatch: pytest.MonkeyPatch, rows: list[tuple[str, ...]], chunk: int
) -> None:
    def imported(size: int) -> tuple[object, ...]:
        monkeypatch.setattr(reading, "CHUNK", size)
        Contact.objects.all().delete()
        ConsentChange.objects.all().delete()
        Contact.objects.create(business=clinic, phone="+972539999999", name="Tal", attributes={"city": "Eilat"})
        text = "phone,name,tags,city\n0501111111,First,,\n" + "".join(",".join(row) + "\n" for row in rows)
        made = draft(clinic, text)
        imports.start(made, guess(made.header), tags=[], consent_source="form", now=NOW)
        assert reading.read(made, clock=clock)
        made.refresh_from_db()
        kept = [
            (each.phone, each.name, each.attributes, each.consent, sorted(each.tags.values_list("name", flat=True)))
            for each in Contact.objects.order_by("phone")
        ]
        noted = ConsentChange.objects.order_by("address").values_list("address", flat=True)
        found = RejectedRow.objects.filter(contact_import=made).values_list("row", "given", "cause", "cause_data")
        return made.rows_read, made.added, made.updated, made.unchanged, kept, list(noted), list(found)

    assert imported(chunk) == imported(1_000)
