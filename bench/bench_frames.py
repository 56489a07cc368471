"""What one frame costs in Python, from Twilio's message to the conversation and to OpenAI's socket, without sockets.

    .venv/bin/python bench/bench_frames.py [--calls 8] [--seconds 20] [--profile]

Processor time of one thread, in several states of a call: nobody speaks, the caller speaks (recorded speech), and the
assistant is heard (a piece of an answer every 100 ms, 2 s ahead, and its marks come back), which may be protected or
not. The speech detector is left out but where it is named.
Time is virtual, and the best of some rounds is printed: others on the machine only make it slower. `--profile` prints
where it goes. Compare two versions in turn, in the same minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import cProfile
import gc
import os
import pstats
import sys
import time
from collections import deque
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)
os.environ["DJANGO_SETTINGS_MODULE"] = "frontdesk.settings"

from bench import production  # noqa: E402 - needs the path

os.environ.update(production.WITHOUT_PAGES | {"ENV_FILE": os.devnull, "LOG_LEVEL": "ERROR"})
os.environ["DATABASE_URL"] = "sqlite://:memory:"

import django  # noqa: E402 - needs the settings

django.setup()

from bench.deaf_ear import DeafEar  # noqa: E402
from businesses.models import Business  # noqa: E402
from calls import json_text  # noqa: E402
from calls.audio.ears import Ear  # noqa: E402
from calls.conversation.settings import ConversationSettings, Protection  # noqa: E402
from calls.line import caller_frames, joint_hearing, media_stream  # noqa: E402
from calls.line.bridge import Bridge  # noqa: E402
from calls.line.model_socket import Lost, Take  # noqa: E402
from calls.line.stream import MediaStream  # noqa: E402
from calls.plan import CallPlan  # noqa: E402
from calls.records import store  # noqa: E402
from calls.sandbox.telephone import wav_files  # noqa: E402

FRAME_S, ROUNDS = 0.02, 7
REMEMBERED_EVERY = round(joint_hearing.REMEMBERED_S / FRAME_S)
"""Frames: the loop's own time stands still here, so that what waits for the detector is judged by this count."""
SID = "MZ" + "0" * 32
AROUND = len(media_stream.play(SID, ""))
QUIET = b"\xff\x7e" * 80


class State(NamedTuple):
    """Of the calls that are measured."""

    name: str
    caller_speaks: bool = False
    assistant_is_heard: bool = False
    is_protected: bool = True
    has_detector: bool = False


STATES = (
    State("nobody speaks"),
    State("the caller speaks", caller_speaks=True),
    State("the assistant is heard, and protected", assistant_is_heard=True),
    State("the assistant is heard, and may be interrupted", assistant_is_heard=True, is_protected=False),
    State("the same with the detector", assistant_is_heard=True, is_protected=False, has_detector=True),
)


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose time is set."""

    now = 1000.0

    def time(self) -> float:
        """Returns the time that was set."""
        return self.now


class Phone:
    """Twilio's side: plays what it is sent, and sends marks back when what was before them has played."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self._plays_until = 0.0
        self._marks: deque[tuple[float, str]] = deque()

    def returned(self) -> list[str]:
        """Returns the marks that come back now."""
        back = []
        while self._marks and self._marks[0][0] <= self._loop.now:
            back.append(self._marks.popleft()[1])
        return back

    def let_in(self) -> None:
        """Do nothing."""

    def send(self, text: str) -> None:
        """Take a message."""
        if text.startswith('{"event":"mark"'):
            self._marks.append((self._plays_until, text.replace('"streamSid"', '"sequenceNumber":"9","streamSid"')))
        elif text.startswith('{"event":"media"'):
            seconds = (len(text) - AROUND) * 3 / 4 / 8000
            self._plays_until = max(self._plays_until, self._loop.now + 0.04) + seconds

    def close(self, code: int) -> None:
        """Do nothing."""


class Model:
    """OpenAI's side: accepts every session, and says what it is told to."""

    def __init__(self) -> None:
        self.tell: Take

    async def connect(self, take: Take, lost: Lost) -> Model:
        """See `model_socket.Connect`."""
        self.tell = take
        take(json_text.dumps({"type": "session.created", "session": {}}))
        return self

    def send(self, text: str) -> None:
        """Take an event."""
        if '"input_audio_buffer.append"' in text[:40]:
            return
        event = json_text.loads(text)
        if event["type"] == "session.update":
            self.tell(json_text.dumps({"type": "session.updated", "session": event["session"]}))
        elif event["type"] == "response.create":
            response = {"id": "r1", "status": "in_progress", "metadata": event["response"]["metadata"]}
            asyncio.get_running_loop().call_soon(
                self.tell, json_text.dumps({"type": "response.created", "response": response})
            )

    async def close(self) -> None:
        """Do nothing."""


class Call:
    """One call that is being measured."""

    def __init__(self, loop: VirtualLoop, *, is_protected: bool) -> None:
        self.phone, self.model = Phone(loop), Model()
        self.stream = MediaStream(self.phone, connect=self.model.connect)
        business = Business(pk=uuid4(), name="Acme", slug="acme", record_calls=True)
        protection = Protection.OPENING_ONLY if is_protected else Protection.OFF
        settings = ConversationSettings(assistant_speaks_first=True, first_utterance_protection=protection)
        plan = CallPlan(
            uuid4(), business, settings, "Be kind.", "marin", "en", 0.82, b"", False, is_recorded=True
        )  # fmt: skip
        ears_at = {"stream_sid": SID, "opened_at": loop.time(), "send": self.phone.send}
        self.bridge = Bridge(plan, **ears_at, hang_up=lambda: None, connect=self.model.connect)  # type: ignore[arg-type]
        self.stream._bridge, self.stream._starting = self.bridge, loop.create_task(asyncio.sleep(0))
        self.bridge.start()


def media(number: int, audio: bytes) -> str:
    """Returns a message of Twilio's, as it writes them."""
    payload = base64.b64encode(audio).decode()
    return (
        f'{{"event":"media","sequenceNumber":"{number + 2}","media":{{"track":"inbound","chunk":"{number + 1}",'
        f'"timestamp":"{number * 20}","payload":"{payload}"}},"streamSid":"{SID}"}}'
    )


def delta(audio: bytes) -> bytes:
    """Returns a piece of an answer, as OpenAI sends it."""
    told = {
        "type": "response.output_audio.delta", "event_id": "event_" + "0" * 21, "response_id": "r1", "item_id": "i1",
        "output_index": 0, "content_index": 0, "delta": base64.b64encode(audio).decode(),
    }  # fmt: skip
    return json_text.dumps(told)


async def round_of(
    loop: VirtualLoop, state: State, calls: int, seconds: float, profile: cProfile.Profile | None
) -> float:
    """Returns the microseconds of a frame."""
    speech = wav_files.read_as_ulaw(ROOT / "tests/audio/one-moment-please.wav")
    all_calls = [Call(loop, is_protected=state.is_protected) for _call in range(calls)]
    for _turn in range(20):
        await asyncio.sleep(0)
    piece = delta(speech[4000:4800]) if state.assistant_is_heard else None
    for call in all_calls if piece else ():
        for _ahead in range(20):
            call.model.tell(piece or b"")
    spent, frames = 0.0, round(seconds / FRAME_S)
    for number in range(frames):
        loop.now += FRAME_S
        place = number * 160 % (len(speech) - 160)
        text = media(number, speech[place : place + 160] if state.caller_speaks else QUIET)
        returned = [call.phone.returned() for call in all_calls]
        is_remembered = number % REMEMBERED_EVERY == 0
        spent += _spent(
            all_calls, text, returned, piece if number % 5 == 0 else None, profile, is_remembered=is_remembered
        )
        if number % 50 == 0:
            await asyncio.sleep(0)
    return spent / frames / calls * 1e6


def _spent(
    calls: list[Call],
    text: str,
    returned: list[list[str]],
    piece: bytes | None,
    profile: cProfile.Profile | None,
    *,
    is_remembered: bool,
) -> float:
    """Returns the seconds of the processor for a frame of each call."""
    began = time.process_time()
    if profile:
        profile.enable()
    for call, marks in zip(calls, returned, strict=True):
        call.stream.take(text)
        for mark in marks:
            call.stream.take(mark)
        if piece:
            call.model.tell(piece)
    if is_remembered:
        joint_hearing.of_this_loop().judge_now()
    if profile:
        profile.disable()
    return time.process_time() - began


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args()
    store.write_later = store.write_audio_later = _unwritten  # type: ignore[assignment]
    gc.freeze()
    print("| | µs a frame |\n|---|---|")
    for state in STATES:
        profile = cProfile.Profile() if given.profile else None
        vars(caller_frames)["Ear"] = Ear if state.has_detector else DeafEar
        took = []
        for _round in range(1 if profile else ROUNDS):
            with asyncio.Runner(loop_factory=VirtualLoop) as runner:
                loop: Any = runner.get_loop()
                took.append(runner.run(round_of(loop, state, given.calls, given.seconds, profile)))
        print(f"| {state.name} | {min(took):.1f} |", flush=True)
        if profile:
            pstats.Stats(profile).sort_stats("tottime").print_stats(28)


def _unwritten(*_given: Any) -> Any:
    done = asyncio.get_running_loop().create_future()
    done.set_result(None)
    return done


if __name__ == "__main__":
    main()
