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
    CommitAudio,
    ConnectModel,
    CreateResponse,
    DeleteItem,
    DropAudio,
    EndCall,
    Log,
    Play,
    ResponseKind,
    RunTool,
    TruncateItem,
)
from calls.conversation.cut_off import OUT_OF_TOKENS
from calls.conversation.events import (
    CallerFrame,
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
    StreamOpened,
    StreamResumed,
    Tick,
)
from calls.conversation.leaving import LAST_WORDS
from calls.conversation.tool_events import ToolRequested
from calls.tests.happenings import Cut, Heard, Queued, Truncation
from calls.tests.imagined_tools import ImaginedTools
from calls.tests.imagined_twilio import BYTES_PER_S, FRAME_BYTES, FRAME_S, ImaginedTwilio
from calls.tests.imagined_vad import ImaginedVad
from calls.tests.script import Asks, Mishap, Script

LINE_RMS = 15
WITHOUT_AUDIO = {
    Mishap.FAILED: ResponseStatus.FAILED,
    Mishap.CANCELLED: ResponseStatus.CANCELLED,
    Mishap.SILENT: ResponseStatus.COMPLETED,
    Mishap.FILTERED: ResponseStatus.INCOMPLETE,
}
REFUSALS = {Mishap.REJECTED: ("server_error", 0.0), Mishap.RATE_LIMITED: ("rate_limit_exceeded", 1.2)}
NO_TOOLS = (ResponseKind.GREETING, ResponseKind.OPENING, ResponseKind.CHECK, ResponseKind.FILLER, *LAST_WORDS.values())


@dataclass
class World:
    """One call, run to its end."""

    script: Script
    begins: StreamOpened | StreamResumed = field(default_factory=lambda: StreamOpened(0.0))
    tools_of: Callable[..., ImaginedTools] = ImaginedTools
    now: float = 0.0
    commands: list[tuple[float, Command]] = field(default_factory=list)
    events: list[tuple[float, Event]] = field(default_factory=list)
    commands_of_events: list[int] = field(default_factory=list)  # how many each event led to
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
        self.twilio = ImaginedTwilio(self.at, self._mark_played)
        self.vad = ImaginedVad(self.script, at=self.at, feed=self.feed, now=lambda: self.now)
        self.generated: dict[str, int] = {}
        self._response = 0
        self._attempt = 0
        self._session = 0
        self._active: str | None = None
        self._late_until = 0.0
        self._unwanted: set[str] = set()  # responses that were cancelled, perhaps not yet in effect
        self._readies = 0
        self.asked_at: dict[str, float] = {}  # by response
        self.broke_off_at: list[float] = []  # answers that stopped in their middle
        self.responses_of_items: dict[str, str] = {}
        self.tools = self.tools_of(self.after, lambda: self.now, self.feed)
        self._dropped: set[str] = set()

    @property
    def heard(self) -> list[Heard]:
        """What the caller really heard, piece by piece."""
        return self.twilio.heard

    # Running -----------------------------------------------------------------------------------------
    def run(self) -> World:
        """Play the script."""
        self.at(0.0, lambda: self.feed(self.begins))
        for number in range(1, int(self.script.seconds / FRAME_S)):
            self.at(number * FRAME_S, self._frame)
        for event in self.script.told:
            self.at(event.at, partial(self.feed, event))
        for number, sound in enumerate(self.script.caller):
            self.vad.listen(number, sound)
        while self._heap and self.ended is None:
            self.now, _, action = heapq.heappop(self._heap)
            if self.now > self.script.seconds:
                break
            action()
        self.twilio.play_up_to(min(self.now, self.script.seconds))
        return self

    def at(self, moment: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (moment, next(self._order), action))

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        self.at(self.now + seconds, action)

    def feed(self, event: Event) -> None:
        self.events.append((self.now, event))
        was_protected = self.conversation.first_utterance_protected
        self.commands_of_events.append(len(commands := self.conversation.handle(event)))
        for command in commands:
            self.commands.append((self.now, command))
            self._carry_out(command)
        if was_protected and not self.conversation.first_utterance_protected and self.protected_until is None:
            self.protected_until = self.now
            self.twilio.play_up_to(self.now)
            self.unplayed_when_released = sum(piece.end - piece.start for piece in self.twilio.buffer)
        deadline = self.conversation.next_deadline()
        if deadline is not None and deadline < self.script.seconds:
            self.at(max(deadline, self.now), self._tick)

    def _tick(self) -> None:
        deadline = self.conversation.next_deadline()
        if deadline is not None and deadline <= self.now:
            self.feed(Tick(self.now))

    def _carry_out(self, command: Command) -> None:  # noqa: C901, PLR0912 - one line for each kind of command
        match command:
            case Play(item_id, start, end, mark):
                piece = Queued(item_id, start, end, mark)
                self.after(self.script.latency_s, lambda: self.twilio.queue(self.now, piece))
            case ClearPlayback():
                self.after(self.script.latency_s, lambda: self.twilio.clear(self.now))
            case ConnectModel():
                self._connect()
            case CommitAudio():
                self.vad.commit()
            case CreateResponse():
                self._respond(command)
            case RunTool():
                self.tools.run(command)
            case CancelResponse(response_id):
                self.after(self.script.latency_s, lambda: self._cancel(response_id))
            case TruncateItem():
                self.twilio.play_up_to(self.now)
                self.after(self.script.latency_s + 1e-6, partial(self._note_truncation, self.now, command))
            case DeleteItem(item_id):
                self.twilio.play_up_to(self.now)
                unheard = TruncateItem(item_id, 0)
                self.after(self.script.latency_s + 1e-6, partial(self._note_truncation, self.now, unheard))
            case DropAudio(item_id):
                self._dropped.add(item_id)
            case Log("[BARGE-IN]", text) if text.startswith("commit"):
                self._cut_off()
            case Log("[MODEL]", text) if text.startswith("lost"):
                self._active = None
            case EndCall():
                self.ended = command

    def _mark_played(self, mark: str) -> None:
        if not self.script.loses_marks:
            self.after(self.script.latency_s, lambda: self.feed(MarkReturned(self.now, mark)))

    # OpenAI -------------------------------------------------------------------------------------------
    def _connect(self) -> None:
        self.vad.session_gone()
        self._session += 1
        self._active = None
        fine, self._attempt = (*self.script.connects[self._attempt :], True)[0], self._attempt + 1
        self._soon(self.script.connect_s, self._ready if fine else lambda: self.feed(ModelLost(self.now, "http_500")))

    def _ready(self) -> None:
        if self._readies < len(self.script.lives):
            self._soon(self.script.lives[self._readies], self._drop)
        self._readies += 1
        self.feed(ModelReady(self.now))
        self.vad.session_ready()

    def _soon(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something later on this connection, unless it is closed by then."""
        session = self._session

        def unless_gone() -> None:
            if session == self._session:
                action()

        self.after(seconds, unless_gone)

    def _respond(self, command: CreateResponse) -> None:
        mishaps = self.script.mishaps
        mishap = mishaps[self._response] if self._response < len(mishaps) else self.script.after_mishaps
        self._response += 1
        response_id = f"resp{self._response}"
        self.asked_at[response_id] = self.now
        if self._active or mishap is Mishap.IN_THE_WAY:
            self._be_in_the_way(command.request)
            return
        if self._asks_for(command, mishap):
            return
        if mishap in REFUSALS:
            code, pause_s = REFUSALS[mishap]
            self._soon(0.05, lambda: self.feed(RequestRefused(self.now, code, command.request, pause_s)))
            return
        if mishap is Mishap.SWALLOWED or self.vad.is_black_hole:
            return
        self._active = response_id
        self._soon(0.05, lambda: self.feed(ResponseCreated(self.now, response_id, command.request)))
        start = self.script.first_delta_s
        if mishap in WITHOUT_AUDIO:
            self._soon(start, lambda: self._end_response(response_id, WITHOUT_AUDIO[mishap]))
        elif mishap is Mishap.DROPPED:
            self._soon(start, self._drop)
        elif mishap is not Mishap.STALLED:
            self._generate(response_id, mishap)

    def _be_in_the_way(self, request: str) -> None:
        """Refuse a request because of a response that is active, or of one that the script lets end soon."""
        other = self._active or f"foreign{self._response}"
        if not self._active:
            self._active = other
            self._soon(1.5, lambda: self._end_response(other, ResponseStatus.COMPLETED))
        code = "conversation_already_has_active_response"
        self._soon(0.05, lambda: self.feed(RequestRefused(self.now, code, request, response_id=other)))

    def _asks_for(self, command: CreateResponse, mishap: Mishap) -> bool:
        """Answer with a function call, where the script wants one. Returns whether it does."""
        asks = self.script.asks[self._response - 1] if self._response <= len(self.script.asks) else None
        if asks is None or mishap is not Mishap.NONE or command.kind in NO_TOOLS:
            return False
        response_id, script = f"resp{self._response}", self.script
        self._active = response_id
        self._soon(0.05, lambda: self.feed(ResponseCreated(self.now, response_id, command.request)))
        moment, item_id = script.first_delta_s, f"{response_id}-item0"
        if not asks.wordless:
            self.responses_of_items[item_id] = response_id
            self._soon(moment, partial(self._delta, response_id, item_id, int(script.delta_s * BYTES_PER_S)))
        self._soon(moment + 0.1, partial(self._ask, response_id, asks))
        self._soon(moment + 0.15, lambda: self._end_response(response_id, ResponseStatus(asks.status)))
        return True

    def _ask(self, response_id: str, asks: Asks) -> None:
        if self._active == response_id:
            name, call_id = asks.name, asks.tool_call_id or f"call-{response_id}"
            self.tools.asked(call_id, asks)
            self.feed(ToolRequested(self.now, response_id, call_id, name, asks.arguments, asks.is_complete))

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
                self._soon(moment, lambda: self._note_break(response_id))
                return
            if mishap is Mishap.CUT_OFF and number >= deltas // 2:
                self._soon(
                    moment + 0.05, lambda: self._end_response(response_id, ResponseStatus.INCOMPLETE, OUT_OF_TOKENS)
                )
                return
            if mishap is Mishap.FAILED_LATE and number >= deltas // 2:
                self._soon(moment + 0.05, lambda: self._break_off(response_id))
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

    def _end_response(self, response_id: str, status: ResponseStatus, reason: str = "") -> None:
        if self._active == response_id:
            self._active = None
            self.feed(ResponseEnded(self.now, response_id, status, reason))

    def _note_break(self, response_id: str) -> None:
        if self._active == response_id and response_id not in self._unwanted:
            self.broke_off_at.append(self.now)

    def _break_off(self, response_id: str) -> None:
        self._note_break(response_id)
        self._end_response(response_id, ResponseStatus.FAILED)

    def _cancel(self, response_id: str) -> None:
        self._unwanted.add(response_id)
        if self._active != response_id:
            self.feed(RequestRefused(self.now, "response_cancel_not_active", f"cancel-{response_id}"))
            return
        self._soon(self.script.cancel_s, lambda: self._stop(response_id))

    def _stop(self, response_id: str) -> None:
        if self._active != response_id:
            return
        self._active = None
        self._late_until = self.now + 0.1  # deltas that were on their way still arrive
        self._soon(0.1, lambda: self.feed(ResponseEnded(self.now, response_id, ResponseStatus.CANCELLED)))

    def _drop(self) -> None:
        if self._active and self.generated and self._active not in self._unwanted:
            self.broke_off_at.append(self.now)
        self._active = None
        self._session += 1
        self.vad.session_gone()
        self.feed(ModelLost(self.now, "closed_1006"))

    def _note_truncation(self, at: float, command: TruncateItem) -> None:
        item_id, end_ms = command.item_id, command.audio_end_ms
        self.truncations.append(Truncation(at, item_id, end_ms, self._heard_ms(item_id), self.generated[item_id] / 8))

    def _cut_off(self) -> None:
        """Note what is queued at an interruption. What was heard of it is known when the clear has arrived."""
        queued = {item_id: size / 8 for item_id, size in self.generated.items() if item_id not in self._dropped}
        cut = Cut(self.now, queued, self._active)
        self.twilio.play_up_to(self.now)
        self.after(self.script.latency_s + 1e-6, lambda: self._note_cut(cut))

    def _note_cut(self, cut: Cut) -> None:
        cut.heard_ms = {item_id: self._heard_ms(item_id) for item_id in cut.generated_ms}
        self.cuts.append(cut)

    def _heard_ms(self, item_id: str) -> float:
        return sum(piece.end - piece.start for piece in self.heard if piece.item_id == item_id) / 8

    # The caller ---------------------------------------------------------------------------------------
    def _frame(self) -> None:
        self.twilio.play_up_to(self.now)
        self.playing.append((self.now, bool(self.twilio.buffer)))
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
        return bool(self.script.echo) and any(
            piece.at - FRAME_S <= moment < piece.at for piece in reversed(self.heard[-100:])
        )

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
