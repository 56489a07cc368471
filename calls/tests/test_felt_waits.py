"""What a caller felt of a wait: from their last voice to the first sound of the answer, both at their phone."""

from __future__ import annotations

import pytest

from calls.conversation.commands import CreateResponse, Latency, Measure
from calls.conversation.events import CallerWords, SpeechStarted, TurnCommitted
from calls.tests.table import GREETED, LINE_RMS, VOICE_RMS, Table, in_conversation


def felt(table: Table) -> list[int]:
    return [measure.milliseconds for measure in table.of(Measure) if measure.what is Latency.FELT]


def test_it_begins_with_the_last_voice_and_not_with_the_turns_end() -> None:
    table = in_conversation()
    table.speak()  # half a second of silence, by which the model knows that the caller has ended
    table.hear(LINE_RMS, 0.3)
    table.respond()
    answered = [measure.milliseconds for measure in table.of(Measure) if measure.what is Latency.ANSWER]
    assert (answered, felt(table)) == ([300], [800])


def test_the_way_to_the_phone_and_back_is_part_of_it() -> None:
    table = Table(GREETED, delay_s=0.16)
    table.hear(LINE_RMS, 1.5)
    table.speak()
    table.respond()
    assert felt(table) == [500 + 160]


def test_who_spoke_during_the_greeting_waits_from_its_end() -> None:
    table = Table(GREETED)
    table.hear(LINE_RMS, 0.1)
    table.speak(seconds=0.2)
    table.hear(LINE_RMS, 0.5)
    table.play_out()
    table.hear(LINE_RMS, 0.2)
    table.respond()
    assert felt(table) == [500], "since the greeting's end, not since they spoke"


def test_a_turn_that_our_ears_did_not_hear_is_not_measured() -> None:
    table = in_conversation()
    table.hear(LINE_RMS, 2.0)
    table.tell(SpeechStarted(table.now))
    table.hear(VOICE_RMS, 1.0, probability=0.02)
    table.hear(LINE_RMS, 0.5)
    table.tell(TurnCommitted(table.now, "turn1"))
    table.tell(CallerWords(table.now, "turn1", "what are your hours"))
    assert table.of(CreateResponse)
    table.respond()
    assert felt(table) == []


@pytest.mark.parametrize("seconds", [0.2, 2.0])
def test_each_answer_has_its_own(seconds: float) -> None:
    table = in_conversation()
    for _turn in range(2):
        table.speak(seconds=seconds)
        table.respond()
        table.play_out()
    assert felt(table) == [500, 500]
