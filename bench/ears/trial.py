"""A call in virtual time: the real conversation and the real ears, the stand-in for Twilio, an assistant that talks."""

from __future__ import annotations

import base64
import json
from collections import deque
from dataclasses import dataclass, field

from bench.ears.corpus import Case
from calls.audio import ulaw
from calls.audio.ears import Ear, hear
from calls.conversation import Conversation, ConversationSettings, Protection
from calls.conversation.commands import CancelResponse, ClearPlayback, Command, CreateResponse, Log, Play
from calls.conversation.events import (
    CallerFrame,
    Event,
    MarkReturned,
    ModelReady,
    ResponseAudio,
    ResponseCreated,
    ResponseEnded,
    ResponseStatus,
    SpeechStopped,
    StreamOpened,
    Tick,
    TurnCommitted,
)
from calls.sandbox.telephone.media_stream import LineConditions, MediaStream, TwilioIds

FRAME_S = 0.02
LATENCY_S = 0.04
"""Each way between us and Twilio."""
SETTINGS = ConversationSettings(
    assistant_speaks_first=True, first_utterance_protection=Protection.OFF, max_call_s=1e9, language="en"
)
_AHEAD_S = 2.0
_DELTA = 1600
_ANSWER_AFTER_S = 1.0


@dataclass(slots=True)
class Outcome:
    """When the assistant paused, gave up its sentence, or resumed: in seconds of the caller's audio."""

    pauses: list[float] = field(default_factory=list)
    commits: list[float] = field(default_factory=list)
    resumes: list[float] = field(default_factory=list)


class Trial:
    """One caller in one conversation. OpenAI's own speech detection is left out: ours is measured."""

    def __init__(self, case: Case, ear: Ear, assistant: bytes, settings: ConversationSettings = SETTINGS) -> None:
        self.outcome = Outcome()
        self._case, self._ear = case, ear
        self._length = len(assistant) - len(assistant) % _DELTA
        self._assistant = assistant[: self._length] + assistant[: self._length]  # it loops seamlessly
        self._conversation = Conversation(settings)
        self._twilio = MediaStream(TwilioIds("AC", "CA", "MZ"), {}, LineConditions(echo=case.echo))
        self._twilio.caller.say(case.audio)
        self._now = 0.0
        self._to_twilio: deque[tuple[float, str]] = deque()
        self._to_us: deque[tuple[float, str]] = deque()
        self._response = 0
        self._said = 0  # bytes of the assistant's monologue
        self._item_from = 0
        self._speaking_until = 0.0
        self._is_generating = False
        self._answer_at: float | None = None
        self._frames = 0

    def run(self) -> Outcome:
        """Play the whole case."""
        self._feed(StreamOpened(0.0))
        self._feed(ModelReady(0.0))
        for step in range(len(self._case.audio) // 160 + 3):
            self._now = step * FRAME_S
            self._step()
        return self.outcome

    def _step(self) -> None:
        now = self._now
        while self._to_twilio and self._to_twilio[0][0] <= now:
            at, text = self._to_twilio.popleft()
            self._send_back(at, self._twilio.receive(text, at))
        self._send_back(now, self._twilio.tick(now))
        while self._to_us and self._to_us[0][0] <= now:
            self._take(json.loads(self._to_us.popleft()[1]))
        self._speak()
        deadline = self._conversation.next_deadline()
        if deadline is not None and deadline <= now:
            self._feed(Tick(now))

    def _send_back(self, at: float, messages: list[str]) -> None:
        self._to_us.extend((at + LATENCY_S, message) for message in messages)

    def _take(self, message: dict[str, dict[str, str] | str]) -> None:
        match message:
            case {"event": "media", "media": {"payload": payload}}:
                self._frames += 1
                audio = base64.b64decode(payload)
                rms = ulaw.rms(audio)
                speech = self._heard(audio, rms)
                self._feed(CallerFrame(self._now, rms, speech_probability=speech))
            case {"event": "mark", "mark": {"name": name}}:
                self._feed(MarkReturned(self._now, name))

    def _heard(self, audio: bytes, rms: int) -> float | None:
        """Returns the detector's answer; its last one where it may wait, as `line/caller_frames.py` has it."""
        said = self._ear.probability
        is_needed, may_wait = self._conversation.needs_ears(rms), self._conversation.turns.caller.ears_may_wait(rms)
        answer = hear(self._ear, audio, wanted=is_needed)
        return said if is_needed and may_wait else answer

    def _speak(self) -> None:
        """Generate two seconds ahead; after an interruption, answer it."""
        if self._is_generating and self._speaking_until < self._now + _AHEAD_S:
            audio = self._words(self._said, _DELTA)
            self._said += len(audio)
            self._speaking_until = max(self._speaking_until, self._now) + len(audio) / 8000
            name = f"response{self._response}"
            self._feed(ResponseAudio(self._now, name, f"{name}-item", len(audio), ulaw.levels(audio)))
        if self._answer_at is not None and self._now >= self._answer_at:
            self._answer_at = None
            self._feed(SpeechStopped(self._now))
            self._feed(TurnCommitted(self._now, f"turn{self._response}"))

    def _feed(self, event: Event) -> None:
        for command in self._conversation.handle(event):
            self._carry_out(command)

    def _carry_out(self, command: Command) -> None:
        heard_s = self._frames * FRAME_S
        match command:
            case Play(_, start, end, mark):
                audio = self._words(self._item_from + start, end - start)
                self._send("media", media={"payload": base64.b64encode(audio).decode()})
                self._send("mark", mark={"name": mark})
            case ClearPlayback():
                self.outcome.pauses.append(heard_s)
                self._send("clear")
            case Log("[BARGE-IN]", text) if text.startswith("commit"):
                self.outcome.commits.append(heard_s)
                self._answer_at = self._now + _ANSWER_AFTER_S
            case Log("[BARGE-IN]", text) if text.startswith("resume"):
                self.outcome.resumes.append(heard_s)
            case CancelResponse(response_id):
                self._is_generating = False
                self._feed(ResponseEnded(self._now, response_id, ResponseStatus.CANCELLED))
            case CreateResponse(request):
                self._response += 1
                self._is_generating, self._item_from = True, self._said
                self._speaking_until = self._now
                self._feed(ResponseCreated(self._now, f"response{self._response}", request))

    def _words(self, start: int, size: int) -> bytes:
        start %= self._length
        return self._assistant[start : start + size]

    def _send(self, event: str, **body: dict[str, str]) -> None:
        self._to_twilio.append((self._now + LATENCY_S, json.dumps({"event": event, "streamSid": "MZ", **body})))
