"""Finding calls: by the name of a known caller and by what was said; and taking the list away as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from businesses import known_people
from businesses.known_people import KnownPerson
from businesses.models import AuditEntry, Business, Role
from businesses.tenancy import acting_for
from calls.models import BROWSER, Call, CallOutcome, CallStatus, Turn
from calls.records.certificates import Certificate, Verdict
from calls.tests.conftest import NOW, make_business, make_call
from calls.tests.test_greeting_pages import client_of

DANA, NOA = "+972501234567", "+972501234568"


@pytest.fixture
def business(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Business]:
    """A business that knows Dana."""
    monkeypatch.setattr(known_people, "_find", [lambda _business, numbers: _people(numbers)])
    monkeypatch.setattr(known_people, "_search", [lambda _business, words: [DANA] if words in "Dana Levi" else []])
    made = make_business(time_zone="Asia/Jerusalem")
    with acting_for(made):
        yield made


def _people(numbers: object) -> dict[str, KnownPerson]:
    return {DANA: KnownPerson("Dana Levi", "/people/dana/")} if DANA in set(numbers) else {}  # type: ignore[call-overload]


def call(business: Business, number: str, *, said: str = "", minutes: int = 0, **values: Any) -> Call:
    at = NOW + timedelta(minutes=minutes)
    made = make_call(
        business, caller_number=number, status=CallStatus.ENDED, outcome=CallOutcome.COMPLETED, started_at=at,
        stream_opened_at=at, ended_at=at + timedelta(seconds=65), **values,
    )  # fmt: skip
    if said:
        Turn.objects.create(
            business=business, call=made, position=0, speaker="caller", text=said, started_ms=0, ended_ms=9
        )
    return made


def found(client: Client, business: Business, query: str) -> list[Call]:
    return list(client.get(f"/b/{business.slug}/calls/{query}").context["listing"].rows)


def test_calls_that_came_and_calls_that_were_made(business: Business) -> None:
    came, made = call(business, DANA), call(business, NOA, is_outgoing=True, minutes=1)
    client = client_of(business)
    assert found(client, business, "?direction=incoming") == [came]
    assert found(client, business, "?direction=outgoing") == [made]
    assert found(client, business, "?direction=") == [made, came]
    assert client.get(f"/b/{business.slug}/calls/?direction=sideways").status_code == 422
    address = f"/b/{business.slug}/calls/calls.csv?direction=outgoing"
    text = b"".join(client.get(address)).decode("utf-8-sig")
    assert [row[1] for row in csv.reader(io.StringIO(text))][1:] == [NOA]


def test_a_known_callers_name_is_on_the_list_and_on_the_calls_page(business: Business) -> None:
    one, _other = call(business, DANA), call(business, NOA)
    client = client_of(business)
    text = client.get(f"/b/{business.slug}/calls/").content.decode()
    assert text.count('<a href="/people/dana/"><bdi>Dana Levi</bdi></a>') == 1
    assert "<h1><bdi>Dana Levi</bdi></h1>" in client.get(f"/b/{business.slug}/calls/{one.pk}/").content.decode()


def test_calls_are_found_by_name_by_number_and_by_what_was_said(business: Business) -> None:
    dana = call(business, DANA, said="When are you open?")
    noa = call(business, NOA, said="אני רוצה לקבוע תור", minutes=1)
    client = client_of(business)
    assert found(client, business, "?number=dana".replace("dana", "Dana")) == [dana]
    assert found(client, business, "?number=Nobody") == []
    assert found(client, business, "?number=1234568") == [noa]
    assert found(client, business, "?said=OPEN") == [dana]
    assert found(client, business, "?said=לקבוע") == [noa]
    assert found(client, business, "?said=nothing") == []


def test_what_another_business_said_is_not_found(business: Business) -> None:
    other = make_business()
    with acting_for(other):
        call(other, NOA, said="When are you open?")
    assert found(client_of(business), business, "?said=open") == []


def test_the_csv_says_its_zone_and_is_in_the_audit_log(business: Business) -> None:
    whole = Certificate(Verdict.HEARD_WHOLE, attempts=1, bytes_sent=800, bytes_marked=800, heard_at_s=4.125)
    tokens = {"input_tokens": 1000, "total_tokens": 1500, "input_text_tokens": 0, "input_audio_tokens": 1000}
    tokens |= {"output_text_tokens": 0, "output_audio_tokens": 500}
    call(business, DANA, certificate=whole.stored(), model="gpt-realtime-2.1", usage=tokens)
    call(business, BROWSER, minutes=1, model="gpt-realtime-unheard-of", usage=tokens)
    call(business, NOA, minutes=-1)
    client = client_of(business)
    answer = client.get(f"/b/{business.slug}/calls/calls.csv?figure=answered")
    header, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert header[0] == "started (Asia/Jerusalem)"
    local = (NOW + timedelta(hours=2)).strftime("%Y-%m-%d %H:%M:%S")
    assert rows[0][:5] == [local, DANA, "Dana Levi", rows[0][3], "Completed"]
    assert rows[0][6] == "1:05"
    assert header[8:14] == [
        "greeting", "greeting heard at (seconds)", "greeting bytes sent", "greeting bytes confirmed",
        "greeting attempts", "greeting interruptions",
    ]  # fmt: skip
    assert rows[0][8:14] == ["Heard whole", "4.12", "800", "800", "1", "0"]
    assert [row[-1] for row in (header, *rows)] == ["OpenAI cost (US dollars)", "0.064", ""]
    (entry,) = AuditEntry.objects.filter(kind="contacts_exported")
    assert entry.details["what"] == "calls"
    shown = client.get(f"/b/{business.slug}/calls/").content.decode()
    assert '<bdi dir="ltr">$0.064</bdi>' in shown
    assert shown.count("no price known") == 1


def test_staff_need_the_permission_of_exports(business: Business) -> None:
    call(business, DANA)
    client = client_of(business, role=Role.STAFF)
    assert client.get(f"/b/{business.slug}/calls/calls.csv").status_code == 403
    assert "calls.csv" not in client.get(f"/b/{business.slug}/calls/").content.decode()
    assert not AuditEntry.objects.filter(kind="contacts_exported").exists()
