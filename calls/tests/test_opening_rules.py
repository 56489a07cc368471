"""How a call begins, each rule by the shortest story that shows it."""

from dataclasses import replace

import pytest

from calls.conversation import Protection
from calls.conversation.commands import (
    ClearPlayback,
    CreateResponse,
    EndCall,
    KeepTurn,
    ResponseKind,
    Speaker,
    TruncateItem,
)
from calls.conversation.dialogue import SpokenTurn
from calls.conversation.end_reasons import EndReason
from calls.conversation.events import (
    ResponseAudio,
    ResponseCreated,
    ResponseEnded,
    ResponseStatus,
    ResponseWords,
)
from calls.tests.table import GREETED, GREETING, LINE_RMS, SILENT, VOICE_RMS, Table

pytestmark = pytest.mark.pure


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
    assert Table(GREETED).conversation.history() == [SpokenTurn(Speaker.ASSISTANT, GREETING)]


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


def test_a_greeting_whose_rest_never_comes_is_followed_by_the_fallback() -> None:
    table = Table(replace(GREETED, greeting_bytes=0))
    table.tell(ResponseCreated(0.0, "resp1", "greeting-1"))
    table.tell(ResponseAudio(0.1, "resp1", "item1", 8000))
    table.tell(ResponseWords(0.1, "resp1", "item1", "Good morning,"))
    table.wait(1.0)
    for number in range(1, 10):
        request = table.last(CreateResponse).request
        table.tell(ResponseEnded(table.now, f"resp{number}", ResponseStatus.FAILED))
        table.wait(3.0)
        if table.last(CreateResponse).request == request:
            break
        table.tell(ResponseCreated(table.now, f"resp{number + 1}", table.last(CreateResponse).request))
    table.play_out()
    assert len(table.of(CreateResponse)) <= 6
    assert not table.flag("first_utterance_protected")
    assert table.last(EndCall).reason is EndReason.NO_ANSWER, "somebody else answers"
    assert table.logged("[GREETING]")[-1:] != ["heard"]


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
