"""Records a call while it runs: turns, latencies, usage and the trace. Writing never delays the call.

The bridge calls the `keep_…` methods on the event loop; they only remember. A task writes what changed about once a
second, and at once when the call's standing changed: another process may have to go on with it. `close` writes the end.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from django.db import DatabaseError, InterfaceError, OperationalError

from businesses import database_watch
from businesses.hidden import is_hidden
from calls import figures
from calls.audio.tracks import Tracks
from calls.conversation.commands import Command, KeepStanding, KeepTurn, Measure
from calls.conversation.end_reasons import EndReason
from calls.conversation.events import Event
from calls.past import Past
from calls.plan import CallPlan
from calls.records import store
from calls.records.charging import CHARGE_EVERY_S
from calls.records.endings import Ending
from calls.records.spans import CallSpans
from calls.records.store import Batch
from calls.records.traces import NewChunk

logger = logging.getLogger(__name__)

WORDS_EVERY_S: Final = 1.0
STANDING_EVERY_S: Final = 0.2
TRACE_EVERY_S: Final = 5.0  # also the sign of life that `calls/records/finishing.py` looks for
CLOSE_WAIT_S: Final = (
    1.5  # Twilio asks what comes next as soon as the socket closes; the caller hears nothing till then
)
LOOK_EVERY_S: Final = 0.1
"""How often it is asked meanwhile whether the database is away."""
GIVE_UP_AFTER_S: Final = 120.0
_MOST_TRACE_LINES: Final = 400_000  # over an hour of frames: a bound for a database that is away
_PASSING = (OperationalError, InterfaceError)

_unfinished: set[asyncio.Task[None]] = set()


class CallRecorder:
    """Keeps the records of one call. Everything but `close` returns at once and never fails.

    `nothing_left` is told, on the event loop, when the business can't pay for the call any more.
    """

    def __init__(
        self,
        plan: CallPlan,
        *,
        words_every_s: float = WORDS_EVERY_S,
        nothing_left: Callable[[EndReason], None] | None = None,
    ) -> None:
        self._plan = plan
        self._is_hidden = is_hidden(plan.business.pk)
        self._spans = CallSpans(plan)
        self._nothing_left = nothing_left
        self._words_every_s = words_every_s
        self._turns: dict[int, KeepTurn] = {}
        self._trace = NewChunk()
        past = plan.past or Past(stream_number=0, seconds=0.0)
        self._began_s, self._began_ms = past.seconds, round(past.seconds * 1000)
        self._chunks = past.next_trace_position
        self._latencies = {name: list(values) for name, values in past.latencies.items()}
        self._usage = dict(past.usage)
        self._words_changed = False
        self._standing: KeepStanding | None = None
        self._wake = asyncio.Event()
        self._tracks = Tracks() if plan.is_recorded else None
        self._caller_may_be_recorded = not plan.has_notice
        self._unwritten: Batch | None = None
        self._last_write_at = 0.0
        self._last_charge_at = asyncio.get_running_loop().time()  # nothing was used before
        self._closing = asyncio.Event()
        self._writer = asyncio.create_task(self._write_now_and_then(), name=f"records of call {plan.call_id}")

    def keep(self, record: KeepTurn | KeepStanding | Measure) -> None:
        """Remember what the conversation wants on record."""
        match record:
            case KeepTurn():
                self.keep_turn(record)
            case KeepStanding():
                self.keep_standing(record)
            case Measure():
                self.measure(record)

    def keep_turn(self, turn: KeepTurn) -> None:
        """Remember an utterance; a later one at the same position replaces it."""
        self._turns[turn.position] = turn
        self._spans.turn(turn)
        self._words_changed = True

    def keep_standing(self, standing: KeepStanding) -> None:
        """Remember where the call stands, and have it written at once."""
        self._standing = standing
        self._wake.set()

    def measure(self, measure: Measure) -> None:
        """Remember a latency; there may be several of a kind."""
        self._spans.measured(measure)
        if not self._is_hidden:
            figures.measured(measure)
        self._latencies.setdefault(measure.what.value, []).append(measure.milliseconds)
        self._words_changed = True

    def keep_usage(self, usage: Mapping[str, int]) -> None:
        """Add the tokens of one response to the call's sum."""
        for name, tokens in usage.items():
            self._usage[name] = self._usage.get(name, 0) + tokens
        self._words_changed = True

    def keep_trace(self, at: float, what: Event | Command) -> None:
        """Remember an event or a command at its time, in the order in which they happened."""
        if self._trace.lines < _MOST_TRACE_LINES:
            self._trace.add(at, what)

    def keep_caller_audio(self, at: float, audio: bytes, timestamp_ms: int | None) -> None:
        """Remember a piece of the caller's audio, if the call is recorded and the caller knows it."""
        if self._tracks is not None and self._caller_may_be_recorded:
            if timestamp_ms is not None:  # since its own stream opened
                timestamp_ms += self._began_ms
            self._tracks.caller_spoke(self._began_s + at, audio, timestamp_ms)

    def keep_played_audio(self, at: float, audio: bytes) -> None:
        """Remember what was sent to the caller just now."""
        if self._tracks is not None:
            self._tracks.assistant_plays(self._began_s + at, audio)

    def keep_clear(self, at: float) -> None:
        """Remember that what has not played will not be heard."""
        if self._tracks is not None:
            self._tracks.cleared(self._began_s + at)

    def notice_heard(self) -> None:
        """Begin to record the caller, who has heard to its end that the call is recorded."""
        self._caller_may_be_recorded = True
        store.write_notice_later(self._plan)

    async def close(self, ending: Ending, *, at: float | None = None) -> bool:
        """Write everything and the end. Await it before closing the socket: Twilio then asks for `next_step`.

        `at`: when it ended, in seconds since the stream opened. Returns after `CLOSE_WAIT_S` at the latest, False if it
        is not written by then. A database that is away is not waited for; it is tried in the background for
        `GIVE_UP_AFTER_S`, then the loss is logged.
        """
        self._spans.ended(ending)
        if not self._is_hidden:
            figures.call_ended(ending.reason, ending.outcome, ending.cause)
        self._closing.set()
        self._wake.set()
        self._write_audio(None if at is None else self._began_s + at)
        finish = asyncio.create_task(self._finish(ending), name=f"end of call {self._plan.call_id}")
        _unfinished.add(finish)
        finish.add_done_callback(_unfinished.discard)
        give_up_at = asyncio.get_running_loop().time() + CLOSE_WAIT_S
        while not finish.done() and not database_watch.is_away() and asyncio.get_running_loop().time() < give_up_at:
            await asyncio.wait({finish}, timeout=LOOK_EVERY_S)
        return finish.done()

    async def _write_now_and_then(self) -> None:
        clock = asyncio.get_running_loop().time
        while not self._closing.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._words_every_s)
            self._wake.clear()
            if not self._closing.is_set():
                self._write_audio()
            is_due = self._words_changed or self._standing or clock() - self._last_write_at >= TRACE_EVERY_S
            if not self._closing.is_set() and is_due:
                await self._write(self._unwritten or self._next_batch(None))
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._closing.wait(), STANDING_EVERY_S)

    def _write_audio(self, at: float | None = None) -> None:
        """Pass on what can't change any more. A disk that fails costs the recording, never the call."""
        if self._tracks is not None and (recorded := self._tracks.take(at)):
            store.write_audio_later(self._plan, recorded)

    async def _finish(self, ending: Ending) -> None:
        await self._writer
        loop = asyncio.get_running_loop()
        give_up_at, pause_s = loop.time() + GIVE_UP_AFTER_S, 0.1
        while loop.time() < give_up_at:
            batch = self._unwritten or self._next_batch(ending)
            if not await self._write(batch):
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, 5.0)
            elif batch.ending is not None:
                return
        figures.records_lost.inc()
        logger.error("call %s: its end could not be written, the database is away", self._plan.call_id)

    def _next_batch(self, ending: Ending | None) -> Batch:
        """Returns everything that is not written yet, as one batch."""
        now = asyncio.get_running_loop().time()
        is_charged = now - self._last_charge_at >= CHARGE_EVERY_S
        if is_charged:
            self._last_charge_at = now
        batch = Batch(
            turns=tuple(self._turns.values()),
            trace=self._trace,
            trace_position=self._chunks,
            latencies={name: tuple(values) for name, values in self._latencies.items()},
            usage=dict(self._usage),
            standing=self._standing,
            is_charged=is_charged,
            ending=ending,
        )
        self._standing = None
        self._chunks += 1
        self._turns.clear()
        self._trace = NewChunk()
        self._words_changed = False
        return batch

    async def _write(self, batch: Batch) -> bool:
        """Write a batch; False when the database is away and the same batch should be tried again."""
        self._unwritten = batch
        self._last_write_at = asyncio.get_running_loop().time()
        try:
            must_end = await asyncio.wrap_future(store.write_later(self._plan, batch))
        except _PASSING as error:
            logger.warning("call %s: records not written, will be tried again: %s", self._plan.call_id, error)
            return False
        except store.Superseded:
            logger.info("call %s: goes on in another stream, which writes its records", self._plan.call_id)
        except DatabaseError as error:  # the business or the call was deleted; the message may quote what was said
            figures.records_lost.inc()
            logger.error("call %s: records refused and dropped: %s", self._plan.call_id, type(error).__name__)
        except Exception:  # a mistake of ours is no reason to harm a caller
            figures.records_lost.inc()
            logger.exception("call %s: records not written and dropped", self._plan.call_id)
        else:
            if must_end and self._nothing_left:
                self._nothing_left(must_end)
        self._unwritten = None
        return True


def unwritten_ends() -> int:
    """Returns how many calls of this process have ended whose end is neither written nor given up."""
    return len(_unfinished)


async def all_written() -> None:
    """Wait until the ends of all calls of this process are written or given up."""
    while _unfinished:
        await asyncio.wait(set(_unfinished))
