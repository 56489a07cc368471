"""Splitting one of Meta's webhooks into single updates. Pure: it runs in a process of its own, too, without Django.

A parcel's payload is `{"field": …, "number_id": …, "one": {…}}`; `one` is the status, message or change.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from businesses import untrusted_json
from whatsapp.providers.events import Parcel, ParcelKind

MOST_UPDATES = 2_000
"""In one webhook. Meta: at most 1,000 (facebook.com, Graph API, Webhooks, "Getting started")."""
LONGEST_ID = 140
"""Longest message id, in characters, that is part of a key as it is; a longer one is hashed."""
_LISTS = {
    "messages": {"statuses": ParcelKind.STATUS, "messages": ParcelKind.MESSAGE},
    # Meta's agent, or another app, has the conversation; `message_echoes` are its own messages.
    "standby": {"statuses": ParcelKind.STATUS, "messages": ParcelKind.MESSAGE},
    "user_preferences": {"user_preferences": ParcelKind.PREFERENCE},
}
_KINDS = {
    "message_template_status_update": ParcelKind.TEMPLATE,
    "message_template_quality_update": ParcelKind.TEMPLATE,
    "template_category_update": ParcelKind.TEMPLATE,
    "phone_number_quality_update": ParcelKind.ACCOUNT,
    "business_capability_update": ParcelKind.ACCOUNT,
    "account_update": ParcelKind.ACCOUNT,
}


def split(body: bytes) -> list[Parcel]:
    """Returns one parcel for each status, message, preference or change. Raises ValueError."""
    notice = untrusted_json.read(body)
    if not isinstance(notice, dict) or notice.get("object") != "whatsapp_business_account":
        raise ValueError("This is no webhook of a WhatsApp business account.")
    try:
        entries = notice.get("entry", [])
        parcels = list(islice(_all_parcels(entries), MOST_UPDATES + 1))
    except (AttributeError, TypeError, KeyError) as problem:
        raise ValueError(f"The webhook has an unexpected shape: {problem}") from None
    if max(len(entries), len(parcels)) > MOST_UPDATES:
        raise ValueError(f"The webhook has more than {MOST_UPDATES} updates.")
    return parcels


def _all_parcels(entries: Iterable[Mapping[str, Any]]) -> Iterator[Parcel]:
    for entry in entries:
        for change in entry.get("changes", []):
            yield from _parcels(str(entry.get("id", "")), entry, change)


def _parcels(account_id: str, entry: Mapping[str, Any], change: Mapping[str, Any]) -> Iterator[Parcel]:
    field, value = str(change["field"]), change["value"]
    number_id = str((value.get("metadata") or {}).get("phone_number_id", ""))
    people = _people(value.get("contacts") or ())
    for name, kind in _LISTS.get(field, {}).items():
        for one in value.get(name) or ():
            payload = {"field": name, "number_id": number_id, "one": one}
            if field == "standby":
                payload["standby"] = True
            if kind is ParcelKind.MESSAGE:
                # Only the sender's own: a thousand messages with a thousand contacts each would be a million.
                payload["contacts"] = [people[who] for who in (_ids_of(one) & people.keys())][:1]
            try:
                time_of(one["timestamp"])  # applying needs the time: without one the shape is unknown
                yield Parcel(_key(kind, one), kind, payload, number_id, account_id)
            except (KeyError, TypeError, ValueError):
                # Stored as it is. If it were refused it would hold up the others: Meta repeats a webhook as a whole.
                yield Parcel(_digest(name, one), ParcelKind.OTHER, payload, number_id, account_id)
    if field not in _LISTS:
        payload = {"field": field, "account_id": account_id, "one": value}
        kind = _KINDS.get(field, ParcelKind.OTHER)
        yield Parcel(_digest(field, account_id, entry.get("time"), value), kind, payload, "", account_id)


def _people(contacts: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Returns the contacts by their ids; the first one counts."""
    found: dict[str, Mapping[str, Any]] = {}
    for contact in contacts:
        for name in ("wa_id", "user_id"):
            if who := contact.get(name):
                found.setdefault(f"{name}:{who}", contact)
    return found


def _ids_of(message: Mapping[str, Any]) -> set[str]:
    """Returns the ids of a message's sender, as `_people` has them."""
    return {f"wa_id:{message.get('from')}", f"user_id:{message.get('from_user_id')}"}


def _key(kind: ParcelKind, one: Mapping[str, Any]) -> str:
    match kind:
        case ParcelKind.STATUS if len(one["id"]) <= LONGEST_ID:
            return f"cloud:{one['id']}:{one['status']}:{one['timestamp']}"
        case ParcelKind.MESSAGE if len(one["id"]) <= LONGEST_ID:
            return f"cloud:{one['id']}:message"
        case _:
            return _digest(kind, one)


def _digest(*parts: Any) -> str:
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return "cloud:" + hashlib.sha256(text.encode()).hexdigest()


def time_of(seconds: str | int) -> datetime:
    """Returns the moment, aware, in UTC. Raises ValueError if it is not a time."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (OverflowError, OSError):
        raise ValueError("This is no time that a calendar has.") from None
