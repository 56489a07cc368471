"""A session asks for what helps, and a server that refuses a part of it still answers the call."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from businesses.models import Business, Membership, Role, User
from businesses.tenancy import acting_for
from calls.conversation.events import ModelLost, ModelReady
from calls.greetings.names import LONGEST_NAME, MOST_NAMES, names_of
from calls.line.session_config import Part, refused_part, session_update
from calls.tests.conftest import make_business
from calls.tests.test_realtime_edge import OddServer, session_with, until
from calls.tests.test_realtime_events import PLAN
from frontdesk import env

NEWER, OLDER = "gpt-transcribe", "gpt-4o-mini-transcribe"
TRANSCRIPTION = "session.audio.input.transcription"


def asked(model: str = NEWER, noise: str = "", without: frozenset[Part] = frozenset()) -> Any:
    update: Any = session_update(PLAN, transcription_model=model, noise_reduction=noise, without=without)
    return update["session"]["audio"]["input"]


def test_a_newer_transcription_is_told_the_languages_and_names() -> None:
    hints = {"languages": ["he", "en"], "keywords": ["Bakery", "Dana Levi"]}
    assert asked()["transcription"] == {"model": NEWER, **hints}
    assert asked("gpt-transcribe-2026-07-28")["transcription"] == {"model": "gpt-transcribe-2026-07-28", **hints}


@pytest.mark.parametrize("model", [OLDER, "whisper-1", "our-own-server"])
def test_an_older_one_is_told_the_one_language_that_it_takes(model: str) -> None:
    assert asked(model)["transcription"] == {"model": model, "language": "he"}


@pytest.mark.parametrize(
    ("written", "reduction"),
    [
        ("near_field", {"type": "near_field"}),
        ("far_field:0.5", {"type": "far_field", "strength": 0.5}),
        ("near_field:1", {"type": "near_field", "strength": 1.0}),
    ],
)
def test_noise_is_reduced_as_the_operator_wants(written: str, reduction: dict[str, object]) -> None:
    assert asked(noise=written)["noise_reduction"] == reduction
    assert "noise_reduction" not in asked()


@pytest.mark.parametrize("written", ["strong", "near_field:2", "far_field:", ":0.5"])
def test_a_noise_reduction_that_there_is_not_is_refused_at_the_start(
    written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_NOISE_REDUCTION", written)
    with pytest.raises(ImproperlyConfigured, match="OPENAI_NOISE_REDUCTION"):
        env.choice("OPENAI_NOISE_REDUCTION", r"(near_field|far_field)(:(0(\.\d+)?|1(\.0+)?))?")


def test_parts_can_be_left_out() -> None:
    assert asked(noise="near_field", without=frozenset(Part)).keys() == {"format", "turn_detection"}
    assert asked(without=frozenset({Part.HINTS}))["transcription"] == {"model": NEWER}


@pytest.mark.parametrize(
    ("param", "without", "part"),
    [
        (f"{TRANSCRIPTION}.keywords", set(), Part.HINTS),
        (f"{TRANSCRIPTION}.languages[0]", set(), Part.HINTS),
        (f"{TRANSCRIPTION}.language", {Part.HINTS}, Part.TRANSCRIPTION),
        (f"{TRANSCRIPTION}.model", set(), Part.TRANSCRIPTION),
        (TRANSCRIPTION, set(), Part.TRANSCRIPTION),
        ("session.audio.input.noise_reduction.strength", set(), Part.NOISE_REDUCTION),
        ("", set(), Part.NOISE_REDUCTION),
        ("session.include[0]", set(), Part.LOGPROBS),
        ("", {Part.NOISE_REDUCTION, Part.LOGPROBS, Part.HINTS}, Part.TRANSCRIPTION),
        ("", set(Part), None),
        ("session.audio.output.voice", set(), Part.VOICE),
        ("session.audio.output.voice", {Part.VOICE}, None),
        ("session.audio.output.format", set(), None),
        (TRANSCRIPTION, {Part.TRANSCRIPTION}, None),
    ],
)
def test_what_is_left_out_is_what_was_refused(param: str, without: set[Part], part: Part | None) -> None:
    assert refused_part(param, without=without) == part


class Picky(OddServer):
    """A server that refuses a session with any of these parameters, and names them only if it `names`."""

    def __init__(self, *refused: str, names: bool = True, code: str = "invalid_value") -> None:
        super().__init__(first={"type": "session.created"}, then=[])
        self._refused, self._names, self._code = refused, names, code

    async def answer(self, request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        await websocket.send_json({"type": "session.created"})
        async for message in websocket:
            self.received.append(message.json())
            if message.json()["type"] == "session.update":
                await websocket.send_json(self._verdict(message.json()["session"]["audio"]["input"]))
        return websocket

    def _verdict(self, heard: dict[str, Any]) -> dict[str, Any]:
        there = {*heard, *(f"transcription.{name}" for name in heard.get("transcription", {}))}
        for name in self._refused:
            if name in there:
                param = f"session.audio.input.{name}" if self._names else None
                return {"type": "error", "error": {"code": self._code, "param": param, "message": "no"}}
        return {"type": "session.updated"}


@pytest.mark.parametrize("names", [True, False])
@pytest.mark.parametrize(
    ("refused", "left"),
    [
        (("transcription.keywords",), {"model"}),
        (("transcription.languages", "noise_reduction"), {"model"}),
        (("transcription", "noise_reduction"), None),
    ],
)
async def test_a_refused_part_is_left_out_and_the_call_goes_on(
    refused: tuple[str, ...], left: set[str] | None, names: bool, settings: Settings
) -> None:
    settings.OPENAI_TRANSCRIPTION_MODEL, settings.OPENAI_NOISE_REDUCTION = NEWER, "near_field"
    server = Picky(*refused, names=names)
    async with session_with(server, settings) as told:
        assert await until(told, lambda _: True) == [ModelReady(1.0, None)]
    accepted = server.received[-1]["session"]["audio"]["input"]
    assert (set(accepted["transcription"]) if "transcription" in accepted else None) == left
    assert {"format", "turn_detection"} <= accepted.keys()
    assert len(server.received) <= 1 + len(Part)


@pytest.mark.parametrize(("code", "tries"), [("invalid_value", 6), ("insufficient_quota", 1), ("server_error", 1)])
async def test_a_server_that_refuses_everything_is_lost_after_few_tries(
    code: str, tries: int, settings: Settings
) -> None:
    settings.OPENAI_TRANSCRIPTION_MODEL, settings.OPENAI_NOISE_REDUCTION = NEWER, "near_field"
    server = Picky("format", names=False, code=code)
    async with session_with(server, settings) as told:
        (lost,) = await until(told, lambda _: True)
    assert isinstance(lost, ModelLost)
    assert (lost.reason, len(server.received)) == (code, tries)


def test_names_are_the_businesss_and_its_peoples(db: None) -> None:
    business = make_business(name="Smile  Dental\nClinic")
    for first, last in [("Dana", "Levi"), ("Dana", "Levi"), ("", ""), ("X" * 100, "")]:
        user = User.objects.create_user(f"{User.objects.count()}@frontdesk.test", first_name=first, last_name=last)
        Membership.objects.create(business=business, user=user, role=Role.STAFF)
    with acting_for(business):
        names = names_of(business)
    assert names[0] == "Smile Dental Clinic"
    assert sorted(names[1:]) == ["Dana Levi", "X" * LONGEST_NAME]


def test_names_are_few(db: None) -> None:
    business: Business = make_business(name="Clinic")
    for number in range(30):
        user = User.objects.create_user(f"{number}@frontdesk.test", first_name="Person", last_name=str(number))
        Membership.objects.create(business=business, user=user, role=Role.STAFF)
    with acting_for(business):
        assert len(names_of(business)) == MOST_NAMES
