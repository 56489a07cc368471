"""Background work inside the web process: tasks and the schedule run, and it starts and stops cleanly."""

import os
import subprocess
import sys

import pytest

from testing.databases import ROOT, MigratedDatabase

pytestmark = pytest.mark.once

# In a process of its own, because Celery's broker is a setting of the process.
PROBE = """
import datetime, threading, time
import django
django.setup()
from celery import signals
from django.contrib.sessions.models import Session
from django.utils import timezone
from businesses.tasks import clear_sessions
from frontdesk.celery_app import app
from frontdesk.embedded_worker import EmbeddedWorker

done = threading.Semaphore(0)
signals.task_postrun.connect(lambda **about: done.release(), weak=False)
expired = timezone.now() - datetime.timedelta(days=1)

def expire_a_session():
    Session.objects.create(session_key="old", session_data="", expire_date=expired)

app.conf.beat_schedule = {} if {by_hand} else {
    "often": {"task": "businesses.tasks.clear_sessions", "schedule": 0.2}
}
worker = EmbeddedWorker()
expire_a_session()
worker.start()
assert worker.wait_until_ready(10)
if {by_hand}:
    clear_sessions.delay()
assert done.acquire(timeout=10), "no task was run"
assert not Session.objects.exists()
assert not worker.has_died
worker.stop()
assert not worker.has_died
assert not [thread for thread in threading.enumerate() if thread.name in ("embedded-worker", "Beat")]
print("all is well")
"""


@pytest.mark.parametrize("by_hand", [True, False], ids=["a task that is sent", "a task of the schedule"])
def test_it_runs(migrated_database: MigratedDatabase, by_hand: bool) -> None:
    with migrated_database() as database_url:
        probe = subprocess.run(
            [sys.executable, "-c", PROBE.replace("{by_hand}", str(by_hand))],
            cwd=ROOT,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "frontdesk.settings", "DATABASE_URL": database_url}
            | {"REDIS_URL": "", "CELERY_BROKER_URL": ""},
            capture_output=True,
            text=True,
            check=False,
        )
    assert probe.stdout == "all is well\n", probe.stderr
