"""A trace that is read back equals what was written, whatever events and commands there are."""

from __future__ import annotations

import json
import random
import zlib
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from businesses.tenancy import acting_for
from calls.conversation.commands import Command, KeepTurn, Speaker
from calls.conversation.events import CallerFrame, Event
from calls.models import TraceChunk
from calls.records.traces import Decided, TraceLine, decode, encode, read_trace
from calls.tests.conftest import make_business, make_call

pytestmark = pytest.mark.once

FINITE = st.floats(0, 1e6)
st.register_type_strategy(float, FINITE)


def any_of(union: object) -> st.SearchStrategy[object]:
    return st.one_of([st.from_type(kind) for kind in get_args(union)])


TIMES = st.one_of(FINITE, st.integers(0, 4_000_000).map(lambda ms: ms / 1000))
LINES = st.lists(st.one_of(any_of(Event), st.builds(Decided, TIMES, any_of(Command))), max_size=30)


@given(LINES)
def test_every_event_and_command_is_read_back_as_it_was(lines: list[TraceLine]) -> None:
    assert list(decode(encode(lines))) == lines


@pytest.mark.parametrize("kind", [*get_args(Event), *get_args(Command)], ids=lambda kind: kind.__name__)
def test_each_kind_by_itself(kind: type) -> None:
    @given(st.builds(kind))
    def check(line: object) -> None:
        trace = line if isinstance(line, get_args(Event)) else Decided(1.25, line)  # type: ignore[arg-type]
        (read,) = decode(encode([trace]))
        assert read == trace
        assert repr(read) == repr(trace)  # an enum is an enum again, an int no float

    check()


def test_a_frame_costs_a_few_bytes() -> None:
    dice = random.Random(1)  # noqa: S311
    frames = [
        CallerFrame(at=round(i * 0.02 + dice.choice([0, 0.001]), 3), rms=dice.randrange(40, 90)) for i in range(250)
    ]
    assert len(encode(frames)) / len(frames) < 4


def test_a_trace_of_another_format_says_so() -> None:
    with pytest.raises(ValueError, match="another format"):
        list(decode(zlib.compress(json.dumps({"format": 99}).encode())))


@pytest.mark.django_db
def test_the_trace_of_a_call_is_its_chunks_in_order() -> None:
    business = make_business()
    call = make_call(business)
    lines: list[TraceLine] = [
        CallerFrame(0.02, 10),
        Decided(0.02, KeepTurn(0, Speaker.CALLER, 20, text="כן")),
        CallerFrame(0.04, 20),
    ]
    with acting_for(business):
        for position, part in ((1, lines[2:]), (0, lines[:2])):
            TraceChunk.objects.create(business=business, call=call, position=position, data=encode(part))
        assert read_trace(call) == lines
