"""The installation calls itself with real processes: web, worker and the stand-in for OpenAI."""

from __future__ import annotations

import json
import os
import time
from urllib.request import urlopen

import pytest

from testing import stand_in
from testing.servers import Daphne, StartDaphne, StartWorker

pytestmark = pytest.mark.realtime

LEFT = """
import json
from businesses.hidden import HIDDEN_ID
from businesses.models import Business, DayUsage
from businesses.tenancy import acting_for
from calls.models import Call, SyntheticCall
with acting_for(Business.every.get(pk=HIDDEN_ID)):
    left = [Call.objects.count(), DayUsage.objects.count()]
row = SyntheticCall.objects.get()
print(json.dumps([left, row.fault, row.greeting_whole, row.first_sound_ms, row.answer_ms, row.interruption_ms]))
"""


def figures(server: Daphne) -> dict[str, float]:
    with urlopen(f"{server.url}/metrics") as answer:
        lines = [line for line in answer.read().decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_by_the_schedule(daphne: StartDaphne, celery_worker: StartWorker) -> None:
    with stand_in.sandbox() as openai:
        server = daphne(beside=None, **openai, TWILIO_AUTH_TOKEN="a-token", SYNTHETIC_CALL_MINUTES="1")
        if os.environ.get("REDIS_URL"):
            celery_worker(beside=server)
        give_up_at = time.monotonic() + 150
        while "frontdesk_synthetic_call_ok" not in (shown := figures(server)):
            assert time.monotonic() < give_up_at, server.log
            time.sleep(1)
    assert shown["frontdesk_synthetic_call_ok"] == shown["frontdesk_synthetic_greeting_whole"] == 1.0
    assert 0 < shown["frontdesk_synthetic_first_sound_seconds"] < 15
    assert 0 < shown["frontdesk_synthetic_answer_seconds"] < 15
    assert 0 < shown["frontdesk_synthetic_interruption_seconds"] < 5
    assert 0 <= shown["frontdesk_synthetic_call_age_seconds"] < 60
    assert shown['frontdesk_calls_total{outcome="completed"}'] == 0, "no figure of callers counts it"
    assert shown['frontdesk_call_latency_seconds_count{what="greeting"}'] == 0
    (told,) = [line for line in server.manage("shell", "--no-imports", "-c", LEFT).splitlines() if line[0] == "["]
    left, fault, whole, *_measured = json.loads(told)
    assert (left, fault, whole) == ([0, 0], "", True)
    assert "Traceback" not in server.log


def test_one_now_and_a_failure_is_loud(daphne: StartDaphne) -> None:
    with stand_in.sandbox() as openai:
        server = daphne(beside=None, TWILIO_AUTH_TOKEN="a-token", **openai)
        told = json.loads(server.manage("synthetic_call").splitlines()[-1])
        assert (told["fault"], told["greeting_whole"]) == (None, True)
        server.environment["TWILIO_AUTH_TOKEN"] = "another-token"
        with pytest.raises(RuntimeError, match="not put through to the assistant"):
            server.manage("synthetic_call")
