"""The content of the health pages, and who may read them."""

import time
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from pytest_django.fixtures import Settings

from calls.line import live
from frontdesk import disk, health, loop_lag


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_seen_migrated", False)
    monkeypatch.setattr(live, "_here", live._Registry())


def problems(client: Client) -> list[str]:
    answer = client.get("/readyz")
    body = answer.json()
    assert answer.status_code == (503 if body["problems"] else 200)
    assert body["ready"] is not bool(body["problems"])
    return list(body["problems"])


def test_alive_needs_no_database(client: Client) -> None:
    assert client.get("/healthz").json() == {"alive": True}


@pytest.mark.django_db
def test_ready(client: Client) -> None:
    assert problems(client) == []


@pytest.mark.django_db
def test_not_ready_before_the_migrations_and_ready_after_them(client: Client) -> None:
    recorder = MigrationRecorder(connection)
    (newest,) = MigrationLoader(connection).graph.leaf_nodes("calls")
    recorder.record_unapplied(*newest)
    assert problems(client) == ["migrations are missing: run manage.py migrate"]
    recorder.record_applied(*newest)
    assert problems(client) == []


@pytest.mark.django_db
def test_not_ready_when_all_lines_are_busy(client: Client, settings: Settings) -> None:
    settings.CALLS_PER_PROCESS = 1
    assert problems(client) == []
    live.add(call_sid="CA1", close=lambda: None)
    assert problems(client) == ["all lines of this process are busy"]


@pytest.mark.django_db
def test_not_ready_while_stopping(client: Client) -> None:
    live.begin_draining()
    assert problems(client) == ["the process is stopping and takes no new calls"]


@pytest.mark.django_db
def test_not_being_ready_is_an_answer_and_no_error_in_the_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    live.begin_draining()
    client.get("/readyz")
    assert caplog.text == ""
    client.get("/nothing-here")
    assert "Not Found: /nothing-here" in caplog.text


@pytest.mark.parametrize(
    ("debug", "token", "given", "status"),
    [
        (True, "", "", HTTPStatus.OK),
        (False, "", "", HTTPStatus.NOT_FOUND),
        (False, "", "Bearer ", HTTPStatus.NOT_FOUND),
        (False, "secret", "Bearer secret", HTTPStatus.OK),
        (False, "secret", "Bearer wrong", HTTPStatus.NOT_FOUND),
        (True, "secret", "", HTTPStatus.NOT_FOUND),
    ],
)
def test_who_may_read_the_figures(
    client: Client, settings: Settings, debug: bool, token: str, given: str, status: int
) -> None:
    settings.DEBUG, settings.METRICS_TOKEN = debug, token
    assert client.get("/metrics", headers={"authorization": given}).status_code == status


def test_the_figures_count_the_live_calls(client: Client, settings: Settings) -> None:
    settings.DEBUG = True
    live.add(call_sid="CA1", close=lambda: None)
    assert "frontdesk_live_calls 1.0" in client.get("/metrics").text


class Reactor:
    """Keeps what is to be called later."""

    def __init__(self) -> None:
        self.later: list[tuple[Any, ...]] = []

    def callLater(self, _seconds: float, *call: Any) -> None:  # noqa: N802 - Twisted's name
        self.later.append(call)


@pytest.mark.django_db
def test_not_ready_while_the_loop_lags_and_ready_when_it_has_kept_up(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    reactor, lag = Reactor(), loop_lag.LoopLag(time.time)
    monkeypatch.setattr(loop_lag, "here", lag)
    with time_machine.travel(1_000.0, tick=False) as clock:
        for late_s in (0.0, 0.0, 4.0):
            lag.start(reactor)
            clock.shift(loop_lag.LOOK_EVERY_S + late_s)
        assert problems(client) == ["the process is overloaded: its event loop was 4.0 s late"]
        lag.start(reactor)
        assert problems(client) == ["the process is overloaded: its event loop was 4.0 s late"], "a moment ago"
        for _ in range(25):
            clock.shift(loop_lag.LOOK_EVERY_S)
            lag.start(reactor)
        assert problems(client) == []
    assert reactor.later, "it goes on looking"


@pytest.mark.django_db
def test_not_ready_when_nothing_can_be_written(
    client: Client, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    settings.MEDIA_ROOT = str(in_the_way)
    monkeypatch.setattr(disk._Known, "at", float("-inf"))
    assert problems(client) == ["files can't be written to MEDIA_ROOT: File exists"]
    settings.MEDIA_ROOT = str(tmp_path / "new")
    assert problems(client) != [], "it is not tried with every probe"
    monkeypatch.setattr(disk._Known, "at", float("-inf"))
    assert problems(client) == []
