"""A simulated telephone call in virtual time, for the properties of the conversation core: no socket, clock or sleep.

Twilio is as documented: a buffer that plays in real time, marks, clear. OpenAI Realtime has the script's
mishaps. The caller makes the script's sounds, which OpenAI hears too. Both directions of the line take
`latency_s`. The same script always gives the same call.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from calls.conversation import Conversation
from calls.conversation.commands import (
    CancelResponse,
    ClearPlayback,
    Command,
    ConnectModel,
    CreateResponse,
    DropAudio,
    EndCall,
    Log,
    Play,
    TruncateItem,
)
from calls.conversation.events import (
    CallerFrame,
    CallerWords,
    Event,
    MarkReturned,
    ModelLost,
    ModelReady,
    RequestRefused,
    ResponseAudio,
    ResponseCreated,
    ResponseEnded,
    ResponseStatus,
    ResponseWords,
    SpeechStarted,
    SpeechStopped,
    StreamOpened,
    Tick,
    TurnCommitted,
)
from calls.tests.script import Mishap, Script, Sound

FRAME_S = 0.02
BYTES_PER_S = 8000
FRAME_BYTES = 160
LINE_RMS = 15


@dataclass
class Heard:
    """A piece of an item that was really played."""

    item_id: str
    start: float
    end: float
    at: float


@dataclass
class Queued:
    """A piece in Twilio's buffer."""

    item_id: str
    start: int
    end: int
    mark: str


@dataclass
class Cut:
    """The caller interrupted: the items that were queued then, with what the model had generated of each."""

    at: float
    generated_ms: dict[str, float]
    generating: str | None  # the response that was under way
    heard_ms: dict[str, float] = field(default_factory=dict)  # known when the clear has arrived


@dataclass
class Truncation:
    """The model was told how much of an item was heard; `heard_ms` of it really were."""

    at: float
    item_id: str
    audio_end_ms: int
    heard_ms: float
    generated_ms: float


@dataclass
class World:
    """One call, run to its end."""

    script: Script
    now: float = 0.0
    heard: list[Heard] = field(default_factory=list)
    commands: list[tuple[float, Command]] = field(default_factory=list)
    events: list[tuple[float, Event]] = field(default_factory=list)
    protected_until: float | None = None
    unplayed_when_released: float = 0.0
    truncations: list[Truncation] = field(default_factory=list)
    cuts: list[Cut] = field(default_factory=list)
    playing: list[tuple[float, bool]] = field(default_factory=list)  # at each frame: was audio being played
    ended: EndCall | None = None

    def __post_init__(self) -> None:
        self.conversation = Conversation(self.script.settings)
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self.buffer: list[Queued] = []
        self._play_from = 0.0
        self._unplayed = 0
        self._looks_at = -1.0
        self.generated: dict[str, int] = {}
        self._response = 0
        self._attempt = 0
        self._session = 0
        self._active: str | None = None
        self._late_until = 0.0
        self.responses_of_items: dict[str, str] = {}
        self._dropped: set[str] = set()

    # Running -----------------------------------------------------------------------------------------
    def run(self) -> World:
        """Play the script."""
        self.at(0.0, lambda: self.feed(StreamOpened(self.now)))
        for number in range(1, int(self.script.seconds / FRAME_S)):
            self.at(number * FRAME_S, self._frame)
        for number, sound in enumerate(self.script.caller):
            self._hear_as_openai(number, sound)
        while self._heap and self.ended is None:
            self.now, _, action = heapq.heappop(self._heap)
            if self.now > self.script.seconds:
                break
            action()
        self._play_up_to(min(self.now, self.script.seconds))
        return self

    def at(self, moment: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (moment, next(self._order), action))

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        self.at(self.now + seconds, action)

    def feed(self, event: Event) -> None:
        self.events.append((self.now, event))
        was_protected = self.conversation.first_utterance_protected
        for command in self.conversation.handle(event):
            self.commands.append((self.now, command))
            self._carry_out(command)
        if was_protected and not self.conversation.first_utterance_protected and self.protected_until is None:
            self.protected_until = self.now
            self._play_up_to(self.now)
            self.unplayed_when_released = sum(piece.end - piece.start for piece in self.buffer)
        deadline = self.conversation.next_deadline()
        if deadline is not None and deadline < self.script.seconds:
            self.at(max(deadline, self.now), self._tick)

    def _tick(self) -> None:
        deadline = self.conversation.next_deadline()
        if deadline is not None and deadline <= self.now:
            self.feed(Tick(self.now))

    def _carry_out(self, command: Command) -> None:
        match command:
            case Play(item_id, start, end, mark):
                piece = Queued(item_id, start, end, mark)
                self.after(self.script.latency_s, lambda: self._queue(piece))
            case ClearPlayback():
                self.after(self.script.latency_s, self._clear)
            case ConnectModel():
                self._connect()
            case CreateResponse():
                self._respond(command)
            case CancelResponse(response_id):
                self.after(self.script.latency_s, lambda: self._cancel(response_id))
            case TruncateItem():
                self._play_up_to(self.now)
                self.after(self.script.latency_s + 1e-6, partial(self._note_truncation, self.now, command))
            case DropAudio(item_id):
                self._dropped.add(item_id)
            case Log("[BARGE-IN]", text) if text.startswith("commit"):
                self._cut_off()
            case EndCall():
                self.ended = command

    # Twilio -------------------------------------------------------------------------------------------
    def _queue(self, piece: Queued) -> None:
        self._play_up_to(self.now)
        if not self.buffer:
            self._play_from = self.now
        self.buffer.append(piece)
        self._unplayed += piece.end - piece.start
        self._play_on()

    def _play_on(self) -> None:
        """Look again when the next frame has played, so that its marks return at that moment."""
        self._play_up_to(self.now)
        if self.buffer and self._looks_at <= self.now:
            self._looks_at = self._play_from + min(FRAME_BYTES, self._unplayed) / BYTES_PER_S
            self.at(self._looks_at, self._play_on)

    def _play_up_to(self, moment: float) -> None:
        """Play whole frames of 20 ms; a shorter rest counts as one. Marks return when their frame has played."""
        while self.buffer:
            size = min(FRAME_BYTES, self._unplayed)
            ends = self._play_from + size / BYTES_PER_S
            if ends > moment + 1e-9:
                return
            self._play_frame(size, ends)

    def _play_frame(self, size: int, ends: float) -> None:
        self._unplayed -= size
        while size:
            piece = self.buffer[0]
            played = min(size, piece.end - piece.start)
            self.heard.append(Heard(piece.item_id, piece.start, piece.start + played, ends))
            piece.start += played
            size -= played
            if piece.start == piece.end:
                self.buffer.pop(0)
                self._return_mark(piece.mark)
        self._play_from = ends

    def _return_mark(self, mark: str) -> None:
        if not self.script.loses_marks:
            self.after(self.script.latency_s, lambda: self.feed(MarkReturned(self.now, mark)))

    def _clear(self) -> None:
        self._play_up_to(self.now)
        for piece in self.buffer:
            self._return_mark(piece.mark)
        self.buffer.clear()
        self._unplayed = 0

    # OpenAI -------------------------------------------------------------------------------------------
    def _connect(self) -> None:
        self._session += 1
        self._active = None
        fine = self.script.connects[self._attempt] if self._attempt < len(self.script.connects) else True
        self._attempt += 1
        self._soon(
            self.script.connect_s,
            lambda: self.feed(ModelReady(self.now) if fine else ModelLost(self.now, "http_500")),
        )

    def _soon(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something later on this connection, unless it is closed by then."""
        session = self._session

        def unless_gone() -> None:
            if session == self._session:
                action()

        self.after(seconds, unless_gone)

    def _respond(self, command: CreateResponse) -> None:
        mishaps = self.script.mishaps
        mishap = mishaps[self._response] if self._response < len(mishaps) else Mishap.NONE
        self._response += 1
        response_id = f"resp{self._response}"
        if mishap is Mishap.REJECTED:
            self._soon(0.05, lambda: self.feed(RequestRefused(self.now, "server_error", command.request)))
            return
        self._active = response_id
        self._soon(0.05, lambda: self.feed(ResponseCreated(self.now, response_id, command.request)))
        start = self.script.first_delta_s
        if mishap in (Mishap.FAILED, Mishap.CANCELLED, Mishap.SILENT):
            status = {Mishap.FAILED: "failed", Mishap.CANCELLED: "cancelled", Mishap.SILENT: "completed"}[mishap]
            self._soon(start, lambda: self._end_response(response_id, ResponseStatus(status)))
        elif mishap is Mishap.DROPPED:
            self._soon(start, self._drop)
        elif mishap is not Mishap.STALLED:
            self._generate(response_id, mishap)

    def _generate(self, response_id: str, mishap: Mishap) -> None:
        script = self.script
        size = int(script.delta_s * BYTES_PER_S)
        deltas = max(1, round(script.answer_s / script.delta_s))
        moment = script.first_delta_s
        for number in range(deltas):
            item_id = f"{response_id}-item{number * script.items // deltas}"
            self.responses_of_items[item_id] = response_id
            self._soon(moment, partial(self._delta, response_id, item_id, size))
            if mishap is Mishap.DROPPED_EARLY:
                self._soon(moment + 0.05, self._drop)
                return
            if mishap is Mishap.STALLED_LATE and number >= deltas // 2:
                return
            if mishap is Mishap.FAILED_LATE and number >= deltas // 2:
                self._soon(moment + 0.05, lambda: self._end_response(response_id, ResponseStatus.FAILED))
                return
            moment += script.delta_s / script.speed
        self._soon(moment, lambda: self._end_response(response_id, ResponseStatus.COMPLETED))

    def _delta(self, response_id: str, item_id: str, size: int) -> None:
        is_late = self._active != response_id
        if is_late and self.now > self._late_until:
            return
        self.generated[item_id] = self.generated.get(item_id, 0) + size
        levels = (self.script.answer_rms,) * -(-size // FRAME_BYTES) if self.script.answer_rms else ()
        self.feed(ResponseAudio(self.now, response_id, item_id, size, levels))
        self.feed(ResponseWords(self.now, response_id, item_id, "word "))

    def _end_response(self, response_id: str, status: ResponseStatus) -> None:
        if self._active == response_id:
            self._active = None
            self.feed(ResponseEnded(self.now, response_id, status))

    def _cancel(self, response_id: str) -> None:
        if self._active != response_id:
            self.feed(RequestRefused(self.now, "response_cancel_not_active", f"cancel-{response_id}"))
            return
        self._active = None
        self._late_until = self.now + 0.1  # deltas that were on their way still arrive
        self.after(0.1, lambda: self.feed(ResponseEnded(self.now, response_id, ResponseStatus.CANCELLED)))

    def _drop(self) -> None:
        self._active = None
        self._session += 1
        self.feed(ModelLost(self.now, "closed_1006"))

    def _note_truncation(self, at: float, command: TruncateItem) -> None:
        item_id = command.item_id
        heard_ms, generated_ms = self._heard_ms(item_id), self.generated[item_id] / 8
        self.truncations.append(Truncation(at, item_id, command.audio_end_ms, heard_ms, generated_ms))

    def _cut_off(self) -> None:
        """Note what is queued at an interruption. What was heard of it is known when the clear has arrived."""
        queued = {item_id: size / 8 for item_id, size in self.generated.items() if item_id not in self._dropped}
        cut = Cut(self.now, queued, self._active)
        self._play_up_to(self.now)
        self.after(self.script.latency_s + 1e-6, lambda: self._note_cut(cut))

    def _note_cut(self, cut: Cut) -> None:
        cut.heard_ms = {item_id: self._heard_ms(item_id) for item_id in cut.generated_ms}
        self.cuts.append(cut)

    def _heard_ms(self, item_id: str) -> float:
        return sum(piece.end - piece.start for piece in self.heard if piece.item_id == item_id) / 8

    # The caller ---------------------------------------------------------------------------------------
    def _frame(self) -> None:
        self._play_up_to(self.now)
        self.playing.append((self.now, bool(self.buffer)))
        script = self.script
        sounds = [u for u in script.caller if u.start <= self.now < u.start + u.seconds]
        rms = max((u.rms for u in sounds), default=LINE_RMS)
        probability = max((u.probability for u in sounds), default=0.01)
        if self._was_heard(self.now - script.echo_s - script.latency_s):
            rms = max(rms, round(script.echo * script.answer_rms))
            probability = max(probability, 0.95)  # an echo is speech
        wants = script.has_ears and self.conversation.needs_ears(rms)
        self.feed(CallerFrame(self.now, rms, speech_probability=probability if wants else None))

    def _was_heard(self, moment: float) -> bool:
        if not self.script.echo:
            return False
        return any(piece.at - FRAME_S <= moment < piece.at for piece in reversed(self.heard[-100:]))

    def _hear_as_openai(self, number: int, sound: Sound) -> None:
        if sound.is_noise:
            return
        end = sound.start + sound.seconds
        item_id = f"caller{number}"
        self.at(sound.start + self.script.vad_s, lambda: self.feed(SpeechStarted(self.now)))
        self.at(end + 0.5, lambda: self.feed(SpeechStopped(self.now)))
        self.at(end + 0.51, lambda: self.feed(TurnCommitted(self.now, item_id)))
        self.at(end + 0.9, lambda: self.feed(CallerWords(self.now, item_id, "what are your hours")))

    # Reading the result -----------------------------------------------------------------------------------
    def all(self, kind: type[Command]) -> list[tuple[float, Command]]:
        return [(at, command) for at, command in self.commands if isinstance(command, kind)]

    def logs(self, label: str) -> list[str]:
        return [c.text for _, c in self.commands if isinstance(c, Log) and c.label == label]

    def heard_of(self, item_id: str) -> list[tuple[float, float]]:
        """Return the byte ranges of an item that were heard, in that order, with neighbours joined."""
        ranges: list[tuple[float, float]] = []
        for piece in self.heard:
            if piece.item_id != item_id or piece.end <= piece.start:
                continue
            if ranges and abs(ranges[-1][1] - piece.start) < 1e-6:
                ranges[-1] = (ranges[-1][0], piece.end)
            else:
                ranges.append((piece.start, piece.end))
        return ranges
