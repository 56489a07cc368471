"""A replay with a call's own settings gives exactly the commands of the live call, whatever its tools came to.

Also where the call went on in another stream, with other settings than at first: less time, other people, other tools.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.conversation.events import StreamOpened, StreamResumed
from calls.conversation.settings import ConversationSettings
from calls.plan import settings_of
from calls.records import replay
from calls.records.stream_settings import differing, settings_in
from calls.records.traces import Decided, TraceLine, decode, encode
from calls.tests.generated import generated
from calls.tests.script import Asks, Script
from calls.tests.test_tool_properties import calls_with_tools
from calls.tests.world import World

pytestmark = pytest.mark.pure

TOOLS, PEOPLE = ("take_message", "find_slots"), ("Dana", "הנהלת חשבונות")
asked = st.builds(
    Asks,
    name=st.sampled_from([*TOOLS, "transfer_call", "transfer_call", "end_call", "order_pizza"]),
    wordless=st.booleans(),
    is_complete=st.sampled_from([True, True, True, False]),
    takes_s=st.sampled_from([0.0, 0.2, 1.5, 6.0, float("inf")]),
    fails=st.booleans(),
    must_be_told=st.booleans(),
    arguments=st.sampled_from(
        ["{}", '{"to": "dana"}', '{"to": "הנהלת חשבונות", "reason": "a bill"}', '{"to": "Eli"}', "["]
    ),
)
changes = st.fixed_dictionaries(
    {},
    optional={
        "people": st.sampled_from([(), ("Eli",), ("Dana",)]),
        "tools": st.sampled_from([(), ("take_message",)]),
        "max_call_s": st.sampled_from([8.0, 40.0]),
        "barge_in_enabled": st.just(False),
    },
)


def lines_of(world: World) -> list[TraceLine]:
    """Return the trace, as the bridge would have written it."""
    lines, commands = list[TraceLine](), iter(world.commands)
    for (_, event), number in zip(world.events, world.commands_of_events, strict=True):
        lines.append(event)
        lines += [Decided(event.at, next(commands)[1]) for _ in range(number)]
    return lines


def streams(script: Script, changed: dict[str, object]) -> list[TraceLine]:
    """Return the trace of a call that goes on in a second stream, with some settings changed."""
    own = script.settings
    later = replace(own, **changed)  # type: ignore[arg-type]
    said = (("assistant", "caller"), ("Hello", "please"), True, True)
    resumed = StreamResumed(0.0, (), *said, ("take_message: {}",), settings=differing(own, later))
    first = World(replace(script, seconds=7.0), StreamOpened(0.0)).run()
    second = World(replace(script, settings=later, seconds=9.0), resumed).run()
    return [*lines_of(first), *lines_of(second)]


@generated(50)
@given(calls_with_tools(st.none() | asked), changes, st.booleans())
def test_the_same_settings_give_the_same_commands(
    script: Script, changed: dict[str, object], speaks_first: bool
) -> None:
    own = replace(script.settings, tools=TOOLS, people=PEOPLE, assistant_speaks_first=speaks_first)
    trace = list(decode(encode(streams(replace(script, settings=own), changed))))
    kept = settings_of(json.loads(json.dumps(asdict(own))))
    assert kept == own
    assert replay.differences(trace, replay.replay(trace, kept, own_ticks=False)) == []


def test_each_stream_has_its_own_settings() -> None:
    first = ConversationSettings(people=PEOPLE, max_call_s=float("inf"))
    later = replace(first, people=("Dana",), max_call_s=90.0, barge_in_enabled=False)
    stream: list[TraceLine] = [StreamResumed(0.0, settings=differing(first, later))]
    assert settings_in(stream, first) == later
    assert settings_in([StreamOpened(0.0)], first) == first
    assert settings_in([StreamResumed(0.0, settings=differing(first, first))], first) == first


def test_what_is_tried_is_tried_in_all_streams() -> None:
    first = ConversationSettings()
    stream: list[TraceLine] = [StreamResumed(0.0, settings=differing(first, replace(first, max_call_s=90.0)))]
    assert settings_in(stream, replace(first, max_call_s=9.0)).max_call_s == 9.0
