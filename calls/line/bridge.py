"""One call: feeds the events of both edges to the conversation and carries its commands out.

Everything happens on the event loop, one event at a time and without awaiting in between, so commands can't
overtake each other. The edges queue what they are given; records are written beside the call.
"""

from __future__ import annotations

import asyncio
import binascii
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Final

from calls.audio import ulaw
from calls.conversation import Conversation
from calls.conversation.commands import (
    AnswerTool,
    CancelResponse,
    ClearPlayback,
    Command,
    CommitAudio,
    ConnectModel,
    CreateResponse,
    DeleteItem,
    DropAudio,
    EndCall,
    KeepStanding,
    KeepTurn,
    Log,
    Measure,
    NextStep,
    Play,
    RunTool,
    TellKeys,
    TellResult,
    TruncateItem,
)
from calls.conversation.end_reasons import StreamFault
from calls.conversation.events import (
    CallerLeft,
    EndReported,
    Event,
    KeyPressed,
    MarkReturned,
    NothingLeft,
    OperatorAsked,
    ReportedEnd,
    ResponseAudio,
    StreamBroke,
    Tick,
)
from calls.conversation.sent_audio import BYTES_PER_SECOND
from calls.line import media_stream, openai_lately, realtime_events
from calls.line.alarm import Alarm
from calls.line.assistant_audio import AssistantAudio
from calls.line.caller_frames import CallerFrames
from calls.line.first_event import first_event
from calls.line.media_stream import Flood, MalformedMessage
from calls.line.missing_media import MissingMedia
from calls.line.model_socket import Connect
from calls.line.realtime import RealtimeSession
from calls.line.realtime_events import AudioDelta, Understood
from calls.line.tool_runner import ToolRunner
from calls.line.unanswered import Unanswered
from calls.line.usage import Usage
from calls.plan import CallPlan
from calls.records.endings import Ending
from calls.records.recorder import CallRecorder

logger = logging.getLogger(__name__)

MOST_CATCHING_UP_S: Final = 30.0
"""After a stalled line Twilio may send what it kept at once; more than this is a flood."""


class Bridge:
    """A running call between Twilio's socket and OpenAI's.

    `send` queues a text message to Twilio, `hang_up` asks for the socket to be closed; both return at once.
    `connect` opens a socket to OpenAI.
    `unwritten` is told the end before that, if the database has not taken it.
    """

    def __init__(
        self,
        plan: CallPlan,
        *,
        stream_sid: str,
        opened_at: float,
        send: Callable[[str], None],
        hang_up: Callable[[], None],
        connect: Connect,
        unwritten: Callable[[Ending], Awaitable[None]] | None = None,
    ) -> None:
        greeting, plan = plan.greeting_audio, replace(plan, greeting_audio=b"")  # not kept once it was heard
        self._plan = plan
        self._stream_sid = stream_sid
        self._opened_at = opened_at
        self._send = send
        self._hang_up = hang_up
        self._open = connect
        self._unwritten = unwritten
        self._loop = asyncio.get_running_loop()
        self._conversation = Conversation(plan.settings)
        self._recorder = CallRecorder(plan, nothing_left=lambda reason: self.feed(NothingLeft(self._clock(), reason)))
        needed, may_wait = self._conversation.needs_ears, self._conversation.turns.caller.ears_may_wait
        self._caller_frames = CallerFrames(is_wanted=needed, may_wait=may_wait, tell=self.feed)
        self._session: RealtimeSession | None = None
        self._audio = AssistantAudio(greeting)
        self._unanswered = Unanswered()
        self._tools = ToolRunner(plan, clock=self._clock, tell=self.feed)
        self._heard_s = 0.0
        self._alarm = Alarm(opened_at, self._tick)
        self._ending: asyncio.Task[None] | None = None
        self._dial = ""
        self._awaits_notice = plan.has_notice
        self._missing = MissingMedia(
            pad=self._send_audio, dead=partial(self.stream_broke, "nothing comes over it", StreamFault.SILENT)
        )

    # From the edges ------------------------------------------------------------------------------------
    def start(self) -> None:
        """Begin the conversation, or go on with it after its last stream broke."""
        self.feed(first_event(self._plan, self._audio.greeting_levels(), at=self._clock()))

    def caller_audio(self, payload: str, timestamp_ms: int | None = None) -> None:
        """Take a piece of the caller's audio, base64 of µ-law.

        Raises `MalformedMessage` if it can't be decoded (and changes nothing), `Flood` if there is too much of it.
        """
        try:
            audio = binascii.a2b_base64(payload, strict_mode=True)
        except (binascii.Error, ValueError, TypeError):
            raise MalformedMessage("audio that isn't base64") from None
        now, self._heard_s = self._clock(), self._heard_s + len(audio) / BYTES_PER_SECOND
        if self._heard_s > now + MOST_CATCHING_UP_S:
            raise Flood("audio faster than anyone speaks")
        self._missing.audio_came()
        self._unanswered.add(audio)
        self._send_audio(payload)
        self._recorder.keep_caller_audio(now, audio, timestamp_ms)
        self._caller_frames.hear(now, audio)

    def mark_returned(self, name: str) -> None:
        """Take a mark that Twilio sent back."""
        self._missing.came()
        self._caller_frames.tell_after(MarkReturned(self._clock(), name))

    def key_pressed(self, digit: str) -> None:
        """Take a key of the caller's telephone."""
        self.feed(KeyPressed(self._clock(), digit))

    def caller_left(self) -> None:
        """End the call: the stream stopped because the caller hung up."""
        self.feed(CallerLeft(self._clock()))

    def operator_asked(self, step: NextStep, dial: str) -> None:
        """End the assistant's part: hang up, or transfer the caller to `dial` (empty: the fallback number)."""
        self._dial = dial
        self.feed(OperatorAsked(self._clock(), step))

    def stream_broke(self, reason: str, fault: StreamFault) -> None:
        """End the call: the socket closed without a stop, or is about to be closed. `reason` is for the log."""
        self.feed(StreamBroke(self._clock(), reason, fault))

    def end_reported(self, report: ReportedEnd, stream_sid: str) -> None:
        """Take what Twilio reports of the call, or of a stream of it: of an earlier one it means nothing."""
        if stream_sid in ("", self._stream_sid):
            self.feed(EndReported(self._clock(), report))

    async def finished(self) -> None:
        """Wait until the end of the call is on record and its session is closed."""
        if self._ending is not None:
            await self._ending

    def _told_by_model(self, told: Understood) -> None:
        match told:
            case AudioDelta(event, payload):
                if audio := self._audio.add(event.item_id, payload):
                    heard = event.at, event.response_id, event.item_id, len(audio), ulaw.levels(audio)
                    self._caller_frames.tell_after(ResponseAudio(*heard))
            case Usage(tokens):
                self._recorder.keep_usage(tokens)
            case _:
                openai_lately.told(told)
                self._unanswered.told(told)
                self.feed(told)

    def _send_audio(self, payload: str) -> None:
        if self._session is not None and self._session.is_ready:
            self._session.append_audio(payload)

    # The conversation ----------------------------------------------------------------------------------
    def feed(self, event: Event) -> None:
        """Tell the conversation what happened, and do what it wants."""
        self._caller_frames.catch_up()
        commands = self._decide(event)
        self._recorder.keep_trace(event.at, event)
        for command in commands:
            self._recorder.keep_trace(event.at, command)
            self._carry_out(command)
        if self._awaits_notice and self._conversation.turns.first_utterance.was_heard:
            self._awaits_notice = False
            self._recorder.notice_heard()
        self._alarm.set(self._conversation.next_deadline())

    def _decide(self, event: Event) -> list[Command]:
        """Ask the conversation. A mistake of ours must not leave the caller in dead air."""
        try:
            return self._conversation.handle(event)
        except Exception:
            logger.exception("call %s: the conversation failed at %s", self._plan.call_id, type(event).__name__)
            return self._conversation.fail()

    def _carry_out(self, command: Command) -> None:  # noqa: C901 - a case for each kind of command
        match command:
            case Play():
                self._play(command)
            case ClearPlayback():
                self._recorder.keep_clear(self._clock())
                self._send(media_stream.clear(self._stream_sid))
            case DropAudio(item_id):
                self._audio.drop(item_id)
            case ConnectModel():
                self._connect(command)
            case CreateResponse():
                self._unanswered.asked()
                self._tell_model(realtime_events.response_create(command, self._plan))
            case (
                CancelResponse()
                | CommitAudio()
                | TruncateItem()
                | DeleteItem()
                | TellKeys()
                | AnswerTool()
                | TellResult()
            ):
                self._tell_model(realtime_events.client_event(command))
            case RunTool():
                self._tools.run(command)
            case KeepTurn() | KeepStanding() | Measure():
                self._recorder.keep(command)
            case Log(label, text):
                logger.info("%s call=%s at=%.3f %s", label, self._plan.call_id, self._clock(), text)
            case EndCall():
                self._ending = self._loop.create_task(self._end(command), name=f"ending {self._plan.call_id}")

    def _play(self, command: Play) -> None:
        audio = self._audio.piece(command)
        self._recorder.keep_played_audio(self._clock(), audio)
        self._send(media_stream.play(self._stream_sid, binascii.b2a_base64(audio, newline=False).decode()))
        self._send(media_stream.mark(self._stream_sid, command.mark))

    def _tell_model(self, event: realtime_events.ClientEvent) -> None:
        if self._session is not None and self._session.is_ready:  # what was meant for a lost session is void
            self._session.send(event)

    def _connect(self, command: ConnectModel) -> None:
        """Open a session in the old one's place. The caller's words that no session put in text go to it again."""
        if self._session is not None:
            self._session.close()
        session = RealtimeSession(self._plan, connect=self._open, clock=self._clock, tell=self._told_by_model)
        self._session = session
        history, replay = self._conversation.history(), self._unanswered.pieces
        session.start(history=history, timeout_s=command.timeout_s, replay=replay)

    def _clock(self) -> float:
        # Whole milliseconds: as exact as anything here, and a trace of them takes a third of the space.
        return round(self._loop.time() - self._opened_at, 3)

    def _tick(self) -> None:
        self.feed(Tick(self._clock()))

    async def _end(self, command: EndCall) -> None:
        """Write the end down first: Twilio asks what comes next as soon as the socket closes."""
        self._missing.close()
        if self._session is not None:
            self._session.close()
        ending = Ending.of(command, user_has_spoken=self._conversation.user_has_spoken, dial=self._dial)
        try:
            if not await self._recorder.close(ending, at=self._clock()) and self._unwritten is not None:
                await self._unwritten(ending)
        finally:
            self._hang_up()
        if self._session is not None:
            await self._session.closed()
        await self._tools.finished()
