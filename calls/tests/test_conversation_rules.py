"""Rules of a call, each by the shortest story that shows it."""

from dataclasses import replace

import pytest

from calls.conversation import Protection
from calls.conversation.commands import (
    AnswerTool,
    CancelResponse,
    ClearPlayback,
    ConnectModel,
    CreateResponse,
    EndCall,
    KeepTurn,
    NextStep,
    Play,
    ResponseKind,
    Speaker,
    TruncateItem,
)
from calls.conversation.dialogue import Said
from calls.conversation.events import (
    CallerLeft,
    CallerWords,
    ModelLost,
    ModelReady,
    RequestRefused,
    ResponseAudio,
    ResponseCreated,
    ResponseEnded,
    ResponseStatus,
    ResponseWords,
    SpeechStarted,
    StreamBroke,
    ToolRequested,
    TurnCommitted,
)
from calls.tests.table import GREETED, GREETING, LINE_RMS, SILENT, VOICE_RMS, Table, in_conversation


# The opening ---------------------------------------------------------------------------------------
def test_a_cached_greeting_is_played_before_the_model_is_there() -> None:
    table = Table(GREETED, ready=False)
    assert table.sent("greeting")[0] == (0, 3200)
    assert table.sent("greeting")[-1][1] == 8000
    assert table.flag("is_playing_greeting")
    assert table.flag("greeting_lock_active")
    assert not table.flag("barge_in_allowed")
    table.play_out()
    assert not table.flag("greeting_lock_active")
    assert table.flag("barge_in_allowed")
    assert "heard, barge-in now enabled for the rest of the call" in table.logged("[FIRST_UTTERANCE]")


def test_the_model_is_told_what_the_greeting_said() -> None:
    assert Table(GREETED).conversation.history() == [Said(Speaker.ASSISTANT, GREETING)]


def test_without_cached_audio_the_model_says_the_exact_words() -> None:
    table = Table(replace(GREETED, greeting_bytes=0))
    assert table.of(CreateResponse) == [CreateResponse("greeting-1", ResponseKind.GREETING, GREETING, 1)]
    table.respond(response_id="resp1")
    assert table.conversation.first_response_id == "resp1"
    assert table.flag("greeting_lock_active")
    table.play_out()
    assert not table.flag("first_utterance_protected")


def test_a_greeting_that_broke_off_goes_on_with_its_remaining_words() -> None:
    table = Table(replace(GREETED, greeting_bytes=0))
    table.tell(ResponseCreated(0.0, "resp1", "greeting-1"))
    table.tell(ResponseAudio(0.1, "resp1", "item1", 16000))
    table.tell(ResponseWords(0.1, "resp1", "item1", "Good morning,"))
    table.now = 0.1
    table.wait(1.0)  # past the moment for which it is held back
    assert table.sent("item1")
    table.tell(ResponseEnded(1.1, "resp1", ResponseStatus.FAILED, "server_error"))
    retry = table.last(CreateResponse)
    assert (retry.kind, retry.words, retry.attempt) == (ResponseKind.GREETING, "how may I help you?", 2)
    table.play_out()
    assert table.flag("first_utterance_protected"), "until the rest was heard too"
    table.respond()
    table.play_out()
    assert not table.flag("first_utterance_protected")
    kept = table.last(KeepTurn)
    assert kept.is_greeting


def test_a_greeting_whose_rest_never_comes_releases_the_caller() -> None:
    table = Table(replace(GREETED, greeting_bytes=0))
    table.tell(ResponseCreated(0.0, "resp1", "greeting-1"))
    table.tell(ResponseAudio(0.1, "resp1", "item1", 8000))
    table.tell(ResponseWords(0.1, "resp1", "item1", "Good morning,"))
    table.wait(1.0)
    for number in range(1, 4):
        request = table.last(CreateResponse).request
        table.tell(ResponseEnded(table.now, f"resp{number}", ResponseStatus.FAILED))
        table.wait(0.5)
        if table.last(CreateResponse).request == request:
            break
        table.tell(ResponseCreated(table.now, f"resp{number + 1}", table.last(CreateResponse).request))
    table.play_out()
    assert len(table.of(CreateResponse)) == 3
    assert not table.flag("first_utterance_protected")
    table.say()
    assert table.last(CreateResponse).kind is ResponseKind.ANSWER


def test_the_assistant_speaks_first_where_the_business_wants_it() -> None:
    table = Table(replace(SILENT, assistant_speaks_first=True))
    assert table.of(CreateResponse) == [CreateResponse("opening-1", ResponseKind.OPENING, "", 1)]
    assert table.flag("first_utterance_protected")
    assert not table.flag("greeting_lock_active")


@pytest.mark.parametrize(
    ("protection", "protected"),
    [(Protection.FIRST_RESPONSE, True), (Protection.OPENING_ONLY, False), (Protection.OFF, False)],
)
def test_who_opened_the_call_decides_on_protection(protection: Protection, protected: bool) -> None:
    table = Table(replace(SILENT, first_utterance_protection=protection))
    table.say()
    table.respond(seconds=5.0)
    assert table.flag("first_utterance_protected") is protected
    table.hear(LINE_RMS, 0.5)
    table.hear(VOICE_RMS, 0.5)
    assert bool(table.of(ClearPlayback)) is not protected


def test_an_unprotected_greeting_can_be_interrupted() -> None:
    table = Table(replace(GREETED, first_utterance_protection=Protection.OFF, greeting_bytes=32000))
    table.hear(VOICE_RMS, 1.0)
    assert len(table.of(ClearPlayback)) == 1
    assert table.of(TruncateItem) == [], "the model has no audio of it"
    assert table.last(KeepTurn).interrupted_ms is not None


# Turns and noise -------------------------------------------------------------------------------------
def test_a_turn_without_voice_is_noise() -> None:
    table = in_conversation()
    table.tell(SpeechStarted(table.now))
    table.hear(LINE_RMS, 1.0)
    table.tell(TurnCommitted(table.now, "turn1"))
    assert table.of(CreateResponse) == []
    assert not table.flag("user_has_spoken")


def test_a_turn_with_voice_is_answered_at_once() -> None:
    table = in_conversation()
    table.speak()
    assert [command.kind for command in table.of(CreateResponse)] == [ResponseKind.ANSWER]
    assert table.flag("user_has_spoken")


def test_a_transcript_without_a_word_takes_the_answer_back() -> None:
    table = in_conversation()
    item_id = table.speak()
    table.tell(ResponseCreated(table.now, "resp1", table.last(CreateResponse).request))
    table.tell(CallerWords(table.now, item_id, "..."))
    assert table.of(CancelResponse) == [CancelResponse("resp1")]
    assert not table.flag("user_has_spoken")
    assert table.conversation.history() == [Said(Speaker.ASSISTANT, GREETING)]


def test_a_short_yes_is_answered() -> None:
    table = in_conversation(replace(GREETED, language="he"))
    table.say("כן")
    assert table.of(CancelResponse) == []
    assert table.conversation.history()[-1] == Said(Speaker.CALLER, "כן")


def test_more_words_before_the_answer_is_heard_replace_it() -> None:
    table = in_conversation()
    table.say()
    table.tell(ResponseCreated(table.now, "resp1", table.last(CreateResponse).request))
    table.say("and on sundays")
    assert table.of(CancelResponse) == [CancelResponse("resp1")]
    table.tell(ResponseEnded(table.now, "resp1", ResponseStatus.CANCELLED))
    assert len(table.of(CreateResponse)) == 2


def test_where_barge_in_is_off_the_caller_is_answered_after_the_assistant() -> None:
    table = in_conversation(replace(GREETED, barge_in_enabled=False))
    table.say()
    table.respond(seconds=10.0)
    table.say("stop please")
    assert table.of(ClearPlayback) == []
    assert len(table.of(CreateResponse)) == 1
    table.play_out()
    assert len(table.of(CreateResponse)) == 2


def test_the_same_turn_committed_twice_is_answered_once() -> None:
    table = in_conversation()
    item_id = table.speak()
    table.tell(TurnCommitted(table.now, item_id))
    assert len(table.of(CreateResponse)) == 1


# Interruptions -------------------------------------------------------------------------------------
def test_an_interruption_cancels_once_and_truncates_every_item_to_what_was_heard() -> None:
    table = in_conversation()
    table.say()
    table.respond(seconds=1.0, response_id="resp1", end=False)
    table.tell(ResponseAudio(table.now, "resp1", "second", 16000))
    table.hear(LINE_RMS, 0.5)
    table.hear(VOICE_RMS, 1.0)
    assert table.of(CancelResponse) == [CancelResponse("resp1")]
    assert [(cut.item_id, cut.audio_end_ms) for cut in table.of(TruncateItem)] == [("item-resp1", 620), ("second", 0)]
    played = len(table.of(Play))
    table.tell(ResponseAudio(table.now, "resp1", "second", 8000))
    assert len(table.of(Play)) == played, "what comes late is not played"
    table.tell(RequestRefused(table.now, "response_cancel_not_active", "cancel-resp1"))
    assert table.of(EndCall) == [], "harmless"


def test_a_cough_is_forgiven_and_the_rest_is_heard() -> None:
    table = in_conversation()
    table.say()
    table.respond(seconds=3.0, response_id="resp1")
    table.hear(LINE_RMS, 0.5)
    table.hear(VOICE_RMS, 0.16)
    assert len(table.of(ClearPlayback)) == 1
    stopped_at = table.conversation.assistant.playback.items[0].heard
    resumed = [play for play in table.hear(LINE_RMS, 0.5) if isinstance(play, Play)]
    assert table.of(TruncateItem) == []
    assert (resumed[0].start, resumed[-1].end) == (stopped_at, 24000)
    table.play_out()
    assert table.last(KeepTurn).interrupted_ms is None


def test_within_the_grace_time_nothing_interrupts() -> None:
    table = in_conversation(replace(GREETED, barge_in_grace_ms=1000))
    table.say()
    table.respond(seconds=5.0)
    table.hear(VOICE_RMS, 0.9)
    assert table.of(ClearPlayback) == []
    table.hear(VOICE_RMS, 0.3)
    assert len(table.of(ClearPlayback)) == 1


def test_echo_below_the_gate_does_not_interrupt() -> None:
    for gate, clears in ((600, 0), (300, 1)):
        table = in_conversation(replace(GREETED, echo_gate_min_rms=gate))
        table.say()
        table.respond(seconds=5.0)
        table.hear(LINE_RMS, 0.5)
        table.hear(500, 1.0)
        assert len(table.of(ClearPlayback)) == clears


# Responses that nobody wants, or that fail -------------------------------------------------------------
def test_a_response_that_nobody_asked_for_is_cancelled_and_not_heard() -> None:
    table = Table(SILENT)
    table.tell(ResponseCreated(0.1, "foreign"))
    table.tell(ResponseAudio(0.2, "foreign", "item", 8000))
    assert table.of(CancelResponse) == [CancelResponse("foreign")]
    assert table.of(Play) == []


def test_a_model_that_echoes_no_metadata_is_understood() -> None:
    table = in_conversation()
    table.say()
    table.tell(ResponseCreated(table.now, "resp1"))
    table.tell(ResponseAudio(table.now, "resp1", "item", 8000))
    assert table.sent("item")
    assert table.of(CancelResponse) == []


def test_late_audio_of_a_cancelled_response_is_not_taken_for_the_next() -> None:
    table = in_conversation()
    table.say()
    table.respond(response_id="resp1", seconds=5.0, end=False)
    table.hear(LINE_RMS, 0.5)
    table.hear(VOICE_RMS, 0.6)
    table.tell(ResponseEnded(table.now, "resp1", ResponseStatus.CANCELLED))
    table.speak()
    table.tell(ResponseAudio(table.now, "resp1", "late", 8000))
    assert table.sent("late") == []


def test_a_model_that_stops_answering_is_replaced_and_the_answer_asked_for_again() -> None:
    table = in_conversation()
    table.say()
    connects = len(table.of(ConnectModel))
    table.wait(6.5)
    assert len(table.of(ConnectModel)) == connects + 1
    table.tell(ModelReady(table.now))
    assert [command.attempt for command in table.of(CreateResponse)] == [1, 2]


def test_a_lost_line_in_mid_sentence_goes_on_with_the_context() -> None:
    table = in_conversation()
    table.say()
    table.tell(ResponseCreated(table.now, "resp1", table.last(CreateResponse).request))
    table.tell(ResponseAudio(table.now, "resp1", "item", 8000))
    table.tell(ResponseWords(table.now, "resp1", "item", "We are open from"))
    table.tell(ModelLost(table.now, "connection closed (1006)"))
    assert table.conversation.history()[-1] == Said(Speaker.ASSISTANT, "We are open from")
    table.tell(ModelReady(table.now))
    table.play_out()
    assert table.last(CreateResponse).kind is ResponseKind.CONTINUATION


def test_words_that_only_the_lost_session_heard_are_answered_when_the_new_one_has_them() -> None:
    table = in_conversation()
    table.speak()  # its transcript never came
    table.tell(ModelLost(table.now, "connection closed (1006)"))
    asked = len(table.of(CreateResponse))
    table.tell(ModelReady(table.now))
    assert len(table.of(CreateResponse)) == asked
    table.tell(TurnCommitted(table.now + 0.1, "again"))
    assert len(table.of(CreateResponse)) == asked + 1
    table.tell(CallerWords(table.now + 0.5, "again", "what are your hours"))
    assert [said.words for said in table.conversation.history()] == [GREETING, "what are your hours"]


def test_if_they_never_become_a_turn_the_caller_is_answered_all_the_same() -> None:
    table = in_conversation()
    table.speak()
    table.tell(ModelLost(table.now, "connection closed (1006)"))
    table.tell(ModelReady(table.now))
    assert any(isinstance(command, CreateResponse) for command in table.wait(2.0))


def test_a_hopeless_line_hands_the_caller_over_after_the_greeting() -> None:
    table = Table(GREETED, ready=False)
    table.tell(ModelLost(0.2, "insufficient_quota", permanent=True))
    assert table.of(EndCall) == []
    table.play_out()
    assert table.of(EndCall) == [EndCall("OpenAI: insufficient_quota", NextStep.APOLOGIZE, failed=True)]


def test_sessions_are_renewed_between_turns() -> None:
    table = Table(GREETED, ready=False)
    table.tell(ModelReady(0.1, lifetime_s=600))
    table.play_out()
    assert len(table.of(ConnectModel)) == 1
    table.wait(600)
    assert len(table.of(ConnectModel)) == 2


# The end ---------------------------------------------------------------------------------------------
def test_goodbye_is_heard_before_the_call_ends() -> None:
    table = in_conversation()
    table.say("bye bye")
    response_id = table.respond(seconds=2.0, end=False)
    table.tell(ToolRequested(table.now, response_id, "tool1", "end_call"))
    table.tell(ResponseEnded(table.now, response_id, ResponseStatus.COMPLETED))
    assert table.of(EndCall) == []
    table.play_out()
    assert table.of(EndCall) == [EndCall("the assistant asked for end_call", NextStep.HANG_UP)]


def test_a_caller_who_goes_on_talking_is_not_hung_up_on() -> None:
    table = in_conversation()
    table.say("bye bye")
    response_id = table.respond(seconds=3.0, end=False)
    table.tell(ToolRequested(table.now, response_id, "tool1", "end_call"))
    table.tell(ResponseEnded(table.now, response_id, ResponseStatus.COMPLETED))
    table.hear(LINE_RMS, 0.5)
    table.speak()
    assert table.of(EndCall) == []
    assert len(table.of(CreateResponse)) == 2


def test_a_transfer_leaves_to_the_fallback_number() -> None:
    table = in_conversation()
    table.say("a person please")
    response_id = table.respond(end=False)
    table.tell(ToolRequested(table.now, response_id, "tool1", "transfer_call"))
    table.tell(ResponseEnded(table.now, response_id, ResponseStatus.COMPLETED))
    table.play_out()
    assert table.last(EndCall).next_step is NextStep.TRANSFER


def test_an_unknown_tool_is_answered_and_the_model_goes_on() -> None:
    table = in_conversation()
    table.say()
    response_id = table.respond(end=False)
    table.tell(ToolRequested(table.now, response_id, "tool1", "order_pizza"))
    table.tell(ResponseEnded(table.now, response_id, ResponseStatus.COMPLETED))
    assert [answer.tool_call_id for answer in table.of(AnswerTool)] == ["tool1"]
    table.play_out()
    assert len(table.of(CreateResponse)) == 2


def test_a_forgotten_line_ends_at_the_longest_call_time() -> None:
    table = in_conversation(replace(GREETED, max_call_s=120.0))
    table.wait(121)
    assert table.of(EndCall) == [EndCall("the longest call time is over", NextStep.HANG_UP)]


def test_a_stream_that_breaks_leaves_the_caller_to_the_fallback() -> None:
    table = in_conversation()
    table.tell(StreamBroke(table.now, "its socket closed (1006)"))
    reason = "the media stream broke: its socket closed (1006)"
    assert table.of(EndCall) == [EndCall(reason, NextStep.APOLOGIZE, failed=True)]


def test_a_caller_who_hangs_up_in_mid_sentence_has_heard_half_of_it() -> None:
    table = in_conversation()
    table.say()
    table.tell(ResponseCreated(table.now, "resp1", table.last(CreateResponse).request))
    table.tell(ResponseAudio(table.now, "resp1", "item", 16000))
    table.tell(ResponseWords(table.now, "resp1", "item", "We are open from nine to five"))
    table.wait(1.0)
    table.tell(CallerLeft(table.now))
    kept = table.last(KeepTurn)
    assert (kept.text, kept.heard_text) == ("We are open from nine to five", "We are open from")
    assert table.last(EndCall).next_step is NextStep.HANG_UP
    assert table.tell(CallerLeft(table.now + 1.0)) == []
