"""Answers are recorded on a connection of their own: while they wait for it, and while they land, waves depart."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest
from django.db import connection

from whatsapp.models import Broadcast
from whatsapp.providers.cloud.errors import refused
from whatsapp.running.loop import SendingLoop
from whatsapp.sending import waves
from whatsapp.sending.lanes import Lane
from whatsapp.sending.results import Landing
from whatsapp.sending.tests.test_lane_rules import ACCEPTED, NOW, Database, Rests, answered, dispatch, wave_of
from whatsapp.sending.waves import Dispatch, Wave


def test_a_wave_departs_while_the_answers_of_another_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    Rests(monkeypatch)
    answered(monkeypatch, ACCEPTED)
    asks, may_land, asked = asyncio.Event(), asyncio.Event(), list[str]()

    class Answers:
        async def run(self, function: Callable[..., Any], *_arguments: Any) -> None:
            asked.append(function.__name__)
            asks.set()
            await may_land.wait()

    database = Database([wave_of(1), wave_of(1)])
    lane = Lane(cast("Any", database), cast("Any", None), lambda: NOW, answers=cast("Any", Answers()))
    lane.assign([dispatch()])

    async def run() -> None:
        await lane._step()
        await asks.wait()
        await lane._step()
        assert (database.asked, lane.accepted) == (["depart_wave"] * 2, 0)
        may_land.set()
        await asyncio.wait(lane._flights)

    asyncio.run(run())
    assert (asked, lane.accepted) == (["land_wave"] * 2, 2)


def test_landing_changes_nothing_that_the_next_wave_goes_by(broadcast: Broadcast) -> None:
    sending = Dispatch(broadcast.pk, broadcast.business)
    wave = waves.depart_wave(sending, NOW)
    found = sending.circumstances.read()
    assert isinstance(wave, Wave)
    assert found
    waves.land_wave(wave, [Landing(wave.departures[0], refused(400, {"code": 132012}))], NOW)
    assert (wave.broadcast.status, found.broadcast.status) == ("paused", "running")
    assert sending.circumstances.read() is None


@pytest.mark.django_db
def test_only_sqlite_which_has_one_writer_records_them_between_departures() -> None:
    loop = SendingLoop()
    assert (loop._answers is loop._waves) == (connection.vendor == "sqlite")
