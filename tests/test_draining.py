"""A process that is asked to stop takes no new calls and waits for its running ones, within bounds."""

import pytest
from pytest_django.fixtures import Settings
from twisted.internet.task import Clock

from calls.line import live
from frontdesk.draining import SETTLE_S, drain


class Reactor(Clock):
    """Twisted's own test clock, with the two other methods that draining uses."""

    def __init__(self) -> None:
        super().__init__()
        self.running = True

    def stop(self) -> None:
        assert self.running, "stopped twice"
        self.running = False


@pytest.fixture
def reactor(monkeypatch: pytest.MonkeyPatch) -> Reactor:
    monkeypatch.setattr(live, "_here", live._Registry())
    return Reactor()


@pytest.fixture
def call(reactor: Reactor) -> live.LiveCall:
    return live.add(call_sid="CA1", close=lambda: None)


def test_without_calls_it_stops_after_a_moment(reactor: Reactor) -> None:
    drain(reactor)
    reactor.pump([0.5] * 5)
    assert reactor.running
    reactor.pump([0.5] * 2)
    assert not reactor.running


def test_a_call_that_was_just_opening_is_waited_for(reactor: Reactor) -> None:
    drain(reactor)
    reactor.advance(1)
    opening = live.add(call_sid="CA1", close=lambda: None)
    reactor.pump([1.0] * 60)
    assert reactor.running
    live.remove(opening)
    reactor.pump([1.0] * 4)
    assert not reactor.running


def test_with_a_call_it_waits_for_its_end_and_takes_no_other(reactor: Reactor, call: live.LiveCall) -> None:
    drain(reactor)
    reactor.pump([1.0] * 60)
    assert reactor.running
    assert not live.has_room()
    live.remove(call)
    reactor.advance(1)
    assert reactor.running, "the call's last webhooks are still to come"
    reactor.pump([0.5] * 2 * SETTLE_S)
    assert not reactor.running


def test_it_waits_no_longer_than_the_setting_says(reactor: Reactor, call: live.LiveCall, settings: Settings) -> None:
    settings.DRAIN_SECONDS = 30
    drain(reactor)
    reactor.pump([0.5] * 59)
    assert reactor.running
    reactor.pump([0.5] * 2)
    assert not reactor.running


def test_asked_again_it_stops_at_once(reactor: Reactor, call: live.LiveCall) -> None:
    drain(reactor)
    drain(reactor)
    assert not reactor.running
    reactor.pump([1.0] * 10)
