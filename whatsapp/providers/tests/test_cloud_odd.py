"""One odd part of a webhook loses none of its neighbours, at any level, and odd details lose no status."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatsapp.providers.cloud import splitting, webhooks
from whatsapp.providers.events import Inbound, Parcel, ParcelKind, StatusUpdate

pytestmark = pytest.mark.once

CAME_AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
METADATA = {"display_phone_number": "15550100000", "phone_number_id": "1055"}

JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


def split(entries: Any) -> list[Parcel]:
    return splitting.split(json.dumps({"object": "whatsapp_business_account", "entry": entries}).encode())


def status(name: str = "wamid.1", **more: Any) -> dict[str, Any]:
    return {"id": name, "status": "delivered", "timestamp": "1750030073", **more}


def message(name: str = "wamid.9", sender: str = "972501230001", **more: Any) -> dict[str, Any]:
    return {"id": name, "from": sender, "timestamp": "1750030073", "type": "text", "text": {"body": "hi"}, **more}


def change(*statuses: Any, **more: Any) -> dict[str, Any]:
    return {"field": "messages", "value": {"metadata": METADATA, "statuses": list(statuses), **more}}


def entry(*changes: Any) -> dict[str, Any]:
    return {"id": "2077", "changes": list(changes)}


def ids(parcels: list[Parcel]) -> set[str]:
    return {str(p.payload["one"]["id"]) for p in parcels if p.kind in (ParcelKind.STATUS, ParcelKind.MESSAGE)}


@given(odd=JSON_VALUES, level=st.integers(0, 7), before=st.booleans())
def test_the_neighbours_of_something_odd_are_kept(odd: Any, level: int, before: bool) -> None:
    def beside(good: Any) -> list[Any]:
        return [odd, good] if before else [good, odd]

    whole = entry(change(status()))
    entries: list[list[Any]] = [
        beside(whole),
        [{"id": "2077", "changes": odd}, whole],
        [entry(*beside(change(status())))],
        [entry(*[{"field": "messages", "value": odd}, change(status())])],
        [entry({"field": odd, "value": {}}, change(status()))],
        [entry(change(*beside(status())))],
        [entry(change(status(), messages=odd))],
        [entry(change(status(), contacts=odd, messages=[message()]))],
    ]
    parcels = split(entries[level])
    assert "wamid.1" in ids(parcels)
    assert level != 7 or "wamid.9" in ids(parcels)


@given(odd=JSON_VALUES, name=st.sampled_from(["errors", "pricing", "timestamp", "biz_opaque_callback_data"]))
def test_no_odd_detail_loses_a_status(odd: Any, name: str) -> None:
    (parcel,) = split([entry(change({**status(), name: odd}))])
    update = webhooks.read(parcel.payload, CAME_AT)
    assert isinstance(update, StatusUpdate)
    assert update.message_id == "wamid.1"
    assert update.at <= CAME_AT.replace(hour=13)


@given(odd=JSON_VALUES, name=st.sampled_from(["context", "timestamp", "text", "errors", "profile"]))
def test_no_odd_detail_loses_a_message(odd: Any, name: str) -> None:
    contact = {"wa_id": "972501230001", "profile": odd if name == "profile" else {"name": "Dana"}}
    (parcel,) = split([entry(change(contacts=[contact], messages=[{**message(), name: odd}]))])
    event = webhooks.read(parcel.payload, CAME_AT)
    assert isinstance(event, Inbound)
    assert event.phone == "+972501230001"


def test_what_is_odd_is_kept_for_whoever_looks_for_it() -> None:
    good, odd = sorted(split([entry(change(status(), 7))]), key=lambda parcel: parcel.kind, reverse=True)
    assert good.kind is ParcelKind.STATUS
    assert (odd.kind, odd.payload["one"], odd.payload["of"], odd.number_id) == (ParcelKind.OTHER, 7, "statuses", "1055")
    with pytest.raises(ValueError, match="no shape"):
        webhooks.read(odd.payload, CAME_AT)


def test_an_error_may_be_a_single_object() -> None:
    error = {"code": 131049, "title": "Limited"}
    for told in (error, [error], [None, error]):
        (parcel,) = split([entry(change({**status(), "status": "failed", "errors": told}))])
        update = webhooks.read(parcel.payload, CAME_AT)
        assert isinstance(update, StatusUpdate)
        assert (update.error_code, update.error_text) == ("131049", "Limited")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1750030073", datetime(2025, 6, 15, 23, 27, 53, tzinfo=UTC)),
        (1750030073, datetime(2025, 6, 15, 23, 27, 53, tzinfo=UTC)),
        ("1750030073000", datetime(2025, 6, 15, 23, 27, 53, tzinfo=UTC)),
        (1750030073000, datetime(2025, 6, 15, 23, 27, 53, tzinfo=UTC)),
        ("1750030073.0", datetime(2025, 6, 15, 23, 27, 53, tzinfo=UTC)),
        (None, CAME_AT),
        ("", CAME_AT),
        ("soon", CAME_AT),
        (0, CAME_AT),
        (-1, CAME_AT),
        ("nan", CAME_AT),
        ("inf", CAME_AT),
        (10**400, CAME_AT),
        (1_950_000_000, CAME_AT),
        ([], CAME_AT),
    ],
)
def test_times_in_seconds_or_milliseconds_and_else_the_time_of_arrival(written: Any, read: datetime) -> None:
    assert splitting.time_of(written, CAME_AT) == read


def test_a_status_without_a_time_is_one_parcel_however_often_it_comes() -> None:
    without = {name: value for name, value in status().items() if name != "timestamp"}
    first, again = split([entry(change(without))]), split([entry(change(without))])
    assert first[0].kind is ParcelKind.STATUS
    assert first[0].key == again[0].key != split([entry(change(status()))])[0].key


def test_everybody_gets_their_own_name() -> None:
    contacts = [
        {"wa_id": "972501230001", "profile": {"name": "Dana"}},
        {"user_id": "IL.77", "profile": {"name": "Noa"}},
        {"wa_id": "972501230002", "user_id": "IL.78", "profile": {"name": "Yossi"}},
    ]
    messages = [
        message("wamid.1", "972501230001"),
        message("wamid.2", "972501230002"),
        {**message("wamid.3"), "from": None, "from_user_id": "IL.77"},
        {**message("wamid.4"), "from": None, "from_user_id": "IL.78"},
        message("wamid.5", "972501230009"),
    ]
    events = [webhooks.read(p.payload, CAME_AT) for p in split([entry(change(contacts=contacts, messages=messages))])]
    names = {event.message_id: event.name for event in events if isinstance(event, Inbound)}
    assert names == {"wamid.1": "Dana", "wamid.2": "Yossi", "wamid.3": "Noa", "wamid.4": "Yossi", "wamid.5": ""}


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"object":"page","entry":[]}', b"7", b"\xff"])
def test_what_is_no_webhook_of_metas_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - who reads JSON says what is wrong
        splitting.split(body)


@pytest.mark.parametrize("entries", [None, 7, "x", {"id": "2077"}])
def test_a_webhook_without_a_list_of_entries_is_refused(entries: Any) -> None:
    with pytest.raises(ValueError, match="no list"):
        split(entries)
