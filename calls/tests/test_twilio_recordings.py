"""Fetching what Twilio has recorded, from a stand-in that does what Twilio and file servers are known to do."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web

from calls.audio.ulaw import SAMPLE_RATE
from calls.sandbox.telephone.recording_shelf import RecordingShelf, Trouble
from calls.telephone import recordings
from calls.telephone.recordings import RecordingProblem, RecordingUnavailable
from testing.thread_server import in_a_thread

ACCOUNT, TOKEN = f"AC{'1' * 32}", "a-token"
SID = f"RE{'2' * 32}"
AUDIO = bytes(range(256)) * 40


@pytest.fixture
def shelf(settings: Any) -> Iterator[RecordingShelf]:
    shelf = RecordingShelf({ACCOUNT: TOKEN})
    app = web.Application()
    app.add_routes(shelf.routes())
    with in_a_thread(app) as address:
        settings.TWILIO_API_URL, settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = address, ACCOUNT, TOKEN
        yield shelf


def problem_of(**more: float) -> RecordingProblem:
    with pytest.raises(RecordingUnavailable) as caught:
        recordings.fetch(SID, **more)
    return caught.value.problem


def test_a_recording_arrives_as_the_telephone_had_it_and_is_deleted(shelf: RecordingShelf) -> None:
    shelf.put(SID, AUDIO)
    fetched = recordings.fetch(SID)
    assert len(fetched) == len(AUDIO)
    assert fetched.replace(b"\x7f", b"\xff") == AUDIO.replace(b"\x7f", b"\xff"), "the two codes of zero apart"
    recordings.delete(SID)
    assert shelf.deleted == [SID]
    recordings.delete(SID)
    assert problem_of() is RecordingProblem.NOT_THERE


@pytest.mark.parametrize(
    ("trouble", "problem"),
    [
        (Trouble.NOT_YET, RecordingProblem.NOT_THERE),
        (Trouble.BUSY, RecordingProblem.UNREACHABLE),
        (Trouble.REFUSED, RecordingProblem.REFUSED),
        (Trouble.ERROR_PAGE, RecordingProblem.DAMAGED),
        (Trouble.BROKEN_OFF, RecordingProblem.DAMAGED),
        (Trouble.ENDLESS, RecordingProblem.TOO_LONG),
    ],
)
def test_what_goes_wrong_has_a_name_and_the_next_try_succeeds(
    shelf: RecordingShelf, trouble: Trouble, problem: RecordingProblem
) -> None:
    shelf.put(SID, AUDIO, trouble)
    assert problem_of() is problem
    assert len(recordings.fetch(SID)) == len(AUDIO)


def test_what_is_longer_than_it_may_be_is_not_read(shelf: RecordingShelf) -> None:
    shelf.put(SID, b"\x80" * 5 * SAMPLE_RATE)
    assert problem_of(longest_s=4) is RecordingProblem.TOO_LONG
    shelf.put(SID, b"")
    assert problem_of() is RecordingProblem.EMPTY


def test_a_file_server_gets_no_credentials(shelf: RecordingShelf, settings: Any) -> None:
    settings.DEBUG, settings.PRIVATE_HOSTS = True, ["127.0.0.1"]
    shelf.put(SID, AUDIO, Trouble.MOVED)
    assert len(recordings.fetch(SID)) == len(AUDIO)
    login = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    assert [login for _method, _path, login in shelf.asked] == [login, ""]


def test_a_redirect_leads_nowhere_into_our_network(shelf: RecordingShelf, settings: Any) -> None:
    settings.DEBUG = True
    shelf.elsewhere = f"{settings.TWILIO_API_URL}/recorded/{SID}.wav"
    shelf.put(SID, AUDIO, Trouble.ELSEWHERE)
    assert problem_of() is RecordingProblem.UNREACHABLE
    assert len(shelf.asked) == 1


def test_nobody_is_asked_without_an_account_or_for_another_address(shelf: RecordingShelf, settings: Any) -> None:
    with pytest.raises(ValueError, match="not the id"):
        recordings.fetch("../Calls/CA1")
    settings.TWILIO_AUTH_TOKEN = "another"
    assert problem_of() is RecordingProblem.REFUSED
    settings.TWILIO_API_URL = "http://127.0.0.1:9"
    assert problem_of() is RecordingProblem.UNREACHABLE
    settings.TWILIO_ACCOUNT_SID = ""
    assert problem_of() is RecordingProblem.NO_ACCOUNT
    assert len(shelf.asked) == 1
