"""The assistant's responses: whose a message is, taking back, patience with the model, latencies."""

from __future__ import annotations

import pytest

from calls.conversation.commands import (
    CancelResponse,
    DropAudio,
    Latency,
    Measure,
    Play,
    ResponseKind,
)
from calls.conversation.events import ResponseStatus
from calls.conversation.responses import (
    CANCEL_TIMEOUT_S,
    CREATED_WITHIN_S,
    FIRST_AUDIO_TIMEOUT_S,
    HEARD_OUT_PATIENCE_S,
    MORE_AUDIO_TIMEOUT_S,
    Failure,
)
from calls.tests.speaking import FAILED, Speaking

pytestmark = pytest.mark.pure


# Whose message it is ------------------------------------------------------------------------------------------
def test_a_response_that_nobody_asked_for_is_cancelled_once_and_its_audio_dropped() -> None:
    table = Speaking()
    assert table.create(10.1, "ours", "answer-1") is True
    for _ in range(2):
        assert table.create(10.2, "foreign", "other") is False
    table.audio(10.3, "foreign", "unwanted")
    assert table.of(CancelResponse) == [CancelResponse("foreign")]
    assert table.of(DropAudio) == [DropAudio("unwanted")]
    assert table.played() == set()


def test_while_one_response_is_under_way_another_without_a_request_is_foreign() -> None:
    table = Speaking()
    table.create(10.1, "ours")
    assert table.create(10.2, "foreign") is False
    assert table.of(CancelResponse) == [CancelResponse("foreign")]


def test_a_response_is_known_by_the_first_message_that_names_it_whatever_that_is() -> None:
    by_audio, by_words, by_end = Speaking(), Speaking(), Speaking()
    by_audio.audio(10.5, "resp1")
    assert by_audio.played() == {"item"}
    by_words.words("We are open", "resp1")
    by_words.audio(11.1, "resp1")
    assert by_words.said() == ["We are open"]
    aftermath = by_end.end(10.5, "resp1", FAILED)
    assert aftermath is not None
    assert aftermath.retry is not None
    for table in (by_audio, by_words, by_end):
        assert table.assistant.first_response_id == "resp1"
        assert table.of(CancelResponse) == []


def test_the_first_response_of_a_call_keeps_its_name() -> None:
    table = Speaking()
    table.create(10.1, "resp1")
    table.end(10.2, "resp1")
    table.ask(11.0)
    table.create(11.1, "resp2")
    assert table.assistant.first_response_id == "resp1"


@pytest.mark.parametrize("how", ["ended", "ended without an id", "line lost"])
def test_what_comes_late_of_a_response_is_not_taken_for_the_next(how: str) -> None:
    table = Speaking()
    table.create(10.1, "resp1")
    match how:
        case "ended":
            table.end(10.2, "resp1", FAILED)
        case "ended without an id":
            table.end(10.2, "", FAILED)
        case _:
            table.assistant.abandon(10.2, Failure(line_lost=True))
    table.ask(11.0)
    table.audio(11.1, "resp1", "late")
    table.words("late", "resp1", "late")
    assert table.end(11.2, "resp1") is None
    assert table.create(11.2, "resp1") is False
    assert table.of(CancelResponse) == [], "it has ended"
    assert table.of(DropAudio) == [DropAudio("late")]
    table.audio(11.3, "resp2", "item")
    assert table.played() == {"item"}
    assert table.said() == []


def test_the_words_and_the_end_of_a_foreign_response_change_nothing() -> None:
    table = Speaking()
    table.create(10.1, "ours")
    table.audio(10.2, "ours")
    table.words("We are open", "ours")
    table.words(" never", "foreign")
    assert table.end(10.3, "foreign") is None
    assert table.assistant.response is not None
    assert table.said() == ["We are open"]


def test_words_and_ends_that_belong_to_no_request_change_nothing() -> None:
    table = Speaking()
    table.end(10.1, "", FAILED)
    table.words("Nobody asked")
    assert table.end(10.2, "") is None
    assert table.assistant.abandon(10.3, Failure(line_lost=True)) is None
    table.assistant.revoke(10.4)
    assert table.said() == []


# Taking a response back ---------------------------------------------------------------------------------------
def test_a_response_that_is_revoked_is_cancelled_once_and_nothing_more_of_it_counts() -> None:
    table = Speaking()
    table.create(10.1, "resp1")
    for _ in range(2):
        table.assistant.revoke(10.2)
    table.audio(10.3, "resp1")
    table.words("too late", "resp1")
    assert table.of(CancelResponse) == [CancelResponse("resp1")]
    assert table.of(DropAudio) == [DropAudio("item")]
    assert table.said() == []
    assert table.played() == set()
    assert table.end(10.4, "resp1", ResponseStatus.CANCELLED) is None, "nothing is owed again"
    assert table.assistant.response is None


def test_a_response_that_is_revoked_before_its_name_is_known_is_cancelled_as_soon_as_it_is() -> None:
    table = Speaking()
    table.assistant.revoke(10.1)
    assert table.of(CancelResponse) == []
    assert table.create(10.2, "resp1") is True
    table.create(10.3, "resp1")
    assert table.of(CancelResponse) == [CancelResponse("resp1")]


def test_a_revoked_response_whose_line_is_lost_is_not_owed_again() -> None:
    table = Speaking()
    table.assistant.revoke(10.1)
    assert table.assistant.abandon(10.2, Failure(line_lost=True)) is None
    assert table.assistant.response is None


# How long the model may take --------------------------------------------------------------------------------------
def test_every_message_of_a_response_shows_that_the_model_goes_on() -> None:
    table = Speaking()
    assert table.assistant.stalls_at() == 10.0 + CREATED_WITHIN_S
    table.create(11.0, "resp1")
    assert table.assistant.stalls_at() == 11.0 + FIRST_AUDIO_TIMEOUT_S
    table.words("We are", "resp1", at=12.0)
    assert table.assistant.stalls_at() == 12.0 + FIRST_AUDIO_TIMEOUT_S
    table.audio(13.0, "resp1", size=800)
    assert table.assistant.stalls_at() is None, "the caller is still hearing it"
    table.assistant.mark_returned(13.1, table.of(Play)[-1].mark)
    assert table.assistant.stalls_at() == pytest.approx(13.0 + MORE_AUDIO_TIMEOUT_S)
    table.audio(14.0, "resp1", size=32000)
    table.assistant.mark_returned(18.0, table.of(Play)[-1].mark)
    assert table.assistant.stalls_at() == pytest.approx(18.0 + HEARD_OUT_PATIENCE_S)
    table.assistant.revoke(18.5)
    assert table.assistant.stalls_at() == 18.5 + CANCEL_TIMEOUT_S
    table.end(19.0, "resp1", ResponseStatus.CANCELLED)
    assert table.assistant.stalls_at() is None


# Latencies --------------------------------------------------------------------------------------------------------
def test_an_answer_s_latency_is_measured_once_from_the_caller_s_turn_to_its_first_byte() -> None:
    table = Speaking(since=9.75)
    table.audio(10.5)
    table.audio(10.6)
    table.audio(10.7, item_id="second")
    assert table.of(Measure) == [Measure(Latency.ANSWER, 750)]


def test_an_answer_that_had_to_wait_for_the_assistant_s_own_words_is_measured_from_their_end() -> None:
    table = Speaking()
    table.audio(10.5)
    table.end(10.6)
    table.hear_out(12.0)
    table.ask(12.0, since=11.0)
    table.audio(12.4)
    assert table.of(Measure)[-1] == Measure(Latency.ANSWER, 400)


def test_an_answer_of_the_call_s_first_second_is_measured_from_its_turn() -> None:
    table = Speaking(since=0.25)
    table.audio(0.75)
    assert table.of(Measure) == [Measure(Latency.ANSWER, 500)]


@pytest.mark.parametrize("kind", [ResponseKind.GREETING, ResponseKind.OPENING])
def test_what_opens_the_call_is_measured_from_its_beginning(kind: ResponseKind) -> None:
    table = Speaking(kind, since=0.0)
    table.audio(10.5)
    table.assistant.release_held(11.5)
    released_ms = 11500 if kind is ResponseKind.GREETING else 10500
    assert table.of(Measure) == [Measure(Latency.GREETING, released_ms)]


def test_the_silence_after_a_clear_is_measured_when_its_first_mark_comes_back() -> None:
    table = Speaking()
    table.audio(10.5)
    table.assistant.mark_returned(10.54, table.of(Play)[0].mark)
    assert [one.what for one in table.of(Measure)] == [Latency.ANSWER]
    table.assistant.pause(11.0)
    for _ in range(2):
        table.assistant.mark_returned(11.25, table.of(Play)[-1].mark)
    assert table.of(Measure)[1:] == [Measure(Latency.BARGE_IN_CONFIRMED, 250)]
