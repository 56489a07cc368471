"""Every tool in generated calls: what the caller is told was done is done, and once, whatever happens in the middle.

The conversation, the tools, their ledger and the database are the real ones. The caller interrupts, the model asks
again, under the same id or another one; tools are slow, fail or don't exist; the session, the stream, the database or
the process is lost before, in and after a transaction, and the call goes on in another stream.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from businesses.calendar.tests.conftest import Shop
from calls.conversation import ConversationSettings
from calls.conversation.commands import AnswerTool, TellResult
from calls.conversation.events import StreamOpened, StreamResumed
from calls.conversation.tool_events import ToolFinished, ToolRequested
from calls.conversation.tool_runs import LONGEST_RUN_S
from calls.tests.generated import generated
from calls.tests.script import Asks, Script, Sound
from calls.tests.world import World
from calls.tools.registry import TOOLS
from calls.tools.running import results_of
from tests.tools.ledger import Ledger, LedgersTools
from tests.tools.mishaps import Commit, Killed, Kind, Mishap
from tests.tools.wishes import DONE, caller_of, open_shop, wish_for

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]

SETTINGS = ConversationSettings(greeting_text="Hello", greeting_bytes=400, tools=tuple(tool.name for tool in TOOLS))
UNKNOWN = "order_pizza"
"""No tool's name."""


@dataclass(frozen=True)
class Request:
    """The model asks for a tool. `is_repeated`: with the id that it used before for the same tool."""

    tool: str
    takes_s: float
    is_repeated: bool
    is_refused: bool
    wordless: bool


@dataclass(frozen=True)
class Stream:
    """One media stream. `dies`: its process, too, at its end; else what was begun is done `straggles_s` later."""

    requests: tuple[Request, ...]
    interrupts: tuple[float, ...]
    lives: tuple[float, ...]
    seconds: float
    dies: bool
    straggles_s: float


in_the_middle = st.builds(Mishap, st.sampled_from(list(Kind)), st.integers(1, 16), st.booleans())
at_the_end = st.builds(Mishap, st.sampled_from([Kind.KILLED, Kind.LOST]), st.sampled_from(list(Commit)), st.booleans())


def tenths(least: int, most: int) -> st.SearchStrategy[float]:
    """Draw tenths of seconds: cheaper than any float."""
    return st.integers(least, most).map(lambda tenth: tenth / 10)


@st.composite
def calls(draw: st.DrawFn) -> tuple[tuple[Stream, ...], tuple[Mishap | None, ...]]:
    """Draw a call of one to three streams, about one or two tools, and what happens to its transactions."""
    tools = draw(st.lists(st.sampled_from([*DONE, *SETTINGS.tools, UNKNOWN]), min_size=1, max_size=2))
    requests = st.builds(
        Request,
        st.sampled_from(tools),
        st.sampled_from([0.1, 0.1, 0.6, 1.6, 5.4]),
        st.booleans(),
        st.sampled_from([False, False, False, False, True]),
        st.booleans(),
    )
    streams = st.builds(
        Stream,
        st.lists(requests, min_size=1, max_size=3).map(tuple),
        st.lists(tenths(8, 30), max_size=2).map(tuple),
        st.sampled_from([(), (), (1.0,), (1.8,), (1.0, 1.5)]),
        tenths(16, 30),
        st.booleans(),
        tenths(0, 20),
    )
    drawn = st.lists(st.one_of(st.none(), in_the_middle, at_the_end, at_the_end), min_size=1, max_size=4).map(tuple)
    return draw(st.lists(streams, min_size=1, max_size=3).map(tuple)), draw(drawn)


@pytest.fixture
def shop(transactional_db: None) -> Iterator[Shop]:
    with open_shop() as opened:
        yield opened


@generated(1000)
@given(calls())
def test_one_effect_each(shop: Shop, drawn: tuple[tuple[Stream, ...], tuple[Mishap | None, ...]]) -> None:
    streams, happens = drawn
    call, ids = caller_of(shop), count(1)
    tools = {request.tool for stream in streams for request in stream.requests} - {UNKNOWN}
    ledger = Ledger(call, {tool: wish_for(tool, shop, call) for tool in sorted(tools)}, happens)
    told = defaultdict[str, list[str]](list)
    for number, stream in enumerate(streams):
        world = _world(stream, ledger, ids, number, is_last=stream is streams[-1])
        is_killed = _runs_into_death(world)
        if is_killed or stream.dies:
            ledger.begun.clear()
        _note_what_was_told(world, told)
        if not is_killed and world.conversation.line.link.is_ready:
            _check_that_it_was_told(world, told)
    for tool in DONE.keys() & tools:
        assert ledger.wishes[tool].effects() == 1 or DONE[tool] not in told[tool]


def _runs_into_death(world: World) -> bool:
    try:
        world.run()
    except Killed:
        return True
    return False


def _world(stream: Stream, ledger: Ledger, ids: Iterator[int], number: int, *, is_last: bool) -> World:
    """Return the stream as an imagined call. What an earlier stream's living process has begun happens in it, too."""
    sounds = (Sound(0.3, 0.4), *(Sound(round(0.7 + after, 2), 0.4) for after in stream.interrupts))
    asks = tuple(_asks(request, ledger, ids) for request in stream.requests)
    is_slow = any(each.takes_s > LONGEST_RUN_S for each in asks)
    script = Script(
        SETTINGS,
        sounds,
        asks=asks,
        lives=stream.lives,
        connect_s=0.1,
        answer_s=0.6,
        first_delta_s=0.2,
        delta_s=0.2,
        seconds=(7.6 if is_slow else 4.5) if is_last else stream.seconds,
    )
    said = (("assistant", "caller"), ("Hello", "please"), True, True)
    begins = StreamResumed(0.0, (), *said, _results(ledger)) if number else StreamOpened(0.0)
    world = World(script, begins, partial(LedgersTools, ledger=ledger))
    for command in ledger.begun:
        world.at(stream.straggles_s, partial(ledger.straggle, command))
    return world


def _asks(request: Request, ledger: Ledger, ids: Iterator[int]) -> Asks:
    wish = ledger.wishes.get(request.tool)
    wanted = "{}" if wish is None else wish.refused if request.is_refused else wish.arguments
    tool_call_id = f"{request.tool}-{request.is_refused}" if request.is_repeated else f"call-{next(ids)}"
    return Asks(request.tool, request.wordless, takes_s=request.takes_s, arguments=wanted, tool_call_id=tool_call_id)


def _results(ledger: Ledger) -> tuple[str, ...]:
    """Return what a new stream is told that was done: all of it."""
    results = results_of(ledger.call)
    told = [_outcome(text) for text in results]
    for tool, wish in ledger.wishes.items():
        assert wish.effects() == told.count((tool, DONE.get(tool, "")))
    return results


def _outcome(text: str) -> tuple[str, str]:
    """Return the tool and the outcome of what `TellResult` tells."""
    tool, _, output = text.partition(": ")
    return tool, str(json.loads(output)["outcome"])


def _note_what_was_told(world: World, told: dict[str, list[str]]) -> None:
    """Add what the model was told of each tool."""
    names = {event.tool_call_id: event.name for _, event in world.events if isinstance(event, ToolRequested)}
    for _, command in world.commands:
        if isinstance(command, AnswerTool):
            words = command.output
            told[names[command.tool_call_id]].append(json.loads(words)["outcome"] if words.startswith("{") else words)
        elif isinstance(command, TellResult):
            tool, outcome = _outcome(command.text)
            told[tool].append(outcome)


def _check_that_it_was_told(world: World, told: dict[str, list[str]]) -> None:
    """See that all that was done before or in a stream is known to the model at its end."""
    names = {event.tool_call_id: event.name for _, event in world.events if isinstance(event, ToolRequested)}
    done = [event for _, event in world.events if isinstance(event, ToolFinished)]
    news = [(names[event.tool_call_id], str(json.loads(event.output)["outcome"])) for event in done]
    if isinstance(world.begins, StreamResumed):
        news += [_outcome(text) for text in world.begins.results]
    for tool, outcome in news:
        assert outcome in told[tool]
