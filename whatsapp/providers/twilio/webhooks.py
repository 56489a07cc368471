"""Twilio's webhooks: a signed form per status or message. A parcel's payload is the form, plus our attempt id."""

from __future__ import annotations

import uuid
from datetime import datetime
from functools import lru_cache
from urllib.parse import parse_qs, urlsplit

from django.http import QueryDict
from twilio.request_validator import RequestValidator

from whatsapp.providers.addresses import address_in, is_phone, is_user_id
from whatsapp.providers.base import JsonObject, WebhookRequest
from whatsapp.providers.events import (
    MEDIA,
    Attached,
    Event,
    Inbound,
    Keyword,
    Parcel,
    ParcelKind,
    ReportedStatus,
    StatusUpdate,
)
from whatsapp.providers.places import place_at

_STATUSES = {
    "accepted": ReportedStatus.ACCEPTED,
    "queued": ReportedStatus.ACCEPTED,
    "sending": ReportedStatus.ACCEPTED,
    "sent": ReportedStatus.SENT,
    "delivered": ReportedStatus.DELIVERED,
    "read": ReportedStatus.READ,
    "undelivered": ReportedStatus.FAILED,
    "failed": ReportedStatus.FAILED,
    "canceled": ReportedStatus.FAILED,
}


MOST_FIELDS = 200
"""Of a form. Twilio's have some thirty."""
MOST_MEDIA = 10
"""Files of one message (Twilio: `NumMedia` is at most 10)."""
LONGEST_ADDRESS = 500
VCARD = "text/vcard"


def verify(request: WebhookRequest, secret: str) -> bool:
    """Check `X-Twilio-Signature`: address (with or without the port) and form, signed with the auth token."""
    signature = request.headers.get("x-twilio-signature", "")
    try:
        form = _form(request.body)
    except ValueError:
        return False
    return bool(secret and signature) and RequestValidator(secret).validate(request.url, form, signature)


def account_of(body: bytes) -> str:
    """Returns the account that a webhook claims to come from; "" if it can't be read."""
    try:
        return str(_form(body).get("AccountSid", ""))
    except ValueError:
        return ""


def split(request: WebhookRequest) -> list[Parcel]:
    """Returns the form as one parcel. Raises ValueError."""
    fields = _form(request.body)
    form = {name: str(fields.getlist(name)[0]) for name in fields}
    sid = form.get("MessageSid") or form.get("SmsSid")
    if not sid:
        raise ValueError("The form has no MessageSid, so it is no webhook of a message.")
    status = form.get("MessageStatus")
    tracker = parse_qs(urlsplit(request.url).query).get("a", [""])[0]
    kind, number = (ParcelKind.STATUS, "From") if status else (ParcelKind.MESSAGE, "To")
    payload = {**form, "attempt": tracker}
    number_id, account_id = _phone(form.get(number, "")), form.get("AccountSid", "")
    return [Parcel(f"twilio:{sid}:{status or 'message'}", kind, payload, number_id, account_id)]


@lru_cache(maxsize=8)  # one request's body is asked for its account, its signature and its parcels
def _form(body: bytes) -> QueryDict:
    """Returns the fields of a form. Raises ValueError, also for more fields than Twilio sends."""
    if body.count(b"&") >= MOST_FIELDS:
        raise ValueError(f"The form has more than {MOST_FIELDS} fields.")
    return QueryDict(body)


def read(payload: JsonObject, received_at: datetime) -> Event | None:
    """Returns the event of a form. Twilio gives no time, so it is the time at which the form arrived."""
    sid = str(payload.get("MessageSid") or payload["SmsSid"])
    if "MessageStatus" not in payload:
        return _inbound(sid, payload, received_at)
    status = _STATUSES.get(str(payload["MessageStatus"]))
    if status is None:
        return None
    return StatusUpdate(
        number_id=_phone(str(payload.get("From", ""))),
        message_id=sid,
        status=status,
        at=received_at,
        tracker=_uuid(str(payload.get("attempt", ""))),
        error_code=str(payload.get("ErrorCode", "")),
        error_text=str(payload.get("ChannelStatusMessage") or payload.get("ErrorMessage") or ""),
        recipient=_addresses(payload, "To", "ExternalUserId"),
    )


def _addresses(payload: JsonObject, *names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (address_in(payload.get(name)) for name in names))))


def _inbound(sid: str, payload: JsonObject, received_at: datetime) -> Inbound:
    # For people with a user name Twilio puts the id where the number was; WaId has digits, ExternalUserId the id.
    known = _addresses(payload, "From", "WaId", "ExternalUserId")
    media = _media(payload)
    phone, bsuid = next(filter(is_phone, known), ""), next(filter(is_user_id, known), "")
    return Inbound(
        number_id=_phone(str(payload.get("To", ""))),
        message_id=sid,
        at=received_at,
        kind=_kind(payload, media),
        phone=phone,
        bsuid=bsuid,
        name=str(payload.get("ProfileName", "")),
        text=str(payload.get("ButtonText") or payload.get("Body", "")),
        button_payload=str(payload.get("ButtonPayload", "")),
        answers_message_id=str(payload.get("OriginalRepliedMessageSid", "")),
        aliases=tuple(address for address in known if address not in {phone, bsuid}),
        keyword=_keyword(str(payload.get("OptOutType", ""))),
        media=media,
        place=place_at(payload.get("Latitude"), payload.get("Longitude"), payload.get("Label"), payload.get("Address")),
    )


def _media(payload: JsonObject) -> tuple[Attached, ...]:
    """Returns the files of a message. `NumMedia` is not believed: what counts is which addresses there are."""
    addresses = ((number, str(payload.get(f"MediaUrl{number}") or "")) for number in range(MOST_MEDIA))
    return tuple(
        Attached(address, str(payload.get(f"MediaContentType{number}") or "")[:120])
        for number, address in addresses
        if 0 < len(address) <= LONGEST_ADDRESS
    )


def _kind(payload: JsonObject, media: tuple[Attached, ...]) -> str:
    """Returns a message's kind in Meta's words. Accounts without `MessageType` tell it by what comes along."""
    told = str(payload.get("MessageType") or "text")
    if told != "text":
        return told
    if media:
        sort = media[0].content_type.partition("/")[0]
        return "contacts" if media[0].content_type == VCARD else sort if sort in MEDIA else "document"
    return "location" if payload.get("Latitude") and payload.get("Longitude") else told


def _keyword(written: str) -> Keyword | None:
    """Returns what Twilio's Advanced Opt-Out took a message for; the words for it are the account's own."""
    return Keyword(written.upper()) if written.upper() in set(Keyword) else None


def _phone(address: str) -> str:
    return address.removeprefix("whatsapp:")


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
