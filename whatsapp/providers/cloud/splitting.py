"""Splitting one of Meta's webhooks into single updates. Pure: it runs in a process of its own, too, without Django.

A parcel's payload is `{"field": …, "number_id": …, "one": {…}}`; `one` is the status, message or change.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from businesses import untrusted_json
from whatsapp.providers.events import Parcel, ParcelKind

MOST_UPDATES = 2_000
"""In one webhook. Meta: at most 1,000 (facebook.com, Graph API, Webhooks, "Getting started")."""
LONGEST_ID = 140
"""Longest message id, in characters, that is part of a key as it is; a longer one is hashed."""
LONGEST_TIME = 20
FIRST_MILLISECOND = 100_000_000_000
"""A time above this is in milliseconds: in seconds it would be in the year 5138."""
WHATSAPP_BEGAN = datetime(2009, 1, 1, tzinfo=UTC)
AHEAD = timedelta(hours=1)
"""How far Meta's clock may be ahead of ours. A time further ahead would make later reports look old."""
ODD = "odd"
"""The `field` of a parcel that has no shape of Meta's; `of` is the name of the list that it was in."""
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
    """Returns one parcel for each status, message, preference or change. Raises ValueError.

    What has an unexpected shape becomes a parcel of its own, as it is: if it were refused it would hold up its
    neighbours, because Meta repeats a webhook as a whole.
    """
    notice = untrusted_json.read(body)
    if not isinstance(notice, dict) or notice.get("object") != "whatsapp_business_account":
        raise ValueError("This is no webhook of a WhatsApp business account.")
    entries = notice.get("entry", [])
    if not isinstance(entries, list):
        raise ValueError("The webhook has an unexpected shape: its entry is no list.")
    parcels = list(islice(_all_parcels(entries), MOST_UPDATES + 1))
    if max(len(entries), len(parcels)) > MOST_UPDATES:
        raise ValueError(f"The webhook has more than {MOST_UPDATES} updates.")
    return parcels


def _all_parcels(entries: Iterable[Any]) -> Iterator[Parcel]:
    for entry in entries:
        account_id = _id(entry.get("id")) if isinstance(entry, dict) else ""
        changes = _list(entry.get("changes", [])) if isinstance(entry, dict) else None
        if changes is None:
            yield _odd(entry, account_id=account_id)
            continue
        for change in changes:
            if isinstance(change, dict) and isinstance(change.get("value"), dict) and change.get("field"):
                yield from _parcels(account_id, entry, str(change["field"]), change["value"])
            else:
                yield _odd(change, account_id=account_id)


def _parcels(account_id: str, entry: Mapping[str, Any], field: str, value: Mapping[str, Any]) -> Iterator[Parcel]:
    if field not in _LISTS:
        payload: dict[str, Any] = {"field": field, "account_id": account_id, "one": value}
        kind = _KINDS.get(field, ParcelKind.OTHER)
        yield Parcel(_digest(field, account_id, entry.get("time"), value), kind, payload, "", account_id)
        return
    metadata = value.get("metadata")
    number_id = _id(metadata.get("phone_number_id")) if isinstance(metadata, dict) else ""
    people = _people(_list(value.get("contacts")) or ())
    for name, kind in _LISTS[field].items():
        found = _list(value.get(name) or [])
        if found is None:
            yield _odd(value[name], name, number_id, account_id)
            continue
        for one in found:
            if not _is_whole(kind, one):
                yield _odd(one, name, number_id, account_id)
                continue
            payload = {"field": name, "number_id": number_id, "one": one}
            if field == "standby":
                payload["standby"] = True
            if kind is ParcelKind.MESSAGE:
                # Only the sender's own: a thousand messages with a thousand contacts each would be a million.
                payload["contacts"] = [people[who] for who in _ids_of(one) if who in people][:1]
            yield Parcel(_key(kind, one), kind, payload, number_id, account_id)


def _list(value: Any) -> list[Any] | None:
    """Returns a list, or the only element of one that was left out; None for anything else."""
    return [value] if isinstance(value, dict) else value if isinstance(value, list) else None


def _id(value: Any) -> str:
    return str(value) if isinstance(value, str | int) else ""


def _is_whole(kind: ParcelKind, one: Any) -> bool:
    """Returns whether it has what it is told apart by. A missing time is no fault: see `time_of`."""
    if not isinstance(one, dict):
        return False
    needed = {ParcelKind.STATUS: ("id", "status"), ParcelKind.MESSAGE: ("id",)}.get(kind, ())
    return all(isinstance(one.get(name), str) and one[name] for name in needed)


def _odd(one: Any, name: str = "", number_id: str = "", account_id: str = "") -> Parcel:
    payload = {"field": ODD, "of": name, "number_id": number_id, "one": one}
    return Parcel(_digest(ODD, name, number_id, account_id, one), ParcelKind.OTHER, payload, number_id, account_id)


def _people(contacts: Iterable[Any]) -> dict[str, Mapping[str, Any]]:
    """Returns the contacts by their ids; the first one counts."""
    found: dict[str, Mapping[str, Any]] = {}
    for contact in contacts:
        if isinstance(contact, dict):
            for name in ("wa_id", "user_id"):
                if who := _id(contact.get(name)):
                    found.setdefault(f"{name}:{who}", contact)
    return found


def _ids_of(message: Mapping[str, Any]) -> tuple[str, str]:
    """Returns the ids of a message's sender, as `_people` has them; the number first."""
    return f"wa_id:{_id(message.get('from'))}", f"user_id:{_id(message.get('from_user_id'))}"


def _key(kind: ParcelKind, one: Mapping[str, Any]) -> str:
    match kind:
        case ParcelKind.STATUS if len(one["id"]) <= LONGEST_ID and len(_time(one)) <= LONGEST_TIME:
            return f"cloud:{one['id']}:{one['status'][:20]}:{_time(one)}"
        case ParcelKind.MESSAGE if len(one["id"]) <= LONGEST_ID:
            return f"cloud:{one['id']}:message"
        case _:
            return _digest(kind, one)


def _time(one: Mapping[str, Any]) -> str:
    return str(one.get("timestamp", ""))


def _digest(*parts: Any) -> str:
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return "cloud:" + hashlib.sha256(text.encode()).hexdigest()


def time_of(written: Any, received_at: datetime) -> datetime:
    """Returns the moment of an update that came at `received_at`, aware, in UTC.

    Meta writes seconds since 1970; some of its updates have milliseconds, or no time at all. Without a time that can
    be, it is the moment at which the update came.
    """
    try:
        seconds = float(written)
        moment = datetime.fromtimestamp(seconds / 1000 if seconds > FIRST_MILLISECOND else seconds, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return received_at
    return moment if WHATSAPP_BEGAN < moment < received_at + AHEAD else received_at
