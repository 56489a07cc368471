"""Every event of Meta's `account_update`, and the statuses of templates and limits of numbers that come by webhook."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from whatsapp.providers.cloud import account_events, splitting, webhooks
from whatsapp.providers.cloud.account_events import Effect
from whatsapp.providers.events import NO_LIMIT, AccountChange, Event, NumberChange, TemplateChange
from whatsapp.states import SENDABLE_TEMPLATES, TemplateStatus

pytestmark = pytest.mark.once

CAME_AT = datetime(2026, 11, 1, tzinfo=UTC)


def read(field: str, value: dict[str, Any]) -> Event | None:
    notice = {
        "object": "whatsapp_business_account",
        "entry": [{"id": "2077", "time": 1739321024, "changes": [{"field": field, "value": value}]}],
    }
    (parcel,) = splitting.split(json.dumps(notice).encode())
    return webhooks.read(parcel.payload, CAME_AT)


def restriction(*kinds: str) -> dict[str, Any]:
    return {"restriction_info": [{"restriction_type": kind, "expiration": 1797000000} for kind in kinds]}


ADD, BUSINESS, CUSTOMER = (
    "RESTRICTED_ADD_PHONE_NUMBER_ACTION",
    "RESTRICTED_BIZ_INITIATED_MESSAGING",
    "RESTRICTED_CUSTOMER_INITIATED_MESSAGING",
)
STOPS, LIFTS, NONE = True, False, None
EVENTS: list[tuple[str, dict[str, Any], bool | None]] = [
    ("ACCOUNT_DELETED", {}, STOPS),
    ("ACCOUNT_OFFBOARDED", {}, STOPS),
    ("ACCOUNT_RECONNECTED", {}, LIFTS),
    ("ACCOUNT_RESTRICTION", {}, STOPS),
    ("ACCOUNT_RESTRICTION", restriction(ADD), NONE),
    ("ACCOUNT_RESTRICTION", {"restriction_info": {"restriction_type": ADD}}, NONE),
    ("ACCOUNT_RESTRICTION", restriction(ADD, "RESTRICTED_UTILITY_TEMPLATES"), NONE),
    ("ACCOUNT_RESTRICTION", restriction("RESTRICTED_DIRECT_SEND_UTILITY_TEMPLATES"), NONE),
    ("ACCOUNT_RESTRICTION", restriction(BUSINESS), STOPS),
    ("ACCOUNT_RESTRICTION", restriction(CUSTOMER), STOPS),
    ("ACCOUNT_RESTRICTION", restriction(ADD, BUSINESS, CUSTOMER), STOPS),
    ("ACCOUNT_RESTRICTION", restriction("RESTRICTED_SOMETHING_NEW"), STOPS),
    ("ACCOUNT_RESTRICTION", {"restriction_info": [None]}, STOPS),
    ("ACCOUNT_VIOLATION", {"violation_info": {"violation_type": "ADULT"}}, NONE),
    ("AD_ACCOUNT_LINKED", {}, NONE),
    ("AUTH_INTL_PRICE_ELIGIBILITY_UPDATE", {}, NONE),
    ("BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE", {"country": "IN"}, NONE),
    ("DISABLED_UPDATE", {"ban_info": {"waba_ban_state": "DISABLE"}}, STOPS),
    ("DISABLED_UPDATE", {"ban_info": {"waba_ban_state": "REINSTATE"}}, LIFTS),
    ("DISABLED_UPDATE", {"ban_info": {"waba_ban_state": "SCHEDULE_FOR_DISABLE"}}, NONE),
    ("DISABLED_UPDATE", {"ban_info": "?"}, STOPS),
    ("MM_LITE_TERMS_SIGNED", {}, NONE),
    ("PARTNER_ADDED", {}, NONE),
    ("PARTNER_APP_INSTALLED", {}, NONE),
    ("PARTNER_APP_UNINSTALLED", {}, NONE),
    ("PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE", {}, NONE),
    ("PARTNER_REMOVED", {}, STOPS),
    ("REINSTATED", {}, LIFTS),
    ("VERIFIED_ACCOUNT", {}, NONE),
    ("VOLUME_BASED_PRICING_TIER_UPDATE", {}, NONE),
    ("SOMETHING_NEW", {}, NONE),
    ("", {}, NONE),
]


@pytest.mark.parametrize(("event", "details", "stops"), EVENTS)
def test_each_event_stops_lifts_or_does_nothing(event: str, details: dict[str, Any], stops: bool | None) -> None:
    expected = None if stops is None else AccountChange("2077", restricted=stops, reason=event)
    assert read("account_update", {"event": event, **details}) == expected


def test_the_table_of_events_is_whole() -> None:
    listed = {line.split()[0] for line in (account_events.__doc__ or "").splitlines() if line.startswith("    ")}
    known = {*account_events.EFFECTS, "ACCOUNT_RESTRICTION", "DISABLED_UPDATE"}
    assert known == {name for name in listed if name.isupper() and name != "SCHEDULE_FOR_DISABLE"}
    assert known <= {event for event, _details, _stops in EVENTS}
    assert Effect.NONE in account_events.EFFECTS.values()


def test_news_of_a_partner_name_the_account_inside() -> None:
    value = {"event": "PARTNER_REMOVED", "waba_info": {"waba_id": "980198427658004", "owner_business_id": "1"}}
    assert read("account_update", value) == AccountChange("980198427658004", restricted=True, reason="PARTNER_REMOVED")


@pytest.mark.parametrize("event", ["APPROVED", "UNPAUSED", "REINSTATED", "UNARCHIVED", "UNLOCKED", "UNFLAGGED"])
def test_a_template_that_may_be_sent_again_is_approved(event: str) -> None:
    change = read("message_template_status_update", {"event": event, "message_template_id": 77})
    assert isinstance(change, TemplateChange)
    assert change.status == TemplateStatus.APPROVED


def test_a_flagged_template_can_be_sent() -> None:
    change = read("message_template_status_update", {"event": "FLAGGED", "message_template_id": 77})
    assert isinstance(change, TemplateChange)
    assert change.status in SENDABLE_TEMPLATES


@pytest.mark.parametrize(
    ("field", "value", "limit"),
    [
        ("business_capability_update", {"max_daily_conversations_per_business": -1}, NO_LIMIT),
        ("business_capability_update", {"max_daily_conversations_per_business": "TIER_UNLIMITED"}, NO_LIMIT),
        ("business_capability_update", {"max_daily_conversations_per_business": 2000}, 2000),
        ("phone_number_quality_update", {"event": "UPGRADE", "current_limit": "TIER_UNLIMITED"}, NO_LIMIT),
        ("phone_number_quality_update", {"event": "FLAGGED", "current_limit": "TIER_NOT_SET"}, None),
        ("phone_number_quality_update", {"current_limit": "TIER_250", "max_daily_conversations_per_business": -1}, -1),
    ],
)
def test_limits_that_come_by_webhook(field: str, value: dict[str, Any], limit: int | None) -> None:
    change = read(field, value)
    assert isinstance(change, NumberChange)
    assert change.daily_limit == limit
