"""Delays in milliseconds, which `bench_calls.py` computes from the records of both stand-ins."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from calls.sandbox.telephone.placed_call import PlacedCall

GREETING = "Hello, this is the clinic."
SETTLED_S = 2.0  # frames from before this time may have waited for OpenAI's session


@dataclass(frozen=True)
class Heard:
    """The records of one OpenAI session: when each caller's frame arrived, and when each delta left, with its size."""

    business: str
    frames_at: list[float]
    deltas: list[tuple[float, int]]


@dataclass
class Caller:
    """One call and what was measured in it, in milliseconds."""

    business: str
    call: PlacedCall
    started_at: float
    voice_to_clear: list[float]


def spread(milliseconds: list[float]) -> dict[str, float]:
    """Returns the median, the 99th percentile and the maximum; nothing of no values, as of a short time."""
    if not milliseconds:
        return {}
    values = np.array(milliseconds)
    return {"p50": _ms(np.percentile(values, 50)), "p99": _ms(np.percentile(values, 99)), "worst": _ms(values.max())}


def _ms(value: float) -> float:
    return round(float(value), 1)


def to_openai(caller: Caller, heard: Heard) -> list[float]:
    """Returns how long each of the caller's frames took through Daphne to OpenAI."""
    lateness = caller.call.stream.record.lateness_s
    sent_at = [caller.started_at + index * 0.02 + late for index, late in enumerate(lateness)]
    pairs = zip(sent_at, heard.frames_at, strict=False)
    return [(came - left) * 1000 for left, came in pairs if left > caller.started_at + SETTLED_S]


def to_caller(caller: Caller, heard: Heard, greeting_bytes: int) -> list[float]:
    """Returns how long each delta of the first answer took through Daphne to Twilio, up to the first interruption."""
    messages = caller.call.stream.record.messages
    end = next((index for index, each in enumerate(messages) if each.kind == "clear"), len(messages))
    arrivals: list[tuple[int, float]] = []
    total = -greeting_bytes
    for message in messages[:end]:
        total += message.size
        arrivals.append((total, caller.started_at + message.at))
    delays, begins = [], 0
    for left, size in heard.deltas:
        came = next((at for until, at in arrivals if until > begins), None)
        if came is None:
            break
        delays.append((came - left) * 1000)
        begins += size
    return delays


def gaps_in_first_answer(caller: Caller, greeting_bytes: int) -> list[float]:
    """Returns the silences that late frames caused in the first answer, before it was interrupted."""
    cleared_at = next((each.at for each in caller.call.stream.record.messages if each.kind == "clear"), float("inf"))
    stretches = [each for each in caller.call.stream.playback.stretches if each.start / 8000 < cleared_at]
    answer = [each for each in stretches if each.start > greeting_bytes]
    return [(after.start - before.end) / 8 for before, after in pairwise(answer)]


def figures(callers: list[Caller], heard: list[Heard], cpu_s: float) -> dict[str, Any]:
    """Returns all measured figures."""
    by_business = {each.business: each for each in heard}
    pairs = [(caller, by_business[caller.business]) for caller in callers]
    greeting_bytes = len(GREETING) * 480
    call_s = sum(caller.call.now for caller in callers)
    flat = [delay for caller, each in pairs for delay in to_openai(caller, each)]
    back = [delay for caller, each in pairs for delay in to_caller(caller, each, greeting_bytes)]
    gaps = [gap for caller in callers for gap in gaps_in_first_answer(caller, greeting_bytes)]
    return {
        "calls": len(callers),
        "call_seconds": round(call_s),
        "daphne_cpu_seconds_per_call_second": round(cpu_s / call_s, 4),
        "caller_to_openai_ms": spread(flat),
        "openai_to_caller_ms": spread(back),
        "gaps_inside_answers": {"count": len(gaps), "worst_ms": _ms(max(gaps, default=0.0))},
        "start_to_first_frame_of_greeting_ms": spread(
            [caller.call.stream.record.messages[0].at * 1000 for caller in callers]
        ),
        "first_voiced_frame_to_clear_ms": spread([each for caller in callers for each in caller.voice_to_clear]),
        "interruptions": sum(len(caller.voice_to_clear) for caller in callers),
        "lateness_of_twilios_stand_in_itself_ms": spread(
            [late * 1000 for caller in callers for late in caller.call.stream.record.lateness_s]
        ),
    }
