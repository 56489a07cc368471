"""The pure parts of the benchmark of a town's calls: numbers in audio, turns, journeys, forwarded messages, figures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import b64decode, b64encode

import pytest

from bench.town import figures, forwarding, frame_numbers, processes, realtime_events
from bench.town.figures import Results, Setup, Spread, Trial
from bench.town.frame_numbers import MOST_CALLS, MOST_PIECES
from bench.town.journeys import Faults, Journey
from bench.town.realtime_events import Answer
from bench.town.script import EVERY, LISTENS_FIRST, SILENCE, TALKS, Script, Turns
from calls.line import media_stream
from calls.line.realtime_events import AudioDelta, understand

pytestmark = pytest.mark.pure


# Numbers in audio ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("call", [1, 2, 250, MOST_CALLS - 1])
@pytest.mark.parametrize("piece", [0, 1, 4095, 4096, MOST_PIECES - 1])
def test_a_number_is_read_from_the_audio_that_carries_it(call: int, piece: int) -> None:
    audio = frame_numbers.audio(call, piece) + b"\x30" * 154
    payload = b64encode(audio)
    assert payload[:8] == frame_numbers.letters(call, piece)
    assert frame_numbers.read(payload) == (call, piece)
    assert all(byte >= 0xF0 for byte in audio[:6])  # at most 120 of 32,768: nobody hears it


@pytest.mark.parametrize("audio", [b"\xff" * 160, b"\x30" * 160, b"\xf3\xf3\xf3\x30\x30\x30"])
def test_silence_and_other_audio_have_no_number(audio: bytes) -> None:
    assert frame_numbers.read(b64encode(audio)) is None


# Who talks -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("ordinal", [1, 2, 77, 250])
def test_callers_listen_first_and_talk_for_two_fifths_of_the_time(ordinal: int) -> None:
    script = Script(ordinal)
    assert not any(script.has_voice(piece) for piece in range(LISTENS_FIRST))
    for start in (LISTENS_FIRST, LISTENS_FIRST + 123):
        assert sum(script.has_voice(piece) for piece in range(start, start + EVERY)) == TALKS == EVERY * 0.4


def test_a_turn_begins_with_a_voice_and_ends_after_half_a_second_without() -> None:
    turns = Turns()
    heard = [True] * 3 + [False] * (SILENCE - 1) + [True] + [False] * SILENCE + [False]
    told = [turns.hear(1, has_voice=each) for each in heard]
    assert [(number, each) for number, each in enumerate(told) if each is not None] == [
        (0, True),
        (3 + SILENCE - 1 + 1 + SILENCE - 1, False),
    ]


# Journeys ------------------------------------------------------------------------------------------------
def journey(*arrivals: tuple[int, int]) -> Journey:
    """Ten pieces that leave at 0, 1, 2 … s, and these arrivals (piece, pieces), each half a second after it left."""
    made = Journey()
    for at in range(10):
        made.leave(float(at))
    for piece, pieces in arrivals:
        made.arrive(piece, piece + 0.5, pieces)
    return made


def test_all_that_arrives_once_and_in_order_is_whole() -> None:
    made = journey((0, 1), (1, 1), (2, 5), (7, 3))
    assert made.faults(0, 10) == Faults(sent=10)
    assert made.delays_ms(0, 10) == [500.0] * 4
    assert made.delays_ms(2, 3) == [500.0]


@pytest.mark.parametrize(
    ("arrivals", "faults"),
    [
        (((0, 4), (5, 5)), Faults(10, lost=1)),
        (((0, 5), (4, 6)), Faults(10, doubled=1)),
        (((0, 2), (3, 1), (2, 1), (4, 6)), Faults(10, reordered=1)),
        ((), Faults(10, lost=10)),
    ],
)
def test_what_is_lost_doubled_or_reordered_is_counted(arrivals: tuple[tuple[int, int], ...], faults: Faults) -> None:
    assert journey(*arrivals).faults(0, 10) == faults


def test_only_what_left_in_the_window_counts() -> None:
    assert journey((0, 4)).faults(0, 4) == Faults(4)
    assert journey((0, 4)).faults(4, 6) == Faults(2, lost=2)


# Messages ------------------------------------------------------------------------------------------------
MEDIA = (
    b'{"event":"media","streamSid":"MZ1","sequenceNumber":"7","media":{"track":"inbound","chunk":"6",'
    b'"timestamp":"100","payload":"AAEC"}}'
)


def test_the_bare_servers_forward_a_callers_audio() -> None:
    assert json.loads(forwarding.append(MEDIA) or b"") == {"type": "input_audio_buffer.append", "audio": "AAEC"}
    assert forwarding.append(b'{"event":"mark","streamSid":"MZ1","mark":{"name":"1"}}') is None


def test_the_bare_servers_play_an_answer_and_ask_for_a_mark() -> None:
    told = forwarding.played(Answer(1, "s", None).audio(b"AAEC"), b"MZ1", 7)
    assert told is not None
    assert [json.loads(each) for each in told] == [
        {"event": "media", "streamSid": "MZ1", "media": {"payload": "AAEC"}},
        {"event": "mark", "streamSid": "MZ1", "mark": {"name": "7"}},
    ]
    assert forwarding.played(Answer(1, "s", None).words("delta"), b"MZ1", 7) is None


def test_the_bare_servers_know_a_start() -> None:
    assert forwarding.stream_sid(b'{"event":"start","start":{"streamSid":"MZ1"},"streamSid":"MZ1"}') == b"MZ1"
    assert forwarding.stream_sid(MEDIA) is None


def test_frontdesk_understands_what_openais_part_says() -> None:
    answer = Answer(1, "s", {"request": "r1"})
    events = [
        realtime_events.turn_began("i1", 20),
        *realtime_events.turn_ended("i1", 4000),
        realtime_events.transcribed("i1"),
        *answer.begin(),
        answer.words("We"),
        answer.audio(b64encode(b"\x30" * 800)),
        *answer.end("We are open."),
    ]
    understood = [each for event in events for each in understand(json.loads(event), 1.0)]
    names = [type(each).__name__ for each in understood]
    assert names == [
        "SpeechStarted",
        "SpeechStopped",
        "TurnCommitted",
        "Usage",
        "CallerWords",
        "ResponseCreated",
        "ResponseWords",
        "AudioDelta",
        "Usage",
        "ResponseEnded",
    ]
    delta = next(each for each in understood if isinstance(each, AudioDelta))
    assert len(b64decode(delta.payload)) == delta.event.size == 800


def test_frontdesk_understands_what_twilios_part_says() -> None:
    assert media_stream.understand(media_stream.parse(MEDIA.decode())) == media_stream.Media("AAEC", 100)


# Figures -------------------------------------------------------------------------------------------------
def trial(server: str, number: int, cpu: float, **values: object) -> Trial:
    kept = {
        "calls": 20, "rss_kb": 76.0, "to_openai": Spread(0.1, 0.4), "to_caller": Spread(0.2, 0.8), "waits": None,
        "faults": Faults(1000, 1, 2, 3), "lateness": Spread(0.1, 1.0), "others": 0.2 * number, "waited": 0.01,
        "generator": 0.3,
    }  # fmt: skip
    return Trial(server=server, round=number, cpu=cpu, **{**kept, **values})  # type: ignore[arg-type]


RESULTS = Results(
    [
        trial("limit", 1, 0.1), trial("limit", 2, 0.2), trial("limit", 3, 0.3),
        trial("daphne", 1, 1.0), trial("daphne", 2, 2.4), trial("daphne", 3, 2.1, faults=None, broken=2),
    ],
    [Setup("daphne", 1, 13.0, 5.0, 0.5), Setup("daphne", 2, 19.0, 6.0, 0.5), Setup("daphne", 3, 15.0, 4.0, 0.5)],
)  # fmt: skip


def test_a_ratio_compares_servers_of_the_same_round() -> None:
    limit, daphne = figures.rows(RESULTS, limit="limit")
    assert (limit.best, limit.median, limit.ratio) == (0.1, 0.2, 1.0)
    assert (daphne.best, daphne.median) == (1.0, 2.1)
    assert daphne.ratio == pytest.approx(10.0)  # of 10, 12 and 7
    assert (limit.calls_a_core, daphne.calls_a_core) == (500, 47)


def test_a_trial_that_did_not_keep_up_does_not_count() -> None:
    late = trial("limit", 1, 0.05, kept_up=0.9)
    (row,) = figures.rows(Results([late, trial("limit", 2, 0.2)]), limit="limit")
    assert (row.best, row.median, row.is_overloaded) == (0.2, 0.2, False)
    (row,) = figures.rows(Results([late]), limit="limit")
    assert (row.best, row.ratio, row.is_overloaded) == (0.05, None, True)
    assert "0.050 / 0.050 (overloaded)" in figures.table(Results([late]), limit="limit")[2]


def test_the_table_has_a_line_for_each_server() -> None:
    heads, rule, limit, daphne = figures.table(RESULTS, limit="limit")
    assert {each.count("|") for each in (heads, rule, limit, daphne)} == {12}
    assert limit == (
        "| limit | 20 | 0.100 / 0.200 | 1.0 | 500 | – / – | 76 | 0.10 / 0.4 | 0.20 / 0.8 | – | 3, 6, 9 of 3000 |"
    )
    assert daphne == (
        "| daphne | 20 | 1.000 / 2.100 | 10.0 | 47 | 15.0 / 5.0 | 76 | 0.10 / 0.4 | 0.20 / 0.8 | – |"
        " 2, 4, 6 of 2000; 2 calls broke |"
    )


def test_the_noise_of_the_machine_is_told() -> None:
    others, generator = figures.noise(RESULTS)
    assert others.startswith("Others used 0.20 to 0.60 cores meanwhile (median 0.40)")
    assert "late by 0.10 ms at the median and 1.0 ms at 99 %" in generator
    assert figures.noise(Results()) == []


def test_the_processor_time_of_a_process_counts_those_below_it() -> None:
    used = "import time\nwhile time.process_time() < 0.2: pass\ninput()"
    before = processes.cpu_s(os.getpid())
    with subprocess.Popen([sys.executable, "-c", used], stdin=subprocess.PIPE) as child:
        assert {os.getpid(), child.pid} <= set(processes.tree(os.getpid()))
        assert processes.rss_kb(os.getpid()) > processes.rss_kb(child.pid) > 0
        child.communicate(b"\n")
    assert processes.cpu_s(os.getpid()) - before >= 0.19  # though it has ended; those are counted in 10 ms
    assert processes.tree(child.pid) == [child.pid]
    assert processes.cpu_s(child.pid) == 0


@pytest.mark.parametrize(("calls", "does_fit"), [(20, True), (95, True), (96, False)])
def test_what_would_fill_a_core_is_not_tried(calls: int, does_fit: bool) -> None:
    assert figures.fits(RESULTS, "daphne", calls, most=0.95) is does_fit
    assert figures.fits(RESULTS, "unknown", calls, most=0.95)


def test_a_spread_has_median_and_99th_percentile() -> None:
    assert Spread.of([float(each) for each in range(100, 0, -1)]) == Spread(51.0, 100.0)
    assert Spread.of([]) is None
