"""Processes that prepare a broadcast are killed at random moments; the next one writes every row exactly once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from testing.databases import ROOT, MigratedDatabase

ROWS = 24_001  # twelve full batches and one row
KILLS = 3

SET_UP = """
import django
django.setup()
from django.core.management import call_command
call_command("create_business", "acme", name="Acme", phones=["+97231234567"])
call_command("connect_whatsapp", "acme", provider="sandbox")
call_command("sync_templates", "acme")
"""

PREPARE = """
import sys, django
django.setup()
from whatsapp.broadcasts import lifecycle
from django.utils import timezone
from businesses.tenancy import across_businesses
from whatsapp.broadcasts.prepare import prepare_step
from whatsapp.models import Broadcast
with across_businesses():  # a worker of its own
    broadcast = Broadcast.objects.select_related("business").get(pk=sys.argv[1])
    if broadcast.status == "draft":
        lifecycle._start(broadcast, now=timezone.now())
    print("ready", flush=True)
    while broadcast.status == "preparing" and not prepare_step(broadcast, now=timezone.now(), batches=1):
        print("step", flush=True)
print("done", flush=True)
"""

LOOK = """
import sys, django, json
django.setup()
from businesses.tenancy import across_businesses
from whatsapp.models import Broadcast, Recipient
with across_businesses():
    broadcast = Broadcast.objects.get()
    people = Recipient.objects.filter(broadcast=broadcast)
    print(json.dumps({
        "id": str(broadcast.pk), "status": broadcast.status, "total": broadcast.total, "rows": people.count(),
        "row_numbers": people.values("row_number").distinct().count(),
        "addresses": people.values("address").distinct().count(),
    }))
"""


@contextmanager
def process(environment: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A process of the installation whose output the test reads line by line. It is always killed at the end."""
    started = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


def kill_after(started: subprocess.Popen[str], lines: int) -> list[str]:
    """Read this many lines, then kill the process with SIGKILL. Returns the lines."""
    assert started.stdout is not None
    seen = [line.strip() for line, _number in zip(started.stdout, range(lines), strict=False)]
    os.kill(started.pid, signal.SIGKILL)
    return seen


def run(environment: dict[str, str], code: str) -> str:
    """Returns what a process prints that runs to its end."""
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout


def look(environment: dict[str, str]) -> dict[str, object]:
    found: dict[str, object] = json.loads(run(environment, LOOK))
    return found


@pytest.mark.timeout(300)
def test_killed_and_continued_the_audience_is_whole(migrated_database: MigratedDatabase, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text("phone,1,2\n" + "".join(f"05{index:08d},P{index},noon\n" for index in range(ROWS)))
    chance = random.Random(20261123)  # noqa: S311 - the same moments in every run
    with migrated_database() as database_url:
        environment = {
            **os.environ,
            "DATABASE_URL": database_url,
            "MEDIA_ROOT": str(tmp_path / "media"),
            "DJANGO_SETTINGS_MODULE": "frontdesk.settings",
        }
        run(environment, SET_UP)
        with process(
            environment, "manage.py", "create_broadcast", "acme", "--template", "appointment_reminder",
            "--language", "he", "--csv", str(people),
        ) as creating:  # fmt: skip
            kill_after(creating, 2)
        found = look(environment)
        assert found["status"] == "draft"
        assert 0 < int(str(found["rows"])) < ROWS
        for _ in range(KILLS):
            with process(environment, "-c", PREPARE, str(found["id"])) as preparing:
                kill_after(preparing, chance.randint(1, 3))
        with (
            process(environment, "-c", PREPARE, str(found["id"])) as one,
            process(environment, "-c", PREPARE, str(found["id"])) as other,
        ):
            assert one.stdout is not None
            assert other.stdout is not None
            endings = [list(one.stdout)[-1].strip(), list(other.stdout)[-1].strip()]
        assert endings == ["done", "done"]
        whole = look(environment)
    assert whole == {**whole, "status": "running", "total": ROWS, "rows": ROWS, "row_numbers": ROWS, "addresses": ROWS}
