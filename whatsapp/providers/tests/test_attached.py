"""What messages bring beside words, as both providers' documents and reports show it."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest

from testing.twilio import message_form
from whatsapp.providers.cloud import webhooks as cloud
from whatsapp.providers.cloud.attached import hex_of
from whatsapp.providers.events import Attached, Card, Inbound, Place
from whatsapp.providers.twilio import webhooks as twilio

pytestmark = pytest.mark.pure
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SHA = hashlib.sha256(b"x")
API = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media"


def at_meta(kind: str, part: Any, **more: Any) -> Inbound:
    one = {"id": "wamid.1", "from": "972501234567", "timestamp": "1750030073", "type": kind, kind: part, **more}
    found = cloud.read({"field": "messages", "number_id": "1055", "one": one}, NOW)
    assert isinstance(found, Inbound)
    return found


def at_twilio(body: str = "", **form: str) -> Inbound:
    written = message_form("MM1", body, who="+972501234567", to="+15550100000", account_sid="AC1", **form)
    found = twilio.read(written, NOW)
    assert isinstance(found, Inbound)
    return found


def test_a_picture_of_meta() -> None:
    told = base64.b64encode(SHA.digest()).decode()  # in webhooks it is base64
    part = {"id": "1003383421387256", "mime_type": "image/jpeg", "sha256": told, "caption": "here", "url": "https://x/"}
    found = at_meta("image", part)
    assert found.media == (Attached("1003383421387256", "image/jpeg", SHA.hexdigest()),)
    assert found.text == "here"


def test_a_voice_note_and_a_document_of_meta() -> None:
    voice = at_meta("audio", {"id": "7", "mime_type": "audio/ogg; codecs=opus", "voice": True})
    assert voice.media == (Attached("7", "audio/ogg; codecs=opus", is_voice=True),)
    document = at_meta("document", {"id": "8", "mime_type": "application/pdf", "filename": "חשבונית.pdf"})
    assert document.media[0].file_name == "חשבונית.pdf"
    assert document.text == ""


@pytest.mark.parametrize("part", [{}, {"id": ""}, {"id": "../1055"}, {"id": "1?fields=x"}, {"id": {"a": 1}}, [], "x"])
def test_a_file_that_can_not_be_asked_for_is_none(part: Any) -> None:
    assert at_meta("image", part).media == ()


def test_words_bring_no_files() -> None:
    assert at_meta("text", {"body": "hi", "id": "7"}).media == ()


@pytest.mark.parametrize(
    ("told", "found"),
    [
        (SHA.hexdigest(), SHA.hexdigest()),
        (SHA.hexdigest().upper(), SHA.hexdigest()),
        (base64.b64encode(SHA.digest()).decode(), SHA.hexdigest()),
        ("", ""),
        (None, ""),
        ("SHA256_HASH", ""),
        (base64.b64encode(b"short").decode(), ""),
        (7, ""),
    ],
)
def test_a_checksum_in_either_notation(told: Any, found: str) -> None:
    assert hex_of(told) == found


def test_a_place_of_meta() -> None:
    part = {"latitude": 32.0853, "longitude": 34.7818, "name": "Kikar", "address": "Tel Aviv", "url": "https://x/"}
    assert at_meta("location", part).place == Place(32.0853, 34.7818, "Kikar", "Tel Aviv")
    assert at_meta("location", {"latitude": "32.1", "longitude": -3}).place == Place(32.1, -3.0)


@pytest.mark.parametrize(
    "part", [{}, {"latitude": 91, "longitude": 0}, {"latitude": "NaN", "longitude": 1}, {"latitude": 1}]
)
def test_what_is_no_place(part: Any) -> None:
    assert at_meta("location", part).place is None


def test_contact_cards_of_meta() -> None:
    cards = [
        {"name": {"formatted_name": "Dr. Levi"}, "phones": [{"phone": "+972 50-555", "wa_id": "97250555"}, "x"]},
        {"name": {"formatted_name": ""}, "phones": []},
        "x",
        {"phones": [{"wa_id": "1"}]},
    ]
    assert at_meta("contacts", cards).cards == (Card("Dr. Levi", ("+972 50-555",)), Card("", ("1",)))
    assert at_meta("contacts", {"not": "a list"}).cards == ()


def test_several_files_of_twilio() -> None:
    found = at_twilio(
        NumMedia="2",
        MessageType="image",
        MediaUrl0=f"{API}/ME1",
        MediaContentType0="image/jpeg",
        MediaUrl1=f"{API}/ME2",
        MediaContentType1="image/png",
    )
    assert found.media == (Attached(f"{API}/ME1", "image/jpeg"), Attached(f"{API}/ME2", "image/png"))
    assert found.kind == "image"


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [
        ("image/webp", "image"),
        ("audio/ogg", "audio"),
        ("video/mp4", "video"),
        ("application/pdf", "document"),
        ("text/vcard", "contacts"),
        ("", "document"),
    ],
)
def test_twilios_kind_by_its_first_file_where_it_names_none(content_type: str, kind: str) -> None:
    """A picture with a caption would otherwise be words, and without one be nothing at all."""
    assert at_twilio(MediaUrl0=f"{API}/ME1", MediaContentType0=content_type).kind == kind


def test_twilio_names_too_many_files() -> None:
    form = {f"MediaUrl{number}": f"{API}/ME{number}" for number in range(40)}
    assert len(at_twilio(**form).media) == twilio.MOST_MEDIA
    assert at_twilio(MediaUrl0="https://x/" + "y" * 600).media == ()


def test_a_place_of_twilio() -> None:
    found = at_twilio(Latitude="32.0853", Longitude="34.7818", Label="Kikar", Address="Tel Aviv")
    assert (found.kind, found.place) == ("location", Place(32.0853, 34.7818, "Kikar", "Tel Aviv"))
    assert at_twilio("hi").place is None
