"""Meta's Cloud API: what is posted, what each answer means, and webhooks as in its documents."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import aiohttp
import pytest
from aiohttp import web

from testing.meta import served
from whatsapp.providers.base import Account, Message, SendOutcome, Template
from whatsapp.providers.cloud import errors, splitting, webhooks
from whatsapp.providers.cloud.client import CloudProvider
from whatsapp.providers.cloud.limits import daily_limit
from whatsapp.providers.cloud.payloads import components, message_body
from whatsapp.providers.events import (
    NO_LIMIT,
    AccountChange,
    Inbound,
    Preference,
    ReportedStatus,
    StatusUpdate,
    TemplateChange,
    limit_after,
)
from whatsapp.states import PauseReason
from whatsapp.template_variables import variables_of

pytestmark = pytest.mark.once

CAME_AT = datetime(2026, 11, 1, tzinfo=UTC)
ATTEMPT = uuid.UUID("6e1b2ae9-5b25-4a21-8a08-6f4a4d7c0b11")


def template(parts: Sequence[Mapping[str, Any]], form: str = "POSITIONAL") -> Template:
    return Template("77", "order_update", "en_US", "UTILITY", form, variables_of(parts, form))


def test_a_message_carries_its_attempt_and_the_number_with_its_plus() -> None:
    plain = template([{"type": "BODY", "text": "Hello"}])
    body = json.loads(message_body(Message(ATTEMPT, "+16505551234", True, plain, {})))
    assert body == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+16505551234",
        "type": "template",
        "biz_opaque_callback_data": str(ATTEMPT),
        "template": {"name": "order_update", "language": {"code": "en_US"}, "components": []},
    }


def test_a_user_id_goes_into_its_own_field() -> None:
    plain = template([{"type": "BODY", "text": "Hello"}])
    body = json.loads(message_body(Message(ATTEMPT, "US.13491208655302741918", False, plain, {})))
    assert body["recipient"] == "US.13491208655302741918"
    assert "to" not in body


def test_named_values_name_their_parameters() -> None:
    named = template([{"type": "BODY", "text": "Hi {{first_name}}"}], "NAMED")
    assert components(named, {"first_name": "דנה"}) == [
        {"type": "body", "parameters": [{"type": "text", "parameter_name": "first_name", "text": "דנה"}]}
    ]


def test_header_body_and_buttons_each_get_their_values() -> None:
    rich = template(
        [
            {"type": "HEADER", "format": "IMAGE"},
            {"type": "BODY", "text": "{{1}} and {{2}}"},
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "QUICK_REPLY", "text": "No"},
                    {"type": "URL", "text": "See", "url": "https://example.com/{{1}}"},
                    {"type": "COPY_CODE", "text": "Copy"},
                ],
            },
        ]
    )
    values = {variable.key: f"value of {variable.key}" for variable in rich.variables} | {"header_image": "MEDIA"}
    assert components(rich, values) == [
        {"type": "header", "parameters": [{"type": "image", "image": {"id": "MEDIA"}}]},
        {
            "type": "body",
            "parameters": [{"type": "text", "text": "value of 1"}, {"type": "text", "text": "value of 2"}],
        },
        {
            "type": "button",
            "sub_type": "url",
            "index": "1",
            "parameters": [{"type": "text", "text": "value of button_2"}],
        },
        {
            "type": "button",
            "sub_type": "copy_code",
            "index": "2",
            "parameters": [{"type": "coupon_code", "coupon_code": "value of button_3"}],
        },
    ]


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (4, SendOutcome.THROTTLED),
        (80007, SendOutcome.THROTTLED),
        (130429, SendOutcome.THROTTLED),
        (131057, SendOutcome.THROTTLED),
        (131056, SendOutcome.RETRY),
        (131048, SendOutcome.CHANNEL_WIDE),
        (131000, SendOutcome.RETRY),
        (131053, SendOutcome.RETRY),
        (131026, SendOutcome.PERMANENT),
        (131047, SendOutcome.PERMANENT),
        (131049, SendOutcome.DEFERRED),
        (131050, SendOutcome.SUPPRESS),
        (130472, SendOutcome.PERMANENT),
        (132000, SendOutcome.TEMPLATE_WIDE),
        (132015, SendOutcome.TEMPLATE_WIDE),
        (100, SendOutcome.PERMANENT),
        (190, SendOutcome.CHANNEL_WIDE),
        (200, SendOutcome.CHANNEL_WIDE),
        (299, SendOutcome.CHANNEL_WIDE),
        (300, SendOutcome.PERMANENT),
        (131042, SendOutcome.CHANNEL_WIDE),
        (368, SendOutcome.CHANNEL_WIDE),
        (424242, SendOutcome.PERMANENT),
    ],
)
def test_every_class_of_error_is_known(code: int, outcome: SendOutcome) -> None:
    assert errors.refused(400, {"code": code}).outcome is outcome


def test_every_rule_that_pauses_says_why_in_words_of_the_model() -> None:
    for rule in errors.RULES.values():
        pauses = rule.outcome in {SendOutcome.TEMPLATE_WIDE, SendOutcome.CHANNEL_WIDE}
        assert (rule.pause_reason in PauseReason.values) == pauses
        assert str(rule.explanation)


def test_a_number_that_the_token_cannot_see_is_no_fault_of_a_person() -> None:
    gone = errors.refused(400, {"code": 100, "error_subcode": 33, "message": "(#100) does not exist"})
    assert (gone.outcome, gone.code) == (SendOutcome.CHANNEL_WIDE, "100/33")
    assert errors.rule_for(gone.code) is gone.rule
    other = errors.refused(400, {"code": 100, "error_subcode": 2494010})
    assert (other.outcome, other.code) == (SendOutcome.PERMANENT, "100")
    assert errors.refused(500, {"code": 100, "error_subcode": 33}).outcome is SendOutcome.CHANNEL_WIDE


def test_another_number_of_values_is_never_one_person_s_fault() -> None:
    assert not errors.rule_for("132000").may_be_one_row
    assert errors.rule_for("132012").may_be_one_row


def test_http_429_throttles_whatever_its_body_says() -> None:
    assert errors.refused(429, {"code": 1}).outcome is SendOutcome.THROTTLED
    assert errors.refused(429, None, 7.0).retry_after_s == 7.0


def test_metas_own_words_are_kept_the_exact_ones_first() -> None:
    error = {"message": "(#132000) count", "error_data": {"details": "body: expected 2, got 1"}}
    assert errors.text_of(error) == "body: expected 2, got 1"


@pytest.mark.parametrize(
    ("said", "limit"),
    [
        ("TIER_2K", 2000),
        ("2000", 2000),
        (250, 250),
        ({"limit": "TIER_10K"}, 10_000),
        ("TIER_UNLIMITED", NO_LIMIT),
        (-1, NO_LIMIT),
        ("-1", NO_LIMIT),
        (-1.0, NO_LIMIT),
        ({"limit": -1}, NO_LIMIT),
        ({"tier": "TIER_UNLIMITED"}, NO_LIMIT),
        (10**30, NO_LIMIT),
        (None, None),
        (True, None),
        (0, None),
        ("TIER_NOT_SET", None),
        (["TIER_2K"], None),
        ({}, None),
    ],
)
def test_daily_limits(said: Any, limit: int | None) -> None:
    assert daily_limit(said) == limit


def test_a_limit_that_was_lifted_is_no_limit_and_silence_changes_nothing() -> None:
    assert limit_after(NO_LIMIT, 250) is None
    assert limit_after(None, 250) == 250
    assert limit_after(2000, None) == 2000


async def test_templates_are_listed_beyond_the_first_page() -> None:
    asked: list[str | None] = []

    async def listing(request: web.Request) -> web.Response:
        assert request.query["limit"] == "100"
        assert {"id", "status", "components"} <= set(request.query["fields"].split(","))
        asked.append(request.query.get("after"))
        number = int(request.query.get("after", "0"))
        cursors = {"cursors": {"before": str(number), "after": str(number + 1)}}  # Meta: also on the last page
        paging = cursors if number == 2 else cursors | {"next": "https://graph.facebook.com/next"}
        entry = {"id": str(70 + number), "name": "sale", "language": "he", "status": "approved"}
        return web.json_response({"data": [entry], "paging": paging})

    app = web.Application()
    app.router.add_get("/2077/message_templates", listing)
    async with served(app) as url, aiohttp.ClientSession() as http:
        account = Account("cloud", "1055", "2077", "", url, "", {"access_token": "token"})
        found = await CloudProvider().list_templates(http, account)
    assert [template.external_id for template in found] == ["70", "71", "72"]
    assert asked == [None, "1", "2"]


@pytest.mark.parametrize("written", ["1055/../2077", "1055?fields=x", "1055#", "../debug_token", "1055%2f"])
async def test_an_id_can_not_lead_to_another_address(written: str) -> None:
    asked: list[str] = []

    async def anything(request: web.Request) -> web.Response:
        asked.append(request.raw_path)
        return web.json_response({})

    app = web.Application()
    app.router.add_get("/{rest:.*}", anything)
    async with served(app) as url, aiohttp.ClientSession() as http:
        account = Account("cloud", written, written, "", url, "", {"access_token": "token"})
        await CloudProvider().number_health(http, account)
    path = asked[0].partition("?")[0]
    assert path.count("/") == 1
    assert unquote(path) == f"/{written}"


def read(field: str, value: dict[str, Any]) -> list[Any]:
    notice = {
        "object": "whatsapp_business_account",
        "entry": [{"id": "2077", "changes": [{"field": field, "value": value}]}],
    }
    return [webhooks.read(parcel.payload, CAME_AT) for parcel in splitting.split(json.dumps(notice).encode())]


METADATA = {"display_phone_number": "15550100000", "phone_number_id": "1055"}
AT = datetime.fromtimestamp(1750030073, UTC)


def test_a_status_is_read_with_its_price_and_attempt() -> None:
    status = {
        "id": "wamid.HBg",
        "status": "sent",
        "timestamp": "1750030073",
        "recipient_id": "16505551234",
        "biz_opaque_callback_data": str(ATTEMPT),
        "pricing": {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "marketing"},
    }
    assert read("messages", {"metadata": METADATA, "statuses": [status]}) == [
        StatusUpdate(
            "1055",
            "wamid.HBg",
            ReportedStatus.SENT,
            AT,
            ATTEMPT,
            billable=True,
            price_category="marketing",
            price_type="regular",
            recipient=("+16505551234",),
        )
    ]


def test_a_failed_status_is_read_with_its_reason() -> None:
    error = {"code": 131049, "title": "Limited", "error_data": {"details": "healthy ecosystem"}}
    status = {"id": "wamid.1", "status": "failed", "timestamp": "1750030073", "errors": [error]}
    (update,) = read("messages", {"metadata": METADATA, "statuses": [status]})
    assert (update.status, update.error_code, update.error_text) == (
        ReportedStatus.FAILED,
        "131049",
        "healthy ecosystem",
    )


def test_messages_are_read_also_from_people_without_a_number() -> None:
    value = {
        "metadata": METADATA,
        "contacts": [{"profile": {"name": "Dana"}, "user_id": "US.1349"}],
        "messages": [
            {
                "from_user_id": "US.1349",
                "id": "wamid.1",
                "timestamp": "1750030073",
                "type": "text",
                "text": {"body": "hi"},
            }
        ],
    }
    assert read("messages", value) == [Inbound("1055", "wamid.1", AT, "text", bsuid="US.1349", name="Dana", text="hi")]


def test_a_pressed_button_is_read_with_its_payload() -> None:
    message = {
        "from": "16505551234",
        "id": "wamid.2",
        "timestamp": "1750030073",
        "type": "button",
        "button": {"text": "Stop promotions", "payload": "STOP"},
        "context": {"id": "wamid.1"},
    }
    (event,) = read("messages", {"metadata": METADATA, "messages": [message]})
    assert (event.phone, event.text, event.button_payload) == ("+16505551234", "Stop promotions", "STOP")
    assert event.answers_message_id == "wamid.1"


def test_a_preference_is_read() -> None:
    preference = {"wa_id": "16505551234", "category": "marketing_messages", "value": "stop", "timestamp": 1750030073}
    assert read("user_preferences", {"metadata": METADATA, "user_preferences": [preference]}) == [
        Preference("1055", AT, wants_marketing=False, phone="+16505551234")
    ]


def test_changes_of_templates_and_accounts_are_read() -> None:
    about = {"message_template_id": 77, "message_template_name": "sale", "message_template_language": "he"}
    assert read("message_template_status_update", {"event": "PAUSED", "reason": "X", **about}) == [
        TemplateChange("2077", "77", "sale", "he", status="PAUSED", reason="X")
    ]
    assert read("message_template_status_update", {"event": "APPROVED", "reason": "NONE", **about}) == [
        TemplateChange("2077", "77", "sale", "he", status="APPROVED")
    ]
    (change,) = read("account_update", {"event": "ACCOUNT_RESTRICTION"})
    assert isinstance(change, AccountChange)
    assert change.restricted
    assert read("something_new", {"x": 1}) == [None]
