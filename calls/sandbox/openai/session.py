"""One session of the OpenAI Realtime API as a pure core: events in, outputs out, time as an argument.

Its inputs are the client's frames (`receive`), the results of engine and listener (`speak`, `heard`), and the time
(`tick` at `next_due`). Outputs are carried out in order. The GA protocol, as the `openai` package's types and
OpenAI's reference describe it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from calls.sandbox.openai import client_events, session_config
from calls.sandbox.openai import scenario as faults
from calls.sandbox.openai.agenda import Agenda
from calls.sandbox.openai.client_events import Rejected, WireEvent
from calls.sandbox.openai.generation import Made
from calls.sandbox.openai.input_audio import Edge, InputAudio, SpeechPaused, SpeechStarted, SpeechStopped
from calls.sandbox.openai.items import Item, Items
from calls.sandbox.openai.outputs import Abort, Close, Listen, Output, Send
from calls.sandbox.openai.responses import Responses
from calls.sandbox.openai.scenario import FaultT, Scenario
from calls.sandbox.openai.session_config import language_of
from calls.sandbox.openai.silent_faults import BlackHole, Deaf, DeafVad, EndlessSpeech, EndWhenReady
from calls.sandbox.openai.understanding import Understanding
from calls.sandbox.openai.usage import of_transcription
from calls.sandbox.receptionist.engine import ReplyRequest

_TRANSCRIPTION = "conversation.item.input_audio_transcription"
_EXPIRED = "Your session hit the maximum duration of 60 minutes."


class RealtimeSession:
    """From `session.created` to the close.

    `ordinal` counts the server's connections from 0, `next_response` its responses; `token` makes ids unique among
    sessions; `epoch_s` is the time of day of `now`, in seconds since 1970.
    """

    def __init__(
        self,
        *,
        scenario: Scenario,
        ordinal: int,
        next_response: Callable[[], int],
        model: str,
        token: str,
        epoch_s: float,
        now: float,
    ) -> None:
        self._scenario = scenario
        self._ordinal = ordinal
        self._token = token
        self._ids = count(1)
        self._opened_at = now
        self._agenda = Agenda()
        self._items = Items()
        self._input = InputAudio()
        self._input.keeps_all = bool(self._fault(DeafVad) or self._fault(EndlessSpeech))
        self._responses = Responses(
            scenario=scenario, agenda=self._agenda, items=self._items, new_id=self._new_id, next_ordinal=next_response
        )
        self._turn_id = self._new_id("item")
        self._understanding = Understanding(self._items)
        self.config = session_config.defaults(model, self._new_id("sess"), int(epoch_s + scenario.session_lifetime_s))
        self._agenda.at(now, lambda _: self._open())
        self._agenda.at(now + scenario.session_lifetime_s, lambda _: self._expire())
        self._plan_faults(now)

    # In and out -----------------------------------------------------------------------------------
    def next_due(self) -> float | None:
        """Returns when `tick` has something to do again."""
        return self._agenda.next_due()

    def tick(self, now: float) -> list[Output]:
        """Do what is due. Returns the outputs."""
        return self._numbered(self._agenda.run(now))

    def receive(self, text: str | bytes, now: float) -> list[Output]:
        """Take a frame of the client. Returns the outputs."""
        event: WireEvent = {}
        try:
            event = client_events.parse(text)
            client_events.check(event)
            outputs = self._handle(event, now)
        except Rejected as rejected:
            outputs = [Send(rejected.event(event.get("event_id")))]
        return self._numbered(outputs)

    def speak(self, response_id: str, parts: Sequence[Made], now: float, *, more: bool = False) -> bool:
        """Take the engine's reply with its audio, or a part of it if `more` is to come.

        Returns whether it is still wanted: False once its response was cancelled.
        """
        return self._responses.speak(response_id, parts, now, more=more)

    def heard(self, item_id: str, transcript: str, now: float) -> None:
        """Take the words of a turn that is over."""
        self._understanding.finish(item_id, transcript)
        self._agenda.at(now + self._scenario.transcript_delay_s, lambda _: self._transcribed(item_id, transcript))
        self._agenda.at(now, lambda _: self._understanding.release())

    def _numbered(self, outputs: list[Output]) -> list[Output]:
        return [
            Send({"event_id": self._new_id("event"), **output.event}) if isinstance(output, Send) else output
            for output in outputs
        ]

    def _new_id(self, prefix: str) -> str:
        return f"{prefix}_{self._token}{next(self._ids):06d}"

    # The session's own life -----------------------------------------------------------------------
    def _fault(self, kind: type[FaultT]) -> FaultT | None:
        return self._scenario.striking(kind, self._ordinal)

    def _plan_faults(self, now: float) -> None:
        if ending := self._fault(faults.EndSession):
            code = ending.close_code
            last: Output = Abort() if code is None else Close(code, "The session ends, as the scenario wants.")
            self._agenda.at(now + ending.after_s, lambda _: [last])
        if phantom := self._fault(faults.PhantomSpeech):
            self._agenda.at(now + phantom.at_s, lambda at: self._phantom(phantom, at))
        if foreign := self._fault(faults.ForeignResponse):
            request = ReplyRequest(f"Say exactly: <say>{foreign.words}</say>", own_instructions=True)
            self._agenda.at(now + foreign.at_s, lambda _: self._create_unasked(request))

    def is_black_hole(self, now: float) -> bool:
        """Returns whether nothing is taken or sent any more, though the connection is open."""
        hole = self._fault(BlackHole)
        return hole is not None and now >= self._opened_at + hole.after_s

    def _open(self) -> list[Output]:
        outputs: list[Output] = [Send({"type": "session.created", "session": self.config})]
        if fault := self._fault(faults.SessionError):
            rejected = Rejected("As the scenario wants.", code=fault.code, error_type=fault.code)
            outputs.append(Send(rejected.event()))
            outputs += [Close(1008, fault.code)] if fault.close else []
        return outputs

    def _expire(self) -> list[Output]:
        return [Send(Rejected(_EXPIRED, code="session_expired").event()), Close(1001, _EXPIRED)]

    def _phantom(self, fault: faults.PhantomSpeech, now: float) -> list[Output]:
        position_ms = self._input.position_ms
        end_ms = position_ms + round(fault.lasts_s * 1000)
        silence = b"\xff" * (end_ms - position_ms) * 8
        stopped = SpeechStopped(end_ms, silence, silence)
        self._agenda.at(now + fault.lasts_s, lambda _: self._caller(stopped))
        return self._caller(SpeechStarted(position_ms))

    # What the client asks -------------------------------------------------------------------------
    def _handle(self, event: WireEvent, now: float) -> list[Output]:
        match event["type"]:
            case "input_audio_buffer.append" | "input_audio_buffer.commit" if self._fault(Deaf):
                return []
            case "input_audio_buffer.append":
                return [output for edge in self._input.append(event) for output in self._caller(edge)]
            case "session.update":
                return self._update(event, now)
            case "response.create":
                return self._create(event, self._request(event))
            case "response.cancel":
                return self._responses.cancel(event, now=now)
            case _:
                return self._change_buffers(event) if "_buffer." in event["type"] else self._change_items(event)

    def _change_buffers(self, event: WireEvent) -> list[Output]:
        match event["type"]:
            case "input_audio_buffer.commit":
                audio = self._input.commit()
                return self._commit(audio, audio)
            case "input_audio_buffer.clear":
                self._input.clear()
                return [Send({"type": "input_audio_buffer.cleared"})]
            case _:
                raise Rejected("Only for WebRTC and SIP.", code="invalid_value")

    def _update(self, event: WireEvent, now: float) -> list[Output]:
        if self._fault(faults.IgnoreSessionUpdate):
            return []
        if part := self._fault(faults.RefusePart):
            session_config.refuse(event["session"], part.part)
        self.config = session_config.updated(self.config, event, has_spoken=self._responses.has_spoken)
        self._input.configure(self.config["audio"]["input"]["turn_detection"])
        if brief := self._fault(EndWhenReady):
            last = Close(brief.close_code, "The session ends, as the scenario wants.")
            self._agenda.at(now + brief.after_s, lambda _: [last])
        told = session_config.as_pcm(self.config) if self._fault(faults.OtherFormat) else self.config
        return [Send({"type": "session.updated", "session": told})]

    def _change_items(self, event: WireEvent) -> list[Output]:
        match event["type"]:
            case "conversation.item.create":
                wire = {"id": self._new_id("item"), "object": "realtime.item", "status": "completed", **event["item"]}
                return self._add(Item(wire), event.get("previous_item_id"))
            case "conversation.item.delete":
                self._items.delete(event["item_id"])
                return [Send({"type": "conversation.item.deleted", "item_id": event["item_id"]})]
            case "conversation.item.truncate":
                self._items.truncate(event["item_id"], event["audio_end_ms"])
                fields = {name: event[name] for name in ("item_id", "content_index", "audio_end_ms")}
                return [Send({"type": "conversation.item.truncated", **fields})]
            case _:
                item = self._items.find(event["item_id"], "retrieve")
                return [Send({"type": "conversation.item.retrieved", "item": item.wire})]

    def _add(self, item: Item, after: str | None = None) -> list[Output]:
        previous = self._items.add(item, after)
        fields = {"previous_item_id": previous, "item": copy.deepcopy(item.wire)}
        return [Send({"type": f"conversation.item.{name}", **fields}) for name in ("added", "done")]

    # The caller's turns ---------------------------------------------------------------------------
    @property
    def _turn_detection(self) -> dict[str, Any]:
        return self.config["audio"]["input"]["turn_detection"] or {}

    @property
    def _transcribes(self) -> bool:
        return bool(self.config["audio"]["input"]["transcription"])

    def _caller(self, edge: Edge) -> list[Output]:
        if self._fault(DeafVad) or (self._fault(EndlessSpeech) and not isinstance(edge, SpeechStarted)):
            return []
        if isinstance(edge, SpeechPaused):
            early = Listen(self._turn_id, edge.said, language_of(self.config), is_over=False)
            return [early] if self._transcribes else []
        fields: WireEvent = {"item_id": self._turn_id}
        if isinstance(edge, SpeechStarted):
            fields["audio_start_ms"] = edge.audio_start_ms
            started = Send({"type": "input_audio_buffer.speech_started", **fields})
            interrupted = self._responses.interrupt() if self._turn_detection.get("interrupt_response") else []
            return [started, *interrupted]
        fields["audio_end_ms"] = edge.audio_end_ms
        outputs: list[Output] = [Send({"type": "input_audio_buffer.speech_stopped", **fields})]
        outputs += self._commit(edge.audio, edge.said)
        automatic = self._turn_detection.get("create_response")
        return outputs + (self._create_unasked(self._request({})) if automatic else [])

    def _commit(self, audio: bytes, said: bytes) -> list[Output]:
        item_id, self._turn_id = self._turn_id, self._new_id("item")
        committed = Send(
            {"type": "input_audio_buffer.committed", "item_id": item_id, "previous_item_id": self._items.last_id}
        )
        content = [{"type": "input_audio", "transcript": None}]
        wire = {"id": item_id, "object": "realtime.item", "type": "message", "role": "user", "content": content}
        outputs: list[Output] = [committed, *([committed] if self._fault(faults.DuplicateCommit) else [])]
        outputs += self._add(Item({**wire, "status": "completed"}, caller_audio_bytes=len(audio)))
        if self._transcribes:
            self._understanding.begin(item_id)
            outputs.append(Listen(item_id, said, language_of(self.config)))
        return outputs

    def _transcribed(self, item_id: str, transcript: str) -> list[Output]:
        try:
            item = self._items.find(item_id, "retrieve")
        except Rejected:  # the client has deleted the turn meanwhile
            return []
        if self._fault(faults.FailTranscription):
            failed = {"type": "transcription_error", "code": "audio_unintelligible", "message": "No words."}
            return [Send({"type": f"{_TRANSCRIPTION}.failed", "item_id": item_id, "content_index": 0, "error": failed})]
        item.wire["content"][0]["transcript"] = transcript
        usage = of_transcription(self.config["audio"]["input"]["transcription"].get("model") or "", item, transcript)
        kind, place = _TRANSCRIPTION, {"item_id": item_id, "content_index": 0}
        return [
            *([Send({"type": f"{kind}.delta", **place, "delta": transcript})] if transcript else []),
            Send({"type": f"{kind}.completed", **place, "transcript": transcript, "usage": usage, **self._sureness()}),
        ]

    def _sureness(self) -> WireEvent:
        if "item.input_audio_transcription.logprobs" not in (self.config.get("include") or ()):
            return {}
        return {"logprobs": [{"token": "a", "logprob": self._scenario.transcript_logprob, "bytes": [97]}]}

    # Answers --------------------------------------------------------------------------------------
    def _request(self, event: WireEvent) -> ReplyRequest:
        own = event.get("response") or {}
        choice, tools = ({**self.config, **own}.get(name) for name in ("tool_choice", "tools"))
        return ReplyRequest(
            instructions=own.get("instructions") or self.config["instructions"],
            own_instructions="instructions" in own,
            language=language_of(self.config),
            caller_said=self._items.caller_said(),
            said_since=self._items.said_since(),
            results=self._items.results(),
            known=self._items.all_results(),
            tools=() if choice == "none" else tuple(tool["name"] for tool in tools or () if "name" in tool),
        )

    def _create(self, event: WireEvent, request: ReplyRequest) -> list[Output]:
        outputs = self._responses.create(event, request, self.config["audio"]["output"])
        return self._understanding.hold(outputs)

    def _create_unasked(self, request: ReplyRequest) -> list[Output]:
        """Create a response that the client did not ask for. It fails while another one is in progress."""
        try:
            return self._create({}, request)
        except Rejected as rejected:
            return [Send(rejected.event())]
