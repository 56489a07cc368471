"""Time lines of the demo's calls, made up from their dialogues: loudness like speech's, waits and an interruption."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from calls.models import Call, CallTimeline
from calls.records.certificates import Certificate, Verdict
from calls.records.levels import STEPS_PER_S, Flag, Levels, loudness
from calls.records.moments import Moment, Sort
from calls.records.timelines import Timeline, packed
from testing.demo_data import dialogues as say

FLOOR, THRESHOLD = 28, 150


def draw(call: Call, dialogue: Sequence[say.Said], seconds: int) -> None:
    """Store a call's time line and its certificate."""
    levels = Levels()
    dice = random.Random(str(call.started_at.minute))  # noqa: S311
    for step in range(seconds * STEPS_PER_S):
        levels.lay(levels.caller, step, loudness(FLOOR * dice.uniform(0.7, 1.4)))
        levels.lay(levels.floor, step, loudness(FLOOR))
        levels.lay(levels.threshold, step, loudness(THRESHOLD))
    for said in dialogue:
        _speak(levels, said, dice)
    moments = [*_moments(dialogue), Moment(seconds * 1000, Sort.ENDED, {"reason": call.end_reason})]
    CallTimeline.objects.create(business_id=call.business_id, call=call, data=packed(Timeline(levels, moments)))
    size = (dialogue[0].until_ms or 0) * 8
    whole = Certificate(Verdict.HEARD_WHOLE, 1, size, size, heard_at_s=size / 8000 + 0.08)
    Call.objects.filter(pk=call.pk).update(certificate=whole.stored())


def _speak(levels: Levels, said: say.Said, dice: random.Random) -> None:
    """Lay a turn as syllables: loud and soft, a few a second."""
    until_ms = said.interrupted_ms or said.until_ms or said.from_ms
    is_caller = said.speaker == say.CALLER
    for step in range(said.from_ms * STEPS_PER_S // 1000, until_ms * STEPS_PER_S // 1000):
        rms = dice.uniform(0.5, 1.5) * (900 if is_caller else 2600) * (1, 1.4, 1, 0.5, 0.15, 0.05)[step // 3 % 6]
        levels.lay(levels.caller if is_caller else levels.assistant, step, loudness(rms))
        levels.flag(step, Flag.VOICE if is_caller and rms > THRESHOLD else Flag.MARK if not is_caller else Flag(0))


def _moments(dialogue: Sequence[say.Said]) -> Iterator[Moment]:
    for said in dialogue:
        if said.is_greeting:
            yield Moment(said.from_ms, Sort.GREETING, {"ms": 140})
            yield Moment((said.until_ms or 0) + 80, Sort.FIRST_OVER, {"how": "heard"})
        elif said.speaker == say.ASSISTANT:
            yield Moment(said.from_ms, Sort.ANSWER, {"ms": 620, "felt_ms": 800})
        if said.interrupted_ms is not None:
            voice: dict[str, str | int | float] = {"by": "voice", "rms": 940, "threshold": THRESHOLD}
            yield Moment(said.interrupted_ms, Sort.PAUSE, {**voice, "frames": 3, "ms": 60})
            yield Moment(said.interrupted_ms + 45, Sort.SILENT, {"ms": 45})
            yield Moment(said.interrupted_ms + 120, Sort.COMMIT, {**voice, "frames": 6})
