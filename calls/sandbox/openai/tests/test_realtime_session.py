"""The protocol core without sockets or clocks: any client, at any time, gets valid events and keeps its rights."""

from __future__ import annotations

import json
from base64 import b64encode
from itertools import count
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from calls.sandbox.openai.generation import Spoken
from calls.sandbox.openai.outputs import Close, Listen, Output, Send, Think
from calls.sandbox.openai.scenario import Scenario
from calls.sandbox.openai.session import RealtimeSession
from calls.sandbox.openai.tests.test_vad import recording
from calls.sandbox.openai.tests.validity import assert_valid

pytestmark = pytest.mark.once

LOUD = b64encode(b"\x90\x10" * 800).decode()  # 200 ms
SILENT = b64encode(b"\xff" * 1600).decode()
LONG_SILENCE = b64encode(b"\xff" * 8000).decode()
NEVER_BY_ITSELF = {
    "type": "server_vad",
    "silence_duration_ms": 400,
    "create_response": False,
    "interrupt_response": False,
}


def session_with(turn_detection: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "type": "realtime",
        "audio": {
            "input": {
                "format": {"type": "audio/pcmu"},
                "transcription": {"model": "gpt-4o-mini-transcribe", "language": "en"},
                "turn_detection": turn_detection,
            },
            "output": {"format": {"type": "audio/pcmu"}, "voice": "marin"},
        },
    }


def update(**session: Any) -> dict[str, Any]:
    return {"type": "session.update", "session": {"type": "realtime", **session}}


class Client:
    """Drives a session; answers `Think` and `Listen` at once with `seconds` of audio."""

    def __init__(self, scenario: Scenario | None = None, *, session: dict[str, Any] | None = None) -> None:
        self.now = 0.0
        self.events: list[dict[str, Any]] = []
        self.others: list[Output] = []
        self.core = RealtimeSession(
            scenario=scenario or Scenario(),
            ordinal=0,
            next_response=count().__next__,
            model="gpt-realtime-2.1",
            token="t",
            epoch_s=1_800_000_000,
            now=0.0,
        )
        self.take(self.core.tick(0.0))
        self.send(type="session.update", session=session or session_with(NEVER_BY_ITSELF))

    def send(self, **event: Any) -> list[dict[str, Any]]:
        """Send an event. Returns the answers to it."""
        before = len(self.events)
        self.take(self.core.receive(json.dumps(event), self.now))
        return self.events[before:]

    def wait(self, seconds: float) -> list[dict[str, Any]]:
        """Let time pass. Returns the events that are sent meanwhile."""
        before = len(self.events)
        self.now += seconds
        while (due := self.core.next_due()) is not None and due <= self.now:
            self.take(self.core.tick(due))
        return self.events[before:]

    def take(self, outputs: list[Output]) -> None:
        for output in outputs:
            match output:
                case Send(event):
                    assert_valid(event)
                    self.events.append(json.loads(json.dumps(event)))
                case Think(response_id):
                    self.core.speak(response_id, [Spoken("One two three four.", b"\x55" * 8000)], self.now)
                case Listen(item_id, is_over=True):
                    self.core.heard(item_id, "words", self.now)
                case Listen():
                    pass
                case _:
                    self.others.append(output)

    def kinds(self) -> list[str]:
        return [event["type"] for event in self.events]


def error_of(events: list[dict[str, Any]]) -> dict[str, Any]:
    (event,) = events
    assert event["type"] == "error"
    error: dict[str, Any] = event["error"]
    return error


class AnyClient(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.client = Client()

    @rule(milliseconds=st.integers(1, 700))
    def time_passes(self, milliseconds: int) -> None:
        self.client.wait(milliseconds / 1000)

    @rule(audio=st.sampled_from([LOUD, SILENT, SILENT]))
    def caller_audio(self, audio: str) -> None:
        self.client.send(type="input_audio_buffer.append", audio=audio)

    @rule(automatic=st.booleans(), interrupting=st.booleans())
    def configure(self, automatic: bool, interrupting: bool) -> None:
        detection = {"type": "server_vad", "create_response": automatic, "interrupt_response": interrupting}
        answers = self.client.send(**update(audio={"input": {"turn_detection": detection}}))
        assert [answer["type"] for answer in answers] == ["session.updated"]

    @rule(out_of_band=st.booleans())
    def create(self, out_of_band: bool) -> None:
        band = {"out_of_band": str(out_of_band)}
        response = {"metadata": band, "conversation": "none" if out_of_band else "auto"}
        (answer,) = self.client.send(type="response.create", event_id="mine", response=response)
        if answer["type"] == "response.created":
            assert answer["response"]["metadata"] == band
        else:
            assert answer["error"]["code"] == "conversation_already_has_active_response"
            assert answer["error"]["event_id"] == "mine"
            assert self.in_the_making()

    @rule()
    def cancel(self) -> None:
        was_active = bool(self.in_the_making())
        answers = self.client.send(type="response.cancel")
        if was_active:
            assert "response.done" in [answer["type"] for answer in answers]
        else:
            assert error_of(answers)["code"] == "response_cancel_not_active"

    @rule(choice=st.integers(0, 5), milliseconds=st.integers(0, 2000))
    def truncate(self, choice: int, milliseconds: int) -> None:
        items = [item["item_id"] for item in self.client.events if item["type"] == "response.content_part.added"]
        if items:
            item_id = items[choice % len(items)]
            sent_ms = sum(
                len(event["delta"]) * 6 // 8 // 8
                for event in self.client.events
                if event["type"] == "response.output_audio.delta" and event["item_id"] == item_id
            )
            (answer,) = self.client.send(
                type="conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=milliseconds
            )
            if answer["type"] == "conversation.item.truncated":
                assert milliseconds <= sent_ms + 1

    def in_the_making(self) -> set[str]:
        """Returns the conversation's response, if it has one."""
        begun = [e["response"] for e in self.client.events if e["type"] == "response.created"]
        created = {response["id"] for response in begun if response["metadata"] != {"out_of_band": "True"}}
        done = [e["response"]["id"] for e in self.client.events if e["type"] == "response.done"]
        assert len(done) == len(set(done)), "a response ended twice"
        return created - set(done)

    @invariant()
    def no_audio_of_a_response_that_has_ended(self) -> None:
        done: set[str] = set()
        for event in self.client.events:
            if event["type"] == "response.done":
                done.add(event["response"]["id"])
            elif event["type"] == "response.output_audio.delta":
                assert event["response_id"] not in done

    @invariant()
    def event_ids_are_unique(self) -> None:
        ids = [event["event_id"] for event in self.client.events]
        assert len(ids) == len(set(ids))


AnyClient.TestCase.settings = settings(max_examples=100, stateful_step_count=25)
TestAnyClient = AnyClient.TestCase


def test_a_session_opens_with_its_defaults_and_tells_when_it_expires() -> None:
    created, updated = Client().events
    assert created["type"] == "session.created"
    assert created["session"]["expires_at"] == 1_800_003_600
    assert created["session"]["audio"]["input"]["turn_detection"]["create_response"] is True
    assert updated["type"] == "session.updated"
    assert updated["session"]["audio"]["output"] == {
        "format": {"type": "audio/pcmu"},
        "voice": "marin",
        "speed": 1.0,
    }
    assert updated["session"]["audio"]["input"]["turn_detection"]["threshold"] == 0.5


def test_a_response_has_openais_events_in_openais_order() -> None:
    client = Client()
    client.send(type="response.create", response={"metadata": {"kind": "greeting"}})
    events = [event for event in client.wait(2) if not event["type"].endswith(".delta")]
    assert [event["type"] for event in events] == [
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
        "rate_limits.updated",
    ]
    done = events[-2]["response"]
    assert done["status"] == "completed"
    assert done["metadata"] == {"kind": "greeting"}
    assert done["output"][0]["content"] == [{"type": "output_audio", "transcript": "One two three four."}]
    assert done["status_details"] is None
    assert str(done["conversation_id"]).startswith("conv_")


def test_audio_comes_faster_than_it_plays() -> None:
    client = Client(Scenario(speed=4.0, delta_ms=100, first_delta_s=0.2))
    client.send(type="response.create")
    assert client.wait(0.19) == []
    assert "response.done" not in [event["type"] for event in client.wait(0.2)]
    assert "response.done" in [event["type"] for event in client.wait(0.07)]
    deltas = [event["delta"] for event in client.events if event["type"] == "response.output_audio.delta"]
    assert len(deltas) == 10


def test_a_cancelled_response_ends_at_once_and_keeps_what_was_sent() -> None:
    client = Client()
    client.send(type="response.create")
    client.wait(0.25)  # three deltas: 300 ms
    done = next(event for event in client.send(type="response.cancel") if event["type"] == "response.done")["response"]
    assert done["status"] == "cancelled"
    assert done["status_details"] == {"type": "cancelled", "reason": "client_cancelled"}
    assert client.wait(5) == []
    item_id = done["output"][0]["id"]
    truncate = {"type": "conversation.item.truncate", "item_id": item_id, "content_index": 0}
    error = error_of(client.send(**truncate, audio_end_ms=301, event_id="cut"))
    assert error["message"] == "Audio content of 300ms is already shorter than 301ms"
    assert error["event_id"] == "cut"
    assert client.send(**truncate, audio_end_ms=300)[0]["type"] == "conversation.item.truncated"
    assert "300ms" not in str(client.send(**truncate, audio_end_ms=120))
    item = client.send(type="conversation.item.retrieve", item_id=item_id)[0]["item"]
    assert item["content"] == [{"type": "output_audio"}], "a truncation deletes the transcript"


def test_items_are_added_deleted_and_refused() -> None:
    client = Client()
    item = {"id": "mine", "type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hi"}]}
    added, done = client.send(type="conversation.item.create", item=item)
    assert (added["type"], done["type"]) == ("conversation.item.added", "conversation.item.done")
    truncate = {"type": "conversation.item.truncate", "item_id": "mine", "content_index": 0, "audio_end_ms": 0}
    assert error_of(client.send(**truncate))["message"] == "Only model output audio messages can be truncated"
    duplicate = error_of(client.send(type="conversation.item.create", item=item))
    assert duplicate["code"] == "item_create_duplicate_item_id"
    assert client.send(type="conversation.item.delete", item_id="mine")[0]["type"] == "conversation.item.deleted"
    gone = error_of(client.send(type="conversation.item.delete", item_id="mine", event_id="e"))
    assert (gone["code"], gone["event_id"]) == ("item_delete_invalid_item_id", "e")


def test_a_turn_of_recorded_speech_is_committed_and_transcribed_but_not_answered() -> None:
    client = Client()
    for part in (recording("hello"), b"\xff" * 8000):
        client.send(type="input_audio_buffer.append", audio=b64encode(part).decode())
    client.wait(1)
    assert client.kinds()[2:] == [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "conversation.item.input_audio_transcription.delta",
        "conversation.item.input_audio_transcription.completed",
    ]
    assert len({event["item_id"] for event in client.events if "item_id" in event}) == 1


@pytest.mark.parametrize("interrupting", [True, False])
def test_the_servers_own_interruption(interrupting: bool) -> None:
    detection = {"type": "server_vad", "create_response": True, "interrupt_response": interrupting}
    client = Client(session=session_with(detection))
    client.send(type="response.create")
    client.wait(0.25)
    client.send(type="input_audio_buffer.append", audio=LOUD)
    done = [event["response"] for event in client.events if event["type"] == "response.done"]
    assert [response["status_details"]["reason"] for response in done] == ["turn_detected"] * interrupting
    client.send(type="input_audio_buffer.append", audio=LONG_SILENCE)
    if interrupting:
        assert client.kinds().count("response.created") == 2
    else:
        assert client.events[-1]["error"]["code"] == "conversation_already_has_active_response"
        assert client.events[-1]["error"]["event_id"] is None


def test_without_turn_detection_the_client_commits() -> None:
    client = Client(session=session_with(None))
    assert client.send(type="input_audio_buffer.append", audio=LOUD) == []
    assert client.send(type="input_audio_buffer.commit")[0]["type"] == "input_audio_buffer.committed"
    error = error_of(client.send(type="input_audio_buffer.commit"))
    assert error["code"] == "input_audio_buffer_commit_empty"


@pytest.mark.parametrize(
    ("event", "code", "param"),
    [
        ({"type": "response.sing"}, "invalid_value", "type"),
        ({"no": "type"}, "invalid_value", "type"),
        ({"type": "response.cancel", "sing": 1}, "unknown_parameter", "sing"),
        ({"type": "conversation.item.delete"}, "missing_required_parameter", "item_id"),
        ({"type": "input_audio_buffer.append", "audio": "?"}, "invalid_value", "audio"),
        (update(temperature=1), "unknown_parameter", "session.temperature"),
        (
            update(audio={"input": {"format": {"type": "audio/pcmu", "rate": 8000}}}),
            "unknown_parameter",
            "session.audio.input.format.rate",
        ),
        (
            update(audio={"input": {"turn_detection": {"type": "server_vad", "idle_timeout_ms": 9}}}),
            "decimal_below_min_value",
            "session.audio.input.turn_detection.idle_timeout_ms",
        ),
        (
            {"type": "response.create", "response": {"metadata": {str(n): "" for n in range(17)}}},
            "object_above_max_properties",
            "response.metadata",
        ),
        ({"type": "output_audio_buffer.clear"}, "invalid_value", None),
    ],
)
def test_what_openai_refuses_is_refused_in_its_words(event: dict[str, Any], code: str, param: str | None) -> None:
    client = Client()
    error = error_of(client.send(**event, event_id="mine"))
    assert (error["type"], error["code"], error["param"]) == ("invalid_request_error", code, param)
    assert error["event_id"] == "mine"
    assert client.send(type="response.create")[0]["type"] == "response.created", "the session goes on"


@pytest.mark.parametrize("frame", ["{", "[]", '"text"', b"\xff\x00"])
def test_frames_that_are_no_events_get_an_error(frame: str | bytes) -> None:
    (answer,) = Client().core.receive(frame, 1.0)
    assert isinstance(answer, Send)
    assert_valid(answer.event)
    assert answer.event["type"] == "error"


def test_the_voice_is_frozen_once_it_was_heard() -> None:
    client = Client()
    assert client.send(**update(audio={"output": {"voice": "cedar"}}))[0]["type"] == "session.updated"
    client.send(type="response.create")
    client.wait(2)
    error = error_of(client.send(**update(audio={"output": {"voice": "marin"}})))
    assert error["code"] == "cannot_update_voice"


def test_a_session_expires_after_an_hour() -> None:
    client = Client()
    assert client.wait(3599.9) == []
    assert error_of(client.wait(0.2))["code"] == "session_expired"
    (close,) = client.others
    assert isinstance(close, Close)
    assert close.code == 1001
