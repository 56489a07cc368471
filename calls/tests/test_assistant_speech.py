"""The assistant's speech: held back, sent, heard, stopped, and what is kept of it."""

from __future__ import annotations

import pytest

from calls.conversation.assistant import CACHED_GREETING
from calls.conversation.commands import (
    CancelResponse,
    ClearPlayback,
    CreateResponse,
    DeleteItem,
    DropAudio,
    KeepTurn,
    Latency,
    Measure,
    Play,
    ResponseKind,
    Speaker,
    TruncateItem,
)
from calls.conversation.dialogue import SpokenTurn
from calls.conversation.first_utterance import End
from calls.conversation.responses import (
    GREETING_HOLD_S,
    Aftermath,
)
from calls.conversation.sent_audio import PROTECTED_STRETCH_BYTES, STRETCH_BYTES
from calls.tests.speaking import FAILED, WORDS, Speaking

pytestmark = pytest.mark.pure


# A greeting that the model speaks -------------------------------------------------------------------------------
def test_a_spoken_greeting_is_held_back_for_600_ms() -> None:
    assert GREETING_HOLD_S == 0.6
    table = Speaking(ResponseKind.GREETING, words=WORDS)
    table.audio(10.5)
    table.audio(10.7)
    table.assistant.release_held(11.0)
    assert table.of(Play) == []
    assert not table.assistant.is_audible
    table.assistant.release_held(10.5 + GREETING_HOLD_S)
    assert (table.of(Play)[0].start, table.of(Play)[-1].end) == (0, 16000)
    assert table.assistant.is_audible


def test_a_spoken_greeting_that_came_whole_is_held_back_no_longer() -> None:
    table = Speaking(ResponseKind.GREETING, words=WORDS)
    table.words(WORDS)
    table.audio(10.5)
    assert table.end(10.6) == Aftermath()
    assert table.played() == {"item"}
    assert table.of(KeepTurn)[-1].text == WORDS
    assert table.of(KeepTurn)[-1].is_greeting


def test_a_greeting_that_fails_while_it_is_held_back_is_never_heard_and_said_again_whole() -> None:
    table = Speaking(ResponseKind.GREETING, words=WORDS)
    table.words("Good morning")
    table.audio(10.5)
    aftermath = table.end(10.6, status=FAILED)
    assert aftermath is not None
    assert aftermath.retry is not None
    assert (aftermath.retry.words, aftermath.retry.attempt) == (WORDS, 2)
    assert table.of(DropAudio) == [DropAudio("item")]
    assert table.said() == []
    assert table.assistant.utterance is None
    table.assistant.release_held(99.0)
    table.assistant.request(aftermath.retry, 10.7)
    table.audio(10.8, item_id="again")
    table.assistant.release_held(99.0)
    assert table.played() == {"again"}


def test_a_greeting_that_is_revoked_while_it_is_held_back_is_never_heard() -> None:
    table = Speaking(ResponseKind.GREETING, words=WORDS)
    table.words("Good morning")
    table.audio(10.5, "resp1")
    table.assistant.revoke(10.6)
    table.assistant.release_held(99.0)
    assert table.of(Play) == []
    assert table.of(DropAudio) == [DropAudio("item")]
    assert table.of(CancelResponse) == [CancelResponse("resp1")]
    assert table.said() == []
    assert table.assistant.utterance is None


def test_the_cached_greeting_is_kept_as_a_greeting_from_its_first_moment() -> None:
    table = Speaking()
    table.assistant.play_greeting(WORDS, 800, (), 0.5)
    assert table.of(KeepTurn) == [KeepTurn(0, Speaker.ASSISTANT, 500, WORDS, WORDS, is_greeting=True)]
    assert table.of(Play)[-1].item_id == CACHED_GREETING
    assert table.of(Measure) == [Measure(Latency.GREETING, 0)]
    assert table.assistant.is_audible is True


# What is sent -----------------------------------------------------------------------------------------------------
def test_marks_are_40_ms_apart_and_400_ms_where_nothing_may_interrupt() -> None:
    assert (STRETCH_BYTES, PROTECTED_STRETCH_BYTES) == (320, 3200)
    open_to_all, protected = Speaking(), Speaking()
    protected.first_utterance.begin(ResponseKind.ANSWER)
    for table, size in ((open_to_all, 320), (protected, 3200)):
        table.audio(10.5)
        assert {play.end - play.start for play in table.of(Play)[:-1]} == {size}
    protected.first_utterance.end(End.HEARD)
    protected.audio(11.0, item_id="second")
    assert protected.of(Play)[-1].end - protected.of(Play)[-1].start == 320


# What was said ----------------------------------------------------------------------------------------------------
def test_words_count_as_said_once_there_is_audio_of_them() -> None:
    table = Speaking()
    table.words("We are")
    assert table.said() == []
    table.audio(10.5)
    assert table.said() == ["We are"]
    table.words(" open.")
    table.words("Shall I book?", item_id="never spoken")
    assert table.said() == ["We are open."]


def test_an_answer_is_kept_when_all_of_it_came_and_again_when_it_was_heard() -> None:
    table = Speaking()
    table.words("We are open.")
    table.audio(10.5)
    assert table.end(11.0) == Aftermath()
    assert table.of(KeepTurn) == [KeepTurn(0, Speaker.ASSISTANT, 10500, "We are open.", "We are open.")]
    table.hear_out(12.0)
    assert table.of(KeepTurn)[1:] == [
        KeepTurn(0, Speaker.ASSISTANT, 10500, "We are open.", "We are open.", ended_ms=12000)
    ]
    assert table.of(DropAudio) == [DropAudio("item")]
    assert table.assistant.playback.items == []


def test_a_response_that_only_asks_for_a_tool_is_complete() -> None:
    table = Speaking()
    assert table.assistant.response is not None
    table.assistant.response.asked_for_tool = True
    assert table.end(11.0) == Aftermath()
    assert table.of(KeepTurn) == []


def test_a_response_that_completes_without_a_word_is_asked_for_again() -> None:
    aftermath = Speaking().end(11.0)
    assert aftermath is not None
    assert aftermath.retry is not None
    assert aftermath.retry.attempt == 2


def test_what_a_failed_answer_had_said_is_kept_at_once() -> None:
    table = Speaking()
    table.words("We are open from")
    table.audio(10.5)
    aftermath = table.end(11.0, status=FAILED)
    assert [turn.text for turn in table.of(KeepTurn)] == ["We are open from"]
    assert aftermath is not None
    assert aftermath.retry is not None
    assert aftermath.retry.kind is ResponseKind.CONTINUATION


def test_a_greeting_that_broke_off_while_it_was_heard_is_kept_when_its_rest_is_there() -> None:
    table = Speaking(ResponseKind.GREETING, words=WORDS)
    table.words("Good morning,")
    table.audio(10.5)
    table.assistant.release_held(11.1)
    aftermath = table.end(11.2, status=FAILED)
    assert aftermath is not None
    assert aftermath.retry is not None
    assert aftermath.retry.words == "how may I help?"
    assert table.of(KeepTurn) == []
    table.assistant.request(aftermath.retry, 11.2)
    table.words("how may I help?", item_id="rest")
    table.audio(11.5, item_id="rest")
    table.end(11.6)
    assert [turn.text for turn in table.of(KeepTurn)] == [WORDS]
    assert table.played() == {"item", "rest"}


# Stopping ---------------------------------------------------------------------------------------------------------
def test_only_what_is_playing_can_pause_and_only_what_is_paused_can_go_on() -> None:
    table = Speaking()
    table.assistant.pause(10.1)
    table.assistant.resume(10.1)
    assert table.of(ClearPlayback) == []
    table.audio(10.5)
    sent = len(table.of(Play))
    table.assistant.resume(10.6)
    for _ in range(2):
        table.assistant.pause(11.0)
    assert (table.assistant.is_paused, table.assistant.is_audible) == (True, True)
    assert len(table.of(ClearPlayback)) == 1
    assert len(table.of(Play)) == sent
    table.audio(11.1, size=320)
    assert len(table.of(Play)) == sent, "what comes meanwhile waits"
    table.assistant.resume(11.5)
    assert (table.assistant.is_paused, table.assistant.is_audible) == (False, True)
    assert (table.of(Play)[sent].start, table.of(Play)[-1].end) == (4000, 8320)


def test_what_is_paused_is_not_finished_though_everything_sent_was_heard() -> None:
    table = Speaking()
    table.audio(10.5, size=320)
    table.end(10.5)
    table.assistant.pause(10.52)
    assert table.assistant.finish_if_heard(99.0) is None
    table.assistant.resume(11.0)
    table.hear_out(11.1)
    assert table.assistant.utterance is None


def test_what_the_model_is_still_saying_is_not_finished_though_all_that_came_was_heard() -> None:
    table = Speaking()
    table.audio(10.5, size=320)
    table.hear_out(11.0)
    assert table.assistant.utterance is not None
    table.end(11.1)
    utterance = table.assistant.utterance
    assert table.assistant.finish_if_heard(11.1) is utterance
    assert table.assistant.finish_if_heard(11.2) is None


def test_cut_off_everything_stops_and_the_model_learns_what_was_heard_of_each_item() -> None:
    table = Speaking()
    table.words("We are open from nine to five")
    table.audio(10.5, "resp1")
    table.audio(10.5, "resp1", "second")
    table.assistant.cut_off(11.0)
    assert table.of(ClearPlayback) == [ClearPlayback()]
    assert table.of(CancelResponse) == [CancelResponse("resp1")]
    assert table.of(TruncateItem) == [TruncateItem("item", 500)]
    assert table.of(DeleteItem) == [DeleteItem("second")]
    kept = table.of(KeepTurn)[-1]
    assert (kept.ended_ms, kept.interrupted_ms) == (11000, 11000)
    assert kept.heard_text == "We are open from"
    assert not table.assistant.is_audible


def test_cut_off_after_the_model_had_said_it_all_only_what_was_not_heard_is_truncated() -> None:
    table = Speaking()
    table.audio(10.5, item_id="heard", size=4000)
    table.audio(10.5, item_id="half")
    table.end(10.6)
    table.assistant.cut_off(11.26)
    assert table.of(TruncateItem) == [TruncateItem("half", 260)]
    assert table.of(CancelResponse) == []


def test_of_a_response_that_was_cancelled_before_only_what_was_not_heard_is_truncated() -> None:
    table = Speaking()
    table.audio(10.5, "resp1", "item", 4000)
    table.assistant.revoke(10.9)
    table.assistant.cut_off(11.0)
    assert table.of(TruncateItem) == [], "all that came was heard"
    assert table.of(CancelResponse) == [CancelResponse("resp1")]


def test_who_hangs_up_has_heard_what_had_played_and_interrupted_nothing() -> None:
    table = Speaking()
    table.words("We are open from nine to five.")
    table.audio(10.5, size=16000)
    table.assistant.hang_up(11.5)
    kept = table.of(KeepTurn)[-1]
    assert (kept.heard_text, kept.ended_ms, kept.interrupted_ms) == ("We are open from", 11500, None)
    assert table.of(TruncateItem) == []
    assert table.of(DropAudio) == [DropAudio("item")]


def test_who_hangs_up_in_silence_has_heard_nothing_more() -> None:
    table = Speaking()
    table.assistant.hang_up(11.5)
    assert table.of(KeepTurn) == []
    assert table.dialogue.history() == list[SpokenTurn]()


def test_each_request_has_a_name_of_its_own() -> None:
    table = Speaking(ResponseKind.GREETING, words=WORDS)
    table.end(10.2, status=FAILED)
    table.ask(11.0)
    assert table.of(CreateResponse) == [
        CreateResponse("greeting-1", ResponseKind.GREETING, WORDS, 1),
        CreateResponse("answer-2", ResponseKind.ANSWER, "", 1),
    ]
