"""Beat and worker are seen at work; while beat is dead a web process sends what becomes due, each turn once."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta

import pytest
import redis
from django.test import Client
from django.utils import timezone

from businesses import heartbeats
from businesses.models import Heartbeat
from businesses.tasks import heartbeat
from frontdesk import stand_in_beat
from frontdesk.schedule import CELERY_BEAT_SCHEDULE
from testing.servers import StartDaphne

Part = Heartbeat.Part
FIVE_S = timedelta(seconds=5)
SEEN_LONG_AGO = """
from datetime import timedelta
from django.utils import timezone
from businesses.models import Heartbeat
Heartbeat.objects.create(part="beat", at=timezone.now() - timedelta(minutes=5))
"""


def seen(part: str, **ago: float) -> None:
    Heartbeat.objects.update_or_create(part=part, defaults={"at": timezone.now() - timedelta(**ago)})


@pytest.mark.django_db
def test_a_task_shows_that_a_worker_runs_and_who_sent_it() -> None:
    assert heartbeats.look().beat_is_dead is False, "it was never started: perhaps it is not wanted"
    heartbeat(by_beat=False)
    assert (heartbeats.look().beat_at, heartbeats.look().worker_is_dead) == (None, False)
    heartbeat(by_beat=True)
    known = heartbeats.look()
    assert known.beat_at is not None
    assert (known.beat_is_dead, known.worker_is_dead) == (False, False)


@pytest.mark.django_db
def test_a_turn_is_taken_once_and_only_while_beat_is_dead() -> None:
    assert heartbeats.take_turn(every=FIVE_S) is None
    seen(Part.BEAT, seconds=50)
    assert heartbeats.take_turn(every=FIVE_S) is None
    seen(Part.BEAT, seconds=70)
    turn = heartbeats.take_turn(every=FIVE_S)
    assert turn is not None
    assert 69 < (turn[1] - turn[0]).total_seconds() < 100, "since it was last seen"
    assert heartbeats.take_turn(every=FIVE_S) is None, "another process has done it"
    seen(Part.STAND_IN, seconds=6)
    turn = heartbeats.take_turn(every=FIVE_S)
    assert turn is not None
    assert (turn[1] - turn[0]).total_seconds() < 60
    seen(Part.BEAT, seconds=1)
    seen(Part.STAND_IN, seconds=6)
    assert heartbeats.take_turn(every=FIVE_S) is None


def test_what_becomes_due_between_two_moments() -> None:
    noon = datetime(2027, 1, 5, 12, 0, 1, tzinfo=UTC)
    at_once = set(stand_in_beat.due(noon, noon + timedelta(seconds=6)))
    assert "look-often" in at_once
    assert not {"keep-days", "look-seldom", "check-models"} & at_once
    night = set(stand_in_beat.due(noon.replace(hour=4, minute=39), noon.replace(hour=4, minute=40)))
    assert "keep-days" in night
    assert "clear-sessions" not in night
    assert set(stand_in_beat.due(noon, noon + timedelta(days=1))) == set(CELERY_BEAT_SCHEDULE)


@pytest.mark.django_db
def test_the_health_page_says_so(client: Client) -> None:
    seen(Part.BEAT, minutes=5)
    seen(Part.WORKER, seconds=1)
    answer = client.get("/readyz").json()
    assert answer["ready"] is True
    assert answer["background"]["problems"] == ["beat is dead: web processes send its tasks, start it"]
    seen(Part.WORKER, minutes=5)
    assert client.get("/readyz").json()["background"]["problems"][1] == "no worker runs tasks: start one"


@pytest.mark.skipif(not os.environ.get("REDIS_URL"), reason="without Redis the web process is its own beat")
def test_a_web_process_sends_what_is_due_while_beat_is_dead(daphne: StartDaphne) -> None:
    server = daphne()
    broker = redis.Redis.from_url(server.environment["REDIS_URL"])
    server.manage("shell", "--no-imports", "-c", SEEN_LONG_AGO)
    give_up_at = time.monotonic() + 60
    while "businesses.tasks.look_for_work" not in str(broker.lrange("celery", 0, -1)):
        assert time.monotonic() < give_up_at, server.log
        time.sleep(0.2)
    assert "Beat is dead: web processes send its tasks" in server.log
