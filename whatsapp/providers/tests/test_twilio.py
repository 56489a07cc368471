"""Twilio: the form that is posted, its templates in Meta's shape, and what answers mean."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from testing.meta import served
from whatsapp.providers.base import Account, Message, SendOutcome, Template
from whatsapp.providers.events import ReportedStatus
from whatsapp.providers.twilio import errors, webhooks
from whatsapp.providers.twilio.client import TwilioProvider
from whatsapp.providers.twilio.payloads import message_form
from whatsapp.providers.twilio.templates import read_template
from whatsapp.template_variables import variables_of

pytestmark = pytest.mark.once

ATTEMPT = uuid.UUID("6e1b2ae9-5b25-4a21-8a08-6f4a4d7c0b11")
PARTS = [{"type": "BODY", "text": "Hi {{1}}, {{2}}"}]
TEMPLATE = Template("HX1", "sale", "en", "MARKETING", "POSITIONAL", variables_of(PARTS, "POSITIONAL"))


def account(number_id: str = "+15550100000", api_url: str = "") -> Account:
    callback = "https://frontdesk.example/whatsapp/webhooks/twilio/"
    return Account("twilio", number_id, "AC1", "+15550100000", api_url, callback, {"auth_token": "token"})


def message() -> Message:
    return Message(ATTEMPT, "+972501234567", True, TEMPLATE, {"1": "Dana", "2": "bye"})


def test_the_form_carries_template_values_and_attempt() -> None:
    form = message_form(account(), message())
    assert json.loads(form.pop("ContentVariables")) == {"1": "Dana", "2": "bye"}
    assert form == {
        "To": "whatsapp:+972501234567",
        "From": "whatsapp:+15550100000",
        "ContentSid": "HX1",
        "StatusCallback": f"https://frontdesk.example/whatsapp/webhooks/twilio/?a={ATTEMPT}",
    }


def test_a_messaging_service_sends_in_place_of_a_number() -> None:
    form = message_form(account("MG1"), message())
    assert form["MessagingServiceSid"] == "MG1"
    assert "From" not in form


def test_a_template_is_read_with_every_variable_wherever_it_stands() -> None:
    content = {
        "sid": "HX1",
        "friendly_name": "sale",
        "language": "en",
        "types": {"twilio/media": {"body": "Hi {{1}}", "media": ["https://example.com/{{2}}.jpg"]}},
        "approval_requests": {"name": "sale_v2", "category": "MARKETING", "status": "approved"},
    }
    read = read_template(content)
    assert (read.name, read.status, read.category) == ("sale_v2", "APPROVED", "MARKETING")
    assert [variable.key for variable in variables_of(read.components, read.parameter_format)] == ["1", "2"]


def test_the_buttons_that_answer_are_read() -> None:
    actions = [{"title": "Stop promotions", "id": "stop"}, {"title": "Book", "id": "book"}]
    reply = read_template({"sid": "HX1", "types": {"twilio/quick-reply": {"body": "Hi", "actions": actions}}})
    assert reply.quick_replies == ["Stop promotions", "Book"]
    card = [{"type": "URL", "title": "Shop", "url": "https://example.com"}, {"type": "QUICK_REPLY", "title": "Stop"}]
    assert read_template({"sid": "HX2", "types": {"whatsapp/card": {"actions": card}}}).quick_replies == ["Stop"]


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (429, {"code": 20429}, SendOutcome.THROTTLED),
        (400, {"code": 63018}, SendOutcome.THROTTLED),
        (400, {"code": 63024}, SendOutcome.PERMANENT),
        (400, {"code": 63049}, SendOutcome.DEFERRED),
        (400, {"code": 21655}, SendOutcome.TEMPLATE_WIDE),
        (400, {"code": 63040}, SendOutcome.TEMPLATE_WIDE),
        (400, {"code": 63041}, SendOutcome.TEMPLATE_WIDE),
        (400, {"code": 63042}, SendOutcome.TEMPLATE_WIDE),
        (400, {"code": 63112}, SendOutcome.CHANNEL_WIDE),
        (401, {"code": 20003}, SendOutcome.CHANNEL_WIDE),
        (500, {"code": 20500}, SendOutcome.UNKNOWN),
        (503, None, SendOutcome.UNKNOWN),
        (400, {"code": 99999}, SendOutcome.PERMANENT),
    ],
)
def test_what_a_refusal_means(status: int, body: dict[str, Any] | None, outcome: SendOutcome) -> None:
    assert errors.refused(status, body, None).outcome is outcome


@pytest.mark.parametrize(
    ("code", "may_be_one_row"),
    [("63016", True), ("63021", True), ("63027", False), ("63028", False), ("63040", False), ("63041", False)],
)
def test_what_can_never_be_one_person_s_fault_pauses_at_once(code: str, may_be_one_row: bool) -> None:
    rule = errors.rule_for(code)
    assert (rule.outcome, rule.pause_reason) == (SendOutcome.TEMPLATE_WIDE, "template")
    assert rule.may_be_one_row is may_be_one_row
    assert rule.resume_after_s == (10_800.0 if code == "63041" else None)
    assert errors.rule_for("63013").counts_against_broadcast


async def test_templates_are_listed_beyond_the_first_page() -> None:
    asked: list[dict[str, str]] = []

    async def listing(request: web.Request) -> web.Response:
        asked.append(dict(request.query))
        number = int(request.query.get("Page", "0"))
        following = str(request.url.with_query(PageSize=100, Page=number + 1)) if number < 2 else None
        contents = [{"sid": f"HX{number}", "friendly_name": f"sale_{number}", "language": "en"}]
        return web.json_response({"contents": contents, "meta": {"next_page_url": following}})

    app = web.Application()
    app.router.add_get("/v1/ContentAndApprovals", listing)
    async with served(app) as url, aiohttp.ClientSession() as http:
        found = await TwilioProvider().list_templates(http, account(api_url=url))
    assert [template.external_id for template in found] == ["HX0", "HX1", "HX2"]
    assert asked == [{"PageSize": "100"}, {"PageSize": "100", "Page": "1"}, {"PageSize": "100", "Page": "2"}]


async def test_a_message_whose_answer_was_lost_is_found_in_twilios_list() -> None:
    asked: list[dict[str, str]] = []

    async def listing(request: web.Request) -> web.Response:
        asked.append(dict(request.query))
        return web.json_response(
            {
                "messages": [
                    {"sid": "SM2", "direction": "outbound-api", "date_created": "Mon, 23 Nov 2026 12:00:05 +0000"},
                    {"sid": "SM3", "direction": "outbound-api", "date_created": "Mon, 23 Nov 2026 11:59:55 +0000"},
                    {"sid": "SM1", "direction": "outbound-api", "date_created": "Mon, 23 Nov 2026 11:00:00 +0000"},
                    {"sid": "SM0", "direction": "inbound", "date_created": "Mon, 23 Nov 2026 12:00:06 +0000"},
                ]
            }
        )

    app = web.Application()
    app.router.add_get("/2010-04-01/Accounts/AC1/Messages.json", listing)
    async with served(app) as url, aiohttp.ClientSession() as http:
        since = datetime(2026, 11, 23, 12, tzinfo=UTC)
        found = await TwilioProvider().find_messages(http, account(api_url=url), "+972501234567", since)
    assert found == ["SM2", "SM3"]  # its clock may be some seconds behind ours
    assert asked == [{"To": "whatsapp:+972501234567", "From": "whatsapp:+15550100000", "PageSize": "100"}]


async def test_a_post_without_an_answer_is_unknown_and_without_a_connection_unsent() -> None:
    async def hang_up(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    app = web.Application()
    app.router.add_post("/2010-04-01/Accounts/AC1/Messages.json", hang_up)
    async with aiohttp.ClientSession() as http:
        async with served(app) as url:
            lost = await TwilioProvider().send(http, account(api_url=url), message())
        closed = await TwilioProvider().send(http, account(api_url=url), message())
    assert (lost.outcome, closed.outcome) == (SendOutcome.UNKNOWN, SendOutcome.SAFE_RETRY)


@pytest.mark.parametrize(("said", "progress"), [("queued", "accepted"), ("undelivered", "failed"), ("read", "read")])
def test_statuses_are_read(said: str, progress: str) -> None:
    at = datetime(2026, 11, 23, tzinfo=UTC)
    form = {"MessageSid": "SM1", "MessageStatus": said, "From": "whatsapp:+15550100000", "attempt": str(ATTEMPT)}
    event: Any = webhooks.read(form, at)
    assert (event.status, event.tracker, event.number_id) == (ReportedStatus(progress), ATTEMPT, "+15550100000")


def test_a_scheduled_message_is_no_news() -> None:
    assert webhooks.read({"MessageSid": "SM1", "MessageStatus": "scheduled"}, datetime.now(UTC)) is None
