"""Callers who interrupt in real calls: how soon do they hear the assistant stop, beside the same clips in virtual time?

    .venv/bin/python bench/bench_live_ears.py [--clips 60] [--json FILE]

Everything is real but the voices at both ends: sockets, Daphne, recording, trace. OpenAI's speech detection is off, so
what interrupts is what our own ears heard. The clips are voices on which no threshold was chosen. A delay lasts from
the true onset of the voice to the end of the 20 ms frame with which the assistant fell silent, or gave up its sentence.
Without the recordings (see `bench.ears`) it ends with `EX_UNAVAILABLE` (69).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from bisect import bisect
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path[0] = str(Path(__file__).resolve().parent.parent)

from bench.call_figures import spread  # noqa: E402 - needs the path
from bench.call_servers import OpenaisPart, call_servers, prepared_database  # noqa: E402
from bench.production import TWILIO_TOKEN  # noqa: E402

if TYPE_CHECKING:
    from bench.ears.corpus import Case
    from bench.ears.figures import Figures
    from bench.ears.trial import Outcome
    from calls.sandbox.openai.scenario import Scenario
    from calls.sandbox.telephone.placed_call import PlacedCall
    from calls.sandbox.telephone.twilio_peer import TwilioPeer
    from calls.sandbox.voices.voices import Rendering, Voice

ANSWER = "This answer goes on until somebody interrupts."
ANSWER_S = 40.0
FRAME_S = 0.02
HEARD_BEFORE_S = 1.3
"""The caller hears so much of an answer before the next clip: more than the assistant's grace time."""
NEXT_ANSWER_WITHIN_S = 20.0
LEAD_S = 0.1
"""What is left of a clip's quiet beginning, as the answer is heard before it anyway."""


# OpenAI's side -------------------------------------------------------------------------------------------
class OneVoice:
    """Says the same, whatever the words are."""

    def __init__(self, audio: Rendering) -> None:
        self._audio = audio

    async def speak(self, words: str, *, voice: str) -> Rendering:
        """See `Voice`."""
        return self._audio


def _scenario() -> Scenario:
    from calls.sandbox.openai.scenario import Scenario  # noqa: PLC0415 - needs Django's settings
    from calls.sandbox.openai.silent_faults import DeafVad  # noqa: PLC0415
    from calls.sandbox.receptionist.engine import Say  # noqa: PLC0415

    return Scenario(replies=((Say(ANSWER),),) * 10_000, faults=(DeafVad(),))


def _voice() -> Voice:
    from bench.ears import corpus  # noqa: PLC0415 - needs Django's settings
    from calls.audio import ulaw  # noqa: PLC0415
    from calls.sandbox.voices.voices import Rendering  # noqa: PLC0415

    audio = corpus.assistant()[: round(ANSWER_S * ulaw.SAMPLE_RATE)]
    return OneVoice(Rendering(ulaw.decode(audio), ulaw.SAMPLE_RATE))


def _nothing(_connection: Any) -> None:
    return None


OPENAI = OpenaisPart(_scenario, _voice, _nothing)


# The callers ---------------------------------------------------------------------------------------------
def shortened(case: Case) -> Case:
    """Returns a case with `LEAD_S` before its voice."""
    assert case.onset_s is not None
    lead_s = FRAME_S * round((case.onset_s - LEAD_S) / FRAME_S)  # so that the voice begins anywhere within a frame
    return replace(case, audio=case.audio[round(lead_s * 8000) :], onset_s=case.onset_s - lead_s)


async def interrupt(
    twilio: TwilioPeer, number: str, question: bytes, cases: Sequence[Case]
) -> tuple[PlacedCall, list[float]]:
    """Ask, and say one clip after the other, each into an answer. Returns the call, and when each clip began."""
    starts = []
    async with twilio.call(to=number) as call:
        await call.connected()
        call.say(question)
        for case in cases:
            await _line_noise(call, until_bytes=call.heard_bytes + round(HEARD_BEFORE_S * 8000))
            starts.append(call.say(case.audio).start)
            await call.until(lambda: not call.stream.caller.is_speaking)
    return call, starts


async def _line_noise(call: PlacedCall, *, until_bytes: int) -> None:
    """Send the noise of a quiet line until the caller has heard so much. A line that is really silent is rare."""
    from bench.ears import corpus  # noqa: PLC0415 - needs Django's settings

    noise = corpus.quiet_line(0.5)
    async with asyncio.timeout(NEXT_ANSWER_WITHIN_S):
        while call.heard_bytes <= until_bytes:
            call.say(noise)
            await call.until(lambda: not call.stream.caller.is_speaking)


async def place_calls(
    url: str, numbers: Sequence[str], kinds: Sequence[Sequence[Case]]
) -> list[tuple[PlacedCall, list[float]]]:
    """Place a call for each kind of clip, all at once: within a call, voices are equally loud."""
    from calls.sandbox.telephone.twilio_peer import TwilioPeer  # noqa: PLC0415 - needs Django's settings

    async with TwilioPeer(url, auth_token=TWILIO_TOKEN) as twilio:
        question = kinds[0][0].audio
        calls = (interrupt(twilio, number, question, cases) for number, cases in zip(numbers, kinds, strict=True))
        return list(await asyncio.gather(*calls))


# What they heard -----------------------------------------------------------------------------------------
def outcomes(call: PlacedCall, starts: Sequence[float]) -> list[Outcome]:
    """Returns what became of each clip, in seconds of its audio."""
    from bench.ears.trial import Outcome  # noqa: PLC0415 - needs Django's settings
    from calls.conversation.commands import Log  # noqa: PLC0415
    from calls.records.traces import Decided  # noqa: PLC0415
    from tests.call_hearing import clears, server_ahead_s  # noqa: PLC0415
    from tests.call_office import records_of  # noqa: PLC0415

    trace = records_of(call.flow.ids.call_sid).trace
    ahead_s = server_ahead_s(call, trace)
    said: dict[str, list[float]] = defaultdict(list)
    for line in trace:
        if isinstance(line, Decided) and isinstance(line.command, Log) and line.command.label == "[BARGE-IN]":
            said[line.command.text.partition(" ")[0].rstrip(":,")].append(line.at - ahead_s)
    sent_at = [index * FRAME_S + late for index, late in enumerate(call.stream.record.lateness_s)]
    ends = [*starts[1:], float("inf")]
    return [
        Outcome(
            *(_in_audio(moments, sent_at, start, end) for moments in (clears(call), said["commit"], said["resume"]))
        )
        for start, end in zip(starts, ends, strict=True)
    ]


def _in_audio(moments: Sequence[float], sent_at: Sequence[float], start: float, end: float) -> list[float]:
    """Returns these moments of the call as moments of the clip that was said from `start` to `end`.

    A moment belongs to the end of the frame that was sent last before it. So frames that a busy stand-in sends late
    are not held against the server: a telephone sends each as soon as it is over.
    """
    found = []
    for at in moments:
        last = bisect(sent_at, at) - 1
        if start <= at < end and last >= 0:
            found.append((last + 1) * FRAME_S + at - sent_at[last] - start)
    return found


# The run -------------------------------------------------------------------------------------------------
def run(kinds: Sequence[Sequence[Case]]) -> tuple[Figures, dict[str, float], dict[str, float]]:
    """Returns the figures, and how late both stand-ins were themselves (ms)."""
    with prepared_database() as (folder, database_url):
        from bench.ears.figures import Figures  # noqa: PLC0415 - needs Django's settings
        from businesses.tenancy import across_businesses  # noqa: PLC0415
        from testing.called_businesses import open_business  # noqa: PLC0415

        settings = {"first_utterance_protection": "off", "recording_notice": ""}
        numbers = [open_business(greeting="", is_rendered=False, **settings)[1] for _ in kinds]
        with call_servers(folder, database_url, OPENAI, calls=len(kinds)) as servers:
            placed = asyncio.run(place_calls(servers.daphne.url, numbers, kinds))
            servers.stop_openai()
        figures = Figures("In real calls")
        with across_businesses():  # each call of this benchmark is another business's
            for (call, starts), cases in zip(placed, kinds, strict=True):
                for case, outcome in zip(cases, outcomes(call, starts), strict=True):
                    figures.add(case, outcome)
    late = [each * 1000 for call, _starts in placed for each in call.stream.record.lateness_s]
    return figures, spread(late), spread(list(servers.lateness_ms))


def main() -> int:
    """Run, and print both tables. Returns `EX_UNAVAILABLE` without the recordings."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=60, help="of each kind, at most")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all delays there, too")
    options = parser.parse_args()
    from bench.ears import corpus, fetching  # noqa: PLC0415 - numpy is slow to load

    try:
        fetching.fetch()
        kinds = corpus.live(options.clips)
        voice = corpus.assistant()
    except fetching.CorpusMissing as missing:
        print(missing, file=sys.stderr)
        return os.EX_UNAVAILABLE
    figures, twilio_late, openai_late = run([[shortened(case) for case in cases] for cases in kinds])
    print(figures.table())
    print(f"\nTwilio's stand-in was late by {twilio_late} ms, OpenAI's by {openai_late} ms.")
    from bench.ears.__main__ import ours  # noqa: PLC0415 - needs Django's settings

    virtual = ours("The same clips in virtual time", chain.from_iterable(kinds), voice)
    print(virtual.table())
    if options.json:
        found = {"live": asdict(figures), "virtual": asdict(virtual), "twilio_late_ms": twilio_late}
        options.json.write_text(json.dumps(found | {"openai_late_ms": openai_late}, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
