"""The API as a business's own program uses it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from businesses import api_tokens
from businesses.models import AuditEntry, Business
from businesses.tenancy import acting_for
from calls.models import Call, CallStatus, Speaker, Turn
from frontdesk.api import entry
from testing.broadcasts import make_sender, make_template
from whatsapp.models import Broadcast, Contact, Suppression
from whatsapp.states import BroadcastStatus

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


@pytest.fixture
def acme() -> Business:
    cache.clear()
    return Business.objects.create(name="Acme", slug="acme", time_zone="Asia/Jerusalem")


class Program:
    """A program with an access token."""

    def __init__(self, business: Business) -> None:
        with acting_for(business):
            self.token = api_tokens.make(business, name="CRM", may_write=True, by=None, now=NOW)[1]

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Returns the status and the body of an answer."""
        given = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        headers = {"Authorization": f"Bearer {self.token}", **headers}
        answer = getattr(Client(), method)(f"/api/v1{path}", **given, headers=headers)
        return answer.status_code, json.loads(answer.content)


@pytest.fixture
def program(acme: Business) -> Program:
    return Program(acme)


def test_a_contact_is_added_changed_tagged_and_opts_out(acme: Business, program: Program) -> None:
    new = {"phone": "050-123-4567", "name": "Dana", "tags": ["vip"], "attributes": {"city": "Haifa"}}
    status, made = program("post", "/contacts", new | {"consent_source": "web form"})
    assert (status, made["phone"], made["tags"], made["consent"]) == (201, "+972501234567", ["vip"], "granted")
    assert program("post", "/contacts", new)[0] == 409
    path = f"/contacts/{made['id']}"
    assert program("patch", path, {"name": "Dana C"})[1]["name"] == "Dana C"
    assert program("post", f"{path}/tags", {"tag": "north"})[1]["tags"] == ["north", "vip"]
    assert program("delete", f"{path}/tags/vip")[1]["tags"] == ["north"]
    assert program("post", f"{path}/opt-out", {"category": "marketing"})[1]["opted_out"] == ["marketing"]
    shown = program("get", path)[1]
    assert (shown["attributes"], shown["consent"], shown["name"]) == ({"city": "Haifa"}, "withdrawn", "Dana C")
    with acting_for(acme):
        assert Suppression.objects.count() == 1


def test_what_is_wrong_is_said(acme: Business, program: Program) -> None:
    status, problem = program("post", "/contacts", {"phone": "12", "nmae": "Dana"})
    assert (status, problem["title"]) == (422, "Unprocessable Entity")
    assert [each["where"][-1] for each in problem["errors"]] == ["nmae"]
    status, problem = program("post", "/contacts", {"phone": "12"})
    assert (status, problem["type"]) == (422, "about:blank")
    assert "12" in problem["detail"]
    assert program("get", "/nothing")[0] == 404
    assert program("get", f"/calls/{uuid4()}")[0] == 404
    assert program("get", "/contacts?limit=1000")[0] == 422
    assert program("get", "/contacts?cursor=x")[0] == 400
    with acting_for(acme):
        assert not Contact.objects.exists()


@pytest.mark.parametrize("odd", ["a\0b", "\ud800", "x" * 5000])
def test_odd_texts_are_refused(odd: str, acme: Business, program: Program) -> None:
    for body in ({"phone": odd}, {"phone": "+972501234567", "name": odd}, {"phone": "+972501234567", "tags": [odd]}):
        assert program("post", "/contacts", body)[0] in {400, 422}
    assert program("post", "/contacts", {"phone": "+972501234567", "attributes": {odd: "x"}})[0] in {400, 422}
    with acting_for(acme):
        assert not Contact.objects.exists()
    assert program("get", "/contacts?tag=%00")[0] == 400
    assert program("post", "/contacts", [])[0] == 422


def test_a_repeated_request_creates_nothing_again(acme: Business, program: Program) -> None:
    new = {"phone": "+972501234567"}
    key = {"Idempotency-Key": "order-17"}
    first, second = program("post", "/contacts", new, **key), program("post", "/contacts", new, **key)
    assert (first[0], second[0], second[1]["id"]) == (201, 200, first[1]["id"])
    assert program("post", "/contacts", {"phone": "+972501234568"}, **key)[0] == 422
    with acting_for(acme):
        assert Contact.objects.count() == 1
    other = Program(Business.objects.create(name="Other", slug="other"))
    assert other("post", "/contacts", new, **key)[0] == 201


def test_a_key_of_a_refused_request_can_be_used_again(acme: Business, program: Program) -> None:
    key = {"Idempotency-Key": "1"}
    assert program("post", "/contacts", {"phone": "12"}, **key)[0] == 422
    assert program("post", "/contacts", {"phone": "+972501234567"}, **key)[0] == 201


def test_pages_follow_each_other_though_rows_are_added(acme: Business, program: Program) -> None:
    def call(minutes: int) -> Call:
        at = NOW + timedelta(minutes=minutes)
        return Call.objects.create(
            business=acme, twilio_call_sid=uuid4().hex, started_at=at, status=CallStatus.ENDED, caller_number="+972501"
        )

    with acting_for(acme):
        made = [str(call(each).pk) for each in (1, 2, 2, 2, 3)]
        _status, page = program("get", "/calls?limit=2")
        seen = [each["id"] for each in page["items"]]
        call(9)
        while page["next"]:
            _status, page = program("get", f"/calls?limit=2&cursor={page['next']}")
            seen += [each["id"] for each in page["items"]]
    assert sorted(seen) == sorted(made)
    assert (seen[0], seen[-1]) == (made[-1], made[0])


def test_a_call_comes_with_what_was_said_and_heard(acme: Business, program: Program) -> None:
    with acting_for(acme):
        call = Call.objects.create(business=acme, twilio_call_sid="CA1", started_at=NOW, caller_number="browser")
        said = ((Speaker.ASSISTANT, "Hello, how can I help?", "Hello, how"), (Speaker.CALLER, "A table", ""))
        for position, (speaker, text, heard) in enumerate(said):
            Turn.objects.create(
                business=acme, call=call, position=position, speaker=speaker, text=text, heard_text=heard, started_ms=1
            )
    status, shown = program("get", f"/calls/{call.pk}")
    assert (status, shown["caller"], shown["is_trial"]) == (200, None, True)
    assert [(each["text"], each["heard"]) for each in shown["turns"]] == [
        ("Hello, how can I help?", "Hello, how"),
        ("A table", None),
    ]


def test_a_broadcast_is_made_started_and_paused(acme: Business, program: Program) -> None:
    with acting_for(acme):
        template = make_template(make_sender(acme))
    rows = [{"phone": f"+97250123456{each}", "first_name": "Dana"} for each in range(3)] + [
        {"phone": "none", "first_name": "x"}
    ]
    new = {"template": template.name, "language": template.language, "rows": rows}
    key = {"Idempotency-Key": "1"}
    status, made = program("post", "/broadcasts", new, **key)
    assert status == 201, made
    assert (status, made["status"], made["total"]) == (201, "draft", 4)
    assert [(each["row"], each["reason"]) for each in made["rejected"]] == [(5, "invalid_number")]
    status, again = program("post", "/broadcasts", new, **key)
    assert (status, again["id"], again["total"]) == (200, made["id"], 4)
    path = f"/broadcasts/{made['id']}"
    assert program("post", f"{path}/pause")[0] == 409
    status, started = program("post", f"{path}/start")
    assert (status, started["status"]) == (200, "running")
    assert program("post", f"{path}/start")[0] == 409
    assert program("post", f"{path}/pause")[1]["status"] == "paused"
    assert program("get", path)[1]["counts"]["pending"] == 3
    assert [each["id"] for each in program("get", "/broadcasts")[1]["items"]] == [made["id"]]
    with acting_for(acme):
        assert Broadcast.objects.get().status == BroadcastStatus.PAUSED
        noted = AuditEntry.objects.filter(kind__startswith="broadcast").order_by("pk")
        assert [(each.details["step"], each.details["token"]) for each in noted] == [
            ("started", "CRM"),
            ("running", "CRM"),
            ("paused", "CRM"),
        ]


def test_a_broadcast_that_can_not_be_is_refused_and_leaves_nothing(acme: Business, program: Program) -> None:
    rows = [{"phone": "+972501234567"}]
    new = {"template": "none", "language": "he"}
    assert program("post", "/broadcasts", new)[0] == 422
    assert program("post", "/broadcasts", new | {"rows": rows, "segment": str(uuid4())})[0] == 422
    assert program("post", "/broadcasts", new | {"rows": rows})[0] == 422
    with acting_for(acme):
        template = make_template(make_sender(acme))
    new = {"template": template.name, "language": template.language}
    assert program("post", "/broadcasts", new | {"segment": str(uuid4())})[1]["detail"] == "There is no such segment."
    assert program("post", "/broadcasts", new | {"rows": [{"phone": "+972501234567", "nonsense": "x"}]})[0] == 422
    with acting_for(acme):
        assert not Broadcast.objects.exists()


def test_a_token_has_so_many_requests_a_minute(
    acme: Business, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entry, "A_MINUTE", 3)
    with time_machine.travel(NOW, tick=False):
        assert [program("get", "/calls")[0] for _each in range(4)] == [200, 200, 200, 429]
        assert Program(acme)("get", "/calls")[0] == 200
    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        assert program("get", "/calls")[0] == 200


def test_who_is_signed_in_gets_nothing_without_a_token(acme: Business, admin_client: Client) -> None:
    assert admin_client.get("/api/v1/calls").status_code == 401


def test_the_description_is_valid(acme: Business) -> None:
    described = json.loads(Client().get("/api/v1/openapi.json").content)
    assert described["openapi"].startswith("3.")
    for operations in described["paths"].values():
        for operation in operations.values():
            assert operation["operationId"]
            assert operation["security"]
    text = json.dumps(described)
    for name in {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert name in described["components"]["schemas"]
