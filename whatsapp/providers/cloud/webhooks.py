"""Meta's webhooks: verifying the signature, and reading each update that `splitting.py` has made of one."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from whatsapp.providers.addresses import address_in, is_phone, is_user_id
from whatsapp.providers.base import JsonObject, WebhookRequest
from whatsapp.providers.cloud.account_events import Effect, effect_of
from whatsapp.providers.cloud.attached import cards_in, media_in, place_in
from whatsapp.providers.cloud.errors import code_of, text_of
from whatsapp.providers.cloud.limits import daily_limit
from whatsapp.providers.cloud.messages import part, said_in
from whatsapp.providers.cloud.splitting import ODD, time_of
from whatsapp.providers.events import (
    AccountChange,
    Event,
    Inbound,
    NumberChange,
    Preference,
    ReportedStatus,
    StatusUpdate,
    TemplateChange,
)

NOTICE = timedelta(days=1)
"""How long before a change of category Meta announces it, if it does not say when it comes."""
LATEST = timedelta(days=30)
"""A change that is announced for later is taken for one without a time."""
_TEMPLATE_STATUSES = dict.fromkeys(("UNPAUSED", "REINSTATED", "UNARCHIVED", "UNLOCKED", "UNFLAGGED"), "APPROVED")
_STATUSES = {
    "accepted": ReportedStatus.ACCEPTED,
    "held_for_quality_assessment": ReportedStatus.ACCEPTED,
    "sent": ReportedStatus.SENT,
    "delivered": ReportedStatus.DELIVERED,
    "read": ReportedStatus.READ,
    "played": ReportedStatus.READ,
    "failed": ReportedStatus.FAILED,
}


def verify(request: WebhookRequest, secret: str) -> bool:
    """Check `X-Hub-Signature-256`, the HMAC-SHA256 of the raw body under the app secret, in constant time."""
    given = request.headers.get("x-hub-signature-256", "")
    expected = "sha256=" + hmac.new(secret.encode(), request.body, hashlib.sha256).hexdigest()
    return bool(secret) and hmac.compare_digest(given.encode(), expected.encode())


def read(payload: JsonObject, received_at: datetime) -> Event | None:
    """Returns the event of a parcel that came at this time; None if it does not concern us."""
    field, one = str(payload["field"]), payload["one"]
    number_id, account_id = str(payload.get("number_id", "")), str(payload.get("account_id", ""))
    match field:
        case "statuses":
            return _status(number_id, one, received_at)
        case "messages":
            is_elsewhere = bool(payload.get("standby"))
            return _inbound(number_id, one, payload.get("contacts") or (), received_at, is_elsewhere=is_elsewhere)
        case "user_preferences":
            return _preference(number_id, one, received_at)
        case str() if field == ODD:
            raise ValueError("This part of a webhook has no shape of Meta's.")
    return _read_change(field, account_id, one, received_at)


def _read_change(field: str, account_id: str, one: Mapping[str, Any], received_at: datetime) -> Event | None:
    match field:
        case "message_template_status_update" | "message_template_quality_update" | "template_category_update":
            return _template_change(account_id, one, received_at)
        case "phone_number_quality_update" | "business_capability_update":
            return _number_change(account_id, one)
        case "account_update":
            return _account_change(account_id, one)
        case _:
            return None


def _status(number_id: str, one: Mapping[str, Any], received_at: datetime) -> StatusUpdate | None:
    status = _STATUSES.get(str(one["status"]).lower())
    if status is None:
        return None
    pricing, error = part(one, "pricing"), _error(one.get("errors"))
    is_group = one.get("recipient_type") == "group"  # then it is no person's
    return StatusUpdate(
        number_id=number_id,
        message_id=str(one["id"]),
        status=status,
        at=time_of(one.get("timestamp"), received_at),
        tracker=_uuid(one.get("biz_opaque_callback_data")),
        error_code=code_of(error),
        error_text=text_of(error),
        billable=_is_billed(pricing),
        price_category=str(pricing.get("category") or "")[:30],
        price_type=str(pricing.get("type") or "")[:30],
        recipient=_addresses(one.get("recipient_user_id"), *([] if is_group else [one.get("recipient_id")])),
    )


def _addresses(*written: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(address_in, written))))


def _error(told: Any) -> Mapping[str, Any]:
    """Returns the first error, from a list of them or from a single object."""
    errors = told if isinstance(told, list) else [told]
    return next((error for error in errors if isinstance(error, Mapping)), {})


def _is_billed(pricing: Mapping[str, Any]) -> bool | None:
    """Returns whether a message is charged. Meta means to drop `billable`: then the type of the price says it."""
    kind = str(pricing.get("type") or "").lower()
    if kind.startswith("free"):
        return False
    told = pricing.get("billable")
    said = told if isinstance(told, bool) else {"true": True, "false": False}.get(str(told).lower())
    return True if said is None and kind == "regular" else said


def _inbound(
    number_id: str, one: Mapping[str, Any], contacts: Any, received_at: datetime, *, is_elsewhere: bool
) -> Inbound:
    kind = str(one.get("type", ""))
    contact: Mapping[str, Any] = next((each for each in contacts if _is_sender(each, one)), {})
    said = said_in(kind, one)
    sender = _addresses(one.get("from"), one.get("from_user_id"), contact.get("wa_id"), contact.get("user_id"))
    before, newer = _changed(one.get("system")) if kind == "system" else ((), ())
    known = tuple(dict.fromkeys((*sender, *before, *newer)))
    phone, bsuid = next(filter(is_phone, known), ""), next(filter(is_user_id, known), "")
    return Inbound(
        number_id=number_id,
        message_id=str(one["id"]),
        at=time_of(one.get("timestamp"), received_at),
        kind=kind,
        phone=phone or ("" if known else e164(one.get("from"))),
        bsuid=bsuid,
        name=str(part(contact, "profile").get("name") or ""),
        text=said.text,
        button_payload=said.button_payload,
        answers_message_id=said.answers_message_id,
        changes_message_id=said.changes_message_id,
        is_elsewhere=is_elsewhere,
        aliases=tuple(address for address in known if address not in {phone, bsuid}),
        newer=newer,
        media=media_in(kind, one),
        place=place_in(one) if kind == "location" else None,
        cards=cards_in(one) if kind == "contacts" else (),
    )


def _is_sender(contact: Mapping[str, Any], one: Mapping[str, Any]) -> bool:
    """Returns whether a contact of a webhook is the sender of this message; what is missing in both is not the same."""
    pairs = ((contact.get("wa_id"), one.get("from")), (contact.get("user_id"), one.get("from_user_id")))
    return any(here and here == there for here, there in pairs)


def _changed(system: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Returns the addresses before and after a person changed their number, or WhatsApp their id.

    Meta: webhooks/reference/messages/system; before v12 the new number was called `new_wa_id`.
    """
    kinds = {"user_changed_number", "customer_changed_number", "user_changed_user_id"}
    if not isinstance(system, Mapping) or system.get("type") not in kinds:
        return (), ()
    newer = _addresses(system.get("wa_id") or system.get("new_wa_id"), system.get("user_id"))
    return _addresses(system.get("previous_user_id")), newer


def _preference(number_id: str, one: Mapping[str, Any], received_at: datetime) -> Preference | None:
    if one.get("category") != "marketing_messages" or one.get("value") not in {"stop", "resume"}:
        return None
    person = _addresses(one.get("wa_id"), one.get("user_id"))
    return Preference(
        number_id=number_id,
        at=time_of(one.get("timestamp"), received_at),
        wants_marketing=one["value"] == "resume",
        phone=next(filter(is_phone, person), ""),
        bsuid=next(filter(is_user_id, person), ""),
    )


def _template_change(account_id: str, one: Mapping[str, Any], received_at: datetime) -> TemplateChange:
    """Meta announces a change of category a day ahead: `new_category` is then the one that the template still has."""
    announced = str(one.get("correct_category") or "").upper()
    status = str(one.get("event") or "").upper()
    return TemplateChange(
        account_id=account_id,
        external_id=str(one.get("message_template_id", "")),
        name=str(one.get("message_template_name", "")),
        language=str(one.get("message_template_language", "")),
        status=_TEMPLATE_STATUSES.get(status, status),
        quality=str(one.get("new_quality_score") or "").upper(),
        category=str(one.get("new_category") or "").upper(),
        reason=_reason_of(one),
        announced=announced,
        announced_for=_announced_for(one, received_at) if announced else None,
    )


def _reason_of(one: Mapping[str, Any]) -> str:
    """Returns Meta's code for why a template was rejected; it writes NONE with every other decision."""
    reason = str(one.get("reason") or "")
    return "" if reason.upper() == "NONE" else reason


def _announced_for(one: Mapping[str, Any], received_at: datetime) -> datetime:
    far = received_at + LATEST
    moment = time_of(one.get("category_update_timestamp"), far)
    return received_at + NOTICE if moment == far else moment


def _number_change(account_id: str, one: Mapping[str, Any]) -> NumberChange:
    limits = (daily_limit(one.get(name)) for name in ("max_daily_conversations_per_business", "current_limit"))
    return NumberChange(
        account_id=account_id,
        phone=e164(one.get("display_phone_number")),
        throughput_mps=1000 if one.get("event") == "THROUGHPUT_UPGRADE" else None,
        daily_limit=next((limit for limit in limits if limit is not None), None),
    )


def _account_change(account_id: str, one: Mapping[str, Any]) -> AccountChange | None:
    event = str(one.get("event") or "").upper()
    effect = effect_of(event, one)
    if effect is Effect.NONE:
        return None
    # News of partners are filed under the partner; the account that they are about is inside.
    account_id = str(part(one, "waba_info").get("waba_id") or account_id)
    return AccountChange(account_id, restricted=effect is Effect.STOPS, reason=event)


def _uuid(text: Any) -> uuid.UUID | None:
    try:
        return uuid.UUID(str(text)) if text else None
    except ValueError:  # callback data of other software
        return None


def e164(digits: Any) -> str:
    """Returns a number from Meta's notation (15551234567, +1 555-123-4567) in E.164; "" for none."""
    return "+" + "".join(ch for ch in str(digits) if ch.isdigit()) if digits else ""
