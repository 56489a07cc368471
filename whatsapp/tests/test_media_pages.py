"""Files of messages on the pages: shown and downloaded by members of the business, harmless whatever they hold."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from businesses.models import Business, Role
from testing.meta import ThreadedMeta
from whatsapp.media import files
from whatsapp.models import Contact, InboundMedia, InboundMessage, MediaStatus, Sender
from whatsapp.pages.media_words import why
from whatsapp.providers.sandbox.sample_files import sample
from whatsapp.states import MediaProblem
from whatsapp.tests.conftest import NOW, member

DANA = "+972501234567"
PICTURE, VOICE = sample("picture.jpg"), sample("voice.ogg")


@pytest.fixture(autouse=True)
def _at_nine() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def dana(sender: Sender) -> Contact:
    return Contact.objects.create(business=sender.business, phone=DANA, name="Dana", last_inbound_at=NOW)


def came(
    dana: Contact, sender: Sender, kind: str, content: bytes = b"", content_type: str = "", **more: Any
) -> InboundMedia:
    """A message with a file: kept if it has content."""
    values = {name: more.pop(name) for name in ("text", "payload") if name in more}
    message = InboundMessage.objects.create(
        business=dana.business,
        sender=sender,
        contact=dana,
        address=DANA,
        provider="cloud",
        provider_message_id=uuid.uuid4().hex,
        kind=kind,
        received_at=NOW - timedelta(minutes=1),
        **values,
    )
    media = InboundMedia.objects.create(
        business=dana.business, message=message, reference="1", next_attempt_at=NOW, **more
    )
    if content:
        with files.being_written(media, media.pk) as file:
            file.write(content)
            file.flush()
            files.settle(media, media.pk)
        InboundMedia.objects.filter(pk=media.pk).update(
            status=MediaStatus.KEPT, content_type=content_type, size=len(content)
        )
        media.refresh_from_db()
    return media


def address(media: InboundMedia) -> str:
    return f"/b/clinic/inbox/media/{media.pk}/"


def thread(client: Client, dana: Contact) -> str:
    answer = client.get(f"/b/clinic/inbox/{dana.pk}/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_picture_is_shown_with_what_it_is(staff: Client, dana: Contact, sender: Sender) -> None:
    media = came(dana, sender, "image", PICTURE, "image/jpeg", text="it hurts here")
    page = thread(staff, dana)
    assert f'src="{address(media)}"' in page
    assert 'alt="A picture from Dana"' in page
    assert 'loading="lazy"' in page
    assert "it hurts here" in page


def test_its_answer_can_be_nothing_but_a_picture(staff: Client, dana: Contact, sender: Sender) -> None:
    media = came(dana, sender, "image", PICTURE, "image/jpeg", file_name="x.html")
    answer = staff.get(address(media))
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, PICTURE, "image/jpeg")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"] == 'inline; filename="x.html.jpg"'
    assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert {"no-store", "private"} <= set(answer["Cache-Control"].split(", "))
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert staff.get(f"{address(media)}?download=1")["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("content_type", "name", "shown"),
    [
        ("application/pdf", "bill.pdf", 'attachment; filename="bill.pdf"'),
        ("application/pdf", "bill.pdf.exe", 'attachment; filename="bill.pdf.exe.pdf"'),
        ("text/plain", "../../x\\evil.html", 'attachment; filename="evil.html.txt"'),
        ("audio/amr", "", 'attachment; filename="2026-11-23-0859.amr"'),
        ("text/vcard", 'a"b\r\nSet-Cookie: x=1.vcf', 'attachment; filename="abSet-Cookie x=1.vcf"'),
    ],
)
def test_everything_else_is_a_download_under_its_true_ending(
    staff: Client, dana: Contact, sender: Sender, content_type: str, name: str, shown: str
) -> None:
    media = came(dana, sender, "document", b"<script>alert(1)</script>", content_type, file_name=name)
    answer = staff.get(address(media))
    assert (answer["Content-Type"], answer["Content-Disposition"]) == (content_type, shown)
    assert "<script>alert" not in thread(staff, dana)


def test_a_player_asks_for_a_part(staff: Client, dana: Contact, sender: Sender) -> None:
    """Safari plays nothing from a server that can't send the first two bytes alone."""
    media = came(dana, sender, "audio", VOICE, "audio/ogg")
    page = thread(staff, dana)
    assert "<audio" in page
    assert "autoplay" not in page
    first = staff.get(address(media), headers={"Range": "bytes=0-1"})
    assert (first.status_code, first.content, first["Content-Range"]) == (206, VOICE[:2], f"bytes 0-1/{len(VOICE)}")
    rest = staff.get(address(media), headers={"Range": "bytes=100-"})
    assert (rest.status_code, rest.content, rest["Content-Type"]) == (206, VOICE[100:], "audio/ogg")
    last = staff.get(address(media), headers={"Range": "bytes=-10"})
    assert last.content == VOICE[-10:]
    beyond = staff.get(address(media), headers={"Range": f"bytes={len(VOICE)}-"})
    assert (beyond.status_code, beyond["Content-Range"]) == (416, f"bytes */{len(VOICE)}")
    assert staff.get(address(media))["Accept-Ranges"] == "bytes"
    assert staff.head(address(media))["Content-Type"] == "audio/ogg"


def test_another_business_finds_nothing(staff: Client, dana: Contact, sender: Sender) -> None:
    media = came(dana, sender, "image", PICTURE, "image/jpeg")
    other = member(Business.objects.create(name="Other", slug="other"), Role.OWNER)
    for path in (address(media), f"/b/other/inbox/media/{media.pk}/"):
        assert other.get(path).status_code == 404
        assert other.post(f"{path}again/").status_code == 404
    assert Client().get(address(media)).status_code == 302
    assert staff.get(address(media)).status_code == 200


def test_what_is_not_here_can_not_be_had(staff: Client, dana: Contact, sender: Sender) -> None:
    for media in (
        came(dana, sender, "image"),
        came(dana, sender, "image", status="failed", problem="gone"),
        came(dana, sender, "image", PICTURE, "image/svg+xml"),
        came(dana, sender, "image", status="kept", content_type="image/jpeg"),  # its file is lost
    ):
        assert staff.get(address(media)).status_code == 404


def test_a_file_on_its_way_and_one_that_does_not_come(staff: Client, dana: Contact, sender: Sender) -> None:
    came(dana, sender, "image")
    page = thread(staff, dana)
    assert "Being fetched" in page
    assert "Try again" not in page
    came(dana, sender, "video", status="failed", problem="too_large")
    page = thread(staff, dana)
    assert "It is larger than 25 MB." in page
    assert "Try again" not in page, "it would be as large again"
    came(dana, sender, "audio", problem="unreachable")
    assert "It did not come at the first try, and is tried again." in thread(staff, dana)


@pytest.mark.parametrize("problem", MediaProblem)
def test_every_problem_has_words(problem: MediaProblem) -> None:
    assert len(why(problem)) > 20


def test_trying_again_fetches_it(staff: Client, dana: Contact, sender: Sender, meta: ThreadedMeta) -> None:
    media = came(dana, sender, "image", status="failed", problem="gone", tries=6)
    assert "no longer has it" in thread(staff, dana)
    answer = staff.post(f"{address(media)}again/?show=mine")
    assert answer["Location"] == f"/b/clinic/inbox/{dana.pk}/?show=mine"
    media.refresh_from_db()
    assert (media.status, media.problem, media.tries, media.next_attempt_at) == ("waiting", "", 0, NOW)
    assert staff.get(f"{address(media)}again/")["Location"] == "/b/clinic/inbox/"


def test_an_open_page_hears_that_a_file_came(staff: Client, dana: Contact, sender: Sender) -> None:
    media = came(dana, sender, "image")
    news = f"/b/clinic/inbox/{dana.pk}/messages/"
    seen = staff.get(news).context["seen"]
    assert staff.get(f"{news}?seen={seen}&open=1").status_code == 204
    InboundMedia.objects.filter(pk=media.pk).update(status="kept", content_type="image/jpeg")
    anew = staff.get(f"{news}?seen={seen}&open=1")
    assert (anew.status_code, f'src="{address(media)}"' in anew.content.decode()) == (200, True)


def test_several_files_stand_in_their_order(staff: Client, dana: Contact, sender: Sender) -> None:
    first = came(dana, sender, "image", PICTURE, "image/jpeg", position=1)
    second = InboundMedia.objects.create(
        business=dana.business, message=first.message, position=0, reference="2", next_attempt_at=NOW
    )
    said = staff.get(f"/b/clinic/inbox/{dana.pk}/").context["said"]
    assert [[file.media.pk for file in each.files] for each in said] == [[second.pk, first.pk]]


def test_a_place_and_a_card_are_plain_lines(staff: Client, dana: Contact, sender: Sender) -> None:
    place = {"latitude": 32.0853, "longitude": -34.5, "name": "<b>Kikar</b>", "address": "Tel Aviv"}
    came(dana, sender, "location", payload={"place": place}).delete()
    came(dana, sender, "contacts", payload={"cards": [{"name": "Dr. Levi", "phones": ["+972 50-555"]}]}).delete()
    answer = staff.get(f"/b/clinic/inbox/{dana.pk}/")
    page = answer.content.decode()
    assert "&lt;b&gt;Kikar&lt;/b&gt;, Tel Aviv" in page
    assert 'href="https://www.google.com/maps/search/?api=1&amp;query=32.0853%2C-34.5"' in page
    assert "iframe" not in page
    assert "A contact card: <bdi>Dr. Levi</bdi>" in page
    assert '<bdi dir="ltr" class="nowrap">+972 50-555</bdi>' in page
