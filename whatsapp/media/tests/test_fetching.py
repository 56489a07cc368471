"""Files of messages at both providers: they are fetched whole, or the row says why not."""

from __future__ import annotations

import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from businesses import media_folder
from whatsapp.media import claims, files, kinds
from whatsapp.media.tests.conftest import PICTURE, VOICE, Clock, Patients, content_of
from whatsapp.models import InboundMedia, InboundMessage, Sender
from whatsapp.providers import media as providers_media
from whatsapp.providers.sandbox.shelf import Trouble

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 40


def stored_files() -> list[Path]:
    folder = files._folders()
    return [path for each in folder for path in each.iterdir()]


@pytest.mark.parametrize(
    ("content", "told", "content_type"),
    [
        (PICTURE, "image/jpeg", "image/jpeg"),
        (VOICE, "audio/ogg; codecs=opus", "audio/ogg"),
        (PDF, "application/pdf", "application/pdf"),
        (PICTURE, "audio/ogg", "image/jpeg"),
    ],
)
def test_a_file_is_fetched_and_kept(patients: Patients, content: bytes, told: str, content_type: str) -> None:
    media = patients.send(content, told)
    assert (media.status, files.stored(media)) == ("waiting", None)
    assert patients.work() == 1
    assert content_of(media) == content
    assert (media.status, media.content_type, media.size, media.problem) == ("kept", content_type, len(content), "")
    assert media.kept_at == patients.clock()
    assert patients.work() == 0, "it is fetched once"


def test_a_kept_file_is_private(patients: Patients) -> None:
    media = patients.send(PICTURE, "image/jpeg")
    patients.work()
    (path,) = stored_files()
    assert path.name == str(media.pk)
    assert path.parent.name == str(media.business_id)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_repeated_webhook_brings_no_second_file(at_meta: Patients) -> None:
    at_meta.shelf.put("M1", PICTURE, "image/jpeg")
    for _time in range(2):
        at_meta.receive([("M1", "image/jpeg", "")])
    at_meta.work()
    at_meta.receive([("M1", "image/jpeg", "")])
    media = InboundMedia.objects.get()
    assert content_of(media) == PICTURE
    assert at_meta.work() == 0


def test_the_address_that_ran_out_is_asked_for_anew(at_meta: Patients) -> None:
    media = at_meta.send(PICTURE, "image/jpeg", Trouble.EXPIRED, times=1)
    at_meta.work()
    media.refresh_from_db()
    assert (media.status, media.problem) == ("waiting", "gone")
    at_meta.clock.forward(seconds=6)
    at_meta.work()
    assert content_of(media) == PICTURE
    assert media.problem == ""


def test_twilio_may_be_late_with_a_file(at_twilio: Patients) -> None:
    """Its webhooks may come before the file can be had: 404 at first."""
    media = at_twilio.send(PICTURE, "image/jpeg", Trouble.GONE, times=2)
    for seconds in (0, 6, 121):
        at_twilio.clock.forward(seconds=seconds)
        at_twilio.work()
    assert content_of(media) == PICTURE


PASSING = [
    (Trouble.WRONG_SHA, "damaged"),
    (Trouble.ERROR_PAGE, "damaged"),
    (Trouble.BROKEN_OFF, "damaged"),
    (Trouble.BUSY, "unreachable"),
    (Trouble.EXPIRED, "gone"),
    (Trouble.SLOW, "unreachable"),
]


@pytest.mark.parametrize(("trouble", "problem"), PASSING)
def test_what_may_pass_is_tried_again_and_given_up_in_the_end(
    at_meta: Patients, trouble: Trouble, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(providers_media, "READ_TIMEOUT_S", 0.2)
    media = at_meta.send(PICTURE, "image/jpeg", trouble)
    for tries in range(1, len(claims.WAITS) + 2):
        assert at_meta.work() == 1
        assert at_meta.work() == 0, "not at once again"
        media.refresh_from_db()
        assert (media.tries, media.problem, media.lease_token) == (tries, problem, None)
        assert content_of(media) is None
        at_meta.clock.forward(days=1)
    assert media.status == "failed"
    assert at_meta.work() == 0
    assert stored_files() == []


@pytest.mark.parametrize("trouble", [Trouble.ERROR_PAGE, Trouble.BROKEN_OFF])
def test_twilios_files_that_arrive_damaged_are_tried_again(at_twilio: Patients, trouble: Trouble) -> None:
    """Twilio tells no checksum."""
    media = at_twilio.send(PICTURE, "image/jpeg", trouble, times=1)
    at_twilio.work()
    media.refresh_from_db()
    assert (media.status, media.problem) == ("waiting", "damaged")
    at_twilio.clock.forward(minutes=1)
    at_twilio.work()
    assert content_of(media) == PICTURE


@pytest.mark.parametrize(("trouble", "problem"), [(Trouble.GONE, "gone"), (Trouble.FORBIDDEN, "refused")])
def test_what_meta_refuses_for_good_is_asked_once(at_meta: Patients, trouble: Trouble, problem: str) -> None:
    """Failed requests count: after five within an hour Meta blocks the number's files."""
    media = at_meta.send(PICTURE, "image/jpeg", trouble)
    at_meta.work()
    media.refresh_from_db()
    assert (media.status, media.problem, media.tries) == ("failed", problem, 1)
    assert len(at_meta.shelf.asked) == 1


def test_a_file_is_not_asked_for_five_times_within_an_hour(at_meta: Patients) -> None:
    at_meta.send(PICTURE, "image/jpeg", Trouble.BUSY)
    for _minute in range(60):
        at_meta.work()
        at_meta.clock.forward(minutes=1)
    assert len(at_meta.shelf.asked) < 5


@pytest.mark.parametrize("trouble", [Trouble.NONE, Trouble.ENDLESS])
def test_a_file_without_end_fills_no_disk(patients: Patients, trouble: Trouble, settings: Any) -> None:
    """Whether its size is told or not."""
    settings.WHATSAPP_MEDIA_MB = 2
    media = patients.send(PICTURE + bytes(2_500_000), "image/jpeg", trouble)
    patients.work()
    media.refresh_from_db()
    assert (media.status, media.problem) == ("failed", "too_large")
    assert stored_files() == []


def test_what_is_not_taken_is_not_kept(patients: Patients) -> None:
    media = patients.send(b"MZ\x90\x00" + bytes(60), "application/x-msdownload")
    patients.work()
    media.refresh_from_db()
    assert (media.status, media.problem, media.content_type) == ("failed", "unknown_kind", "")
    assert stored_files() == []


def test_a_page_that_somebody_sent_is_no_error_page(at_meta: Patients) -> None:
    media = at_meta.send(b"<!DOCTYPE html><script>alert(1)</script>", "text/html")
    at_meta.work()
    media.refresh_from_db()
    assert (media.status, media.problem) == ("failed", "unknown_kind")


@pytest.mark.parametrize("trouble", [Trouble.ELSEWHERE, Trouble.MOVED])
def test_the_token_goes_to_the_provider_only(
    patients: Patients, trouble: Trouble, someone_elses: Callable[[], list[str]], meta: Any
) -> None:
    patients.shelf.elsewhere = meta.shelf.elsewhere
    media = patients.send(PICTURE, "image/jpeg", trouble)
    patients.work()
    media.refresh_from_db()
    assert (media.status, media.problem) == ("failed", "elsewhere")
    assert someone_elses() == [], "nothing at all was asked there"


@pytest.mark.parametrize(
    "reference",
    [
        "https://evil.example/2010-04-01/Accounts/AC2/Messages/MM1/Media/ME1",
        "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1/../../..",
        "https://api.twilio.com/2010-04-01/Accounts/AC1.json",
        "https://api.twilio.com@evil.example/x",
        "http://[::1",
        "file:///etc/passwd",
        "",
    ],
)
def test_an_address_that_is_not_of_the_account_is_not_asked(at_twilio: Patients, reference: str) -> None:
    media = at_twilio.send(PICTURE, "image/jpeg")
    InboundMedia.objects.filter(pk=media.pk).update(reference=reference)
    at_twilio.work()
    media.refresh_from_db()
    assert (media.status, media.problem) == ("failed", "elsewhere")
    assert at_twilio.shelf.asked == []


def test_another_host_in_twilios_address_gets_nothing(
    at_twilio: Patients, someone_elses: Callable[[], list[str]], meta: Any
) -> None:
    """Only the ids are taken from it: the file comes from the host that is configured."""
    media = at_twilio.send(PICTURE, "image/jpeg")
    there = media.reference.replace("https://api.twilio.com", meta.shelf.elsewhere.removesuffix("/picture.jpg"))
    InboundMedia.objects.filter(pk=media.pk).update(reference=there)
    at_twilio.work()
    assert content_of(media) == PICTURE
    assert someone_elses() == []


def test_twilios_file_server_gets_no_credentials(at_twilio: Patients) -> None:
    at_twilio.send(PICTURE, "image/jpeg")
    at_twilio.work()
    (api, login), (server, nothing) = at_twilio.shelf.asked
    assert api.startswith("/2010-04-01/Accounts/AC1/Messages/")
    assert login.startswith("Basic ")
    assert (server.startswith("/files/"), nothing) == (True, "")


def test_several_files_of_one_message(at_twilio: Patients) -> None:
    for key, content in (("ME1", PICTURE), ("ME2", VOICE), ("ME3", PDF)):
        at_twilio.shelf.put(key, content, "image/jpeg")
    listed = [("ME1", "image/jpeg", ""), ("ME2", "audio/ogg", ""), ("ME3", "application/pdf", "")]
    message = at_twilio.receive(listed)
    assert at_twilio.work() == 3
    assert [content_of(media) for media in message.media.order_by("position")] == [PICTURE, VOICE, PDF]


def test_a_disk_that_is_full_is_tried_again(at_meta: Patients, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(media_folder, "TRY_EVERY_S", 0.01)
    media = at_meta.send(PICTURE, "image/jpeg")
    with monkeypatch.context() as patch:
        patch.setattr(files, "settle", full)
        at_meta.work()
    media.refresh_from_db()
    assert (media.status, media.problem) == ("waiting", "no_room")
    assert stored_files() == []
    while media_folder.is_away():
        time.sleep(0.01)
    at_meta.clock.forward(minutes=1)
    at_meta.work()
    assert content_of(media) == PICTURE


@pytest.mark.parametrize("change", [{"encrypted_credentials": ""}, {"proved_account": None}])
def test_a_number_that_was_disconnected_asks_for_nothing(at_meta: Patients, change: dict[str, Any]) -> None:
    media = at_meta.send(PICTURE, "image/jpeg")
    Sender.objects.update(**change)
    at_meta.work()
    media.refresh_from_db()
    assert (media.status, media.problem) == ("failed", "refused")
    assert at_meta.shelf.asked == []


def test_a_file_that_breaks_our_code_holds_up_no_other(at_meta: Patients, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, other = at_meta.send(PICTURE, "image/jpeg"), at_meta.send(VOICE, "audio/ogg")
    kind_of = kinds.kind_of

    def fail(file: Any, told_type: str) -> Any:
        if told_type == "image/jpeg":
            raise ZeroDivisionError
        return kind_of(file, told_type)

    with monkeypatch.context() as patch:
        patch.setattr(kinds, "kind_of", fail)
        assert at_meta.work() == 2
    broken.refresh_from_db()
    assert (broken.status, broken.problem, broken.lease_token) == ("waiting", "unreachable", None)
    assert content_of(other) == VOICE
    at_meta.clock.forward(minutes=1)
    at_meta.work()
    assert content_of(broken) == PICTURE


def test_a_message_that_was_taken_back_is_not_fetched(at_meta: Patients, clock: Clock) -> None:
    media = at_meta.send(PICTURE, "image/jpeg")
    InboundMessage.objects.update(deleted_at=clock())
    assert at_meta.work() == 0
    media.refresh_from_db()
    assert media.tries == 0
