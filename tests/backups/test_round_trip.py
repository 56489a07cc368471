"""A full installation is backed up while others write, and comes back in an empty one: rows, files and credentials."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from testing import postgres_tools
from testing.databases import ROOT, MigratedDatabase, empty_database, manage, without_test_settings

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(400)]

COUNTS = """
import json
from django.apps import apps
from businesses.tenancy import across_businesses
from whatsapp.models import Broadcast, Sender
with across_businesses():
    counts = {model._meta.label: model._default_manager.count() for model in apps.get_models()}
    opened = sorted(json.dumps(each.credentials, sort_keys=True) for each in Sender.objects.all())
    running = Broadcast.objects.filter(status="running").count()
print(json.dumps({"counts": counts, "opened": opened, "running": running}))
"""
WRITER = """
import itertools
from django.db import transaction
from django.utils import timezone
from businesses.models import Heartbeat
for number in itertools.count():
    with transaction.atomic():
        for half in ("left", "right"):
            Heartbeat.objects.create(part=f"{half}-{number}", at=timezone.now())
    print(number, flush=True)
"""
HALVES = """
from businesses.models import Heartbeat
print(*(Heartbeat.objects.filter(part__startswith=half).count() for half in ("left-", "right-")))
"""
CHANGED_BY_RESTORING = {"whatsapp.BroadcastEvent", "whatsapp.SeriesEvent", "businesses.AuditEntry"}
"""What waits for a person afterwards says so in its history."""


def shell(code: str, environment: dict[str, str]) -> str:
    return manage("shell", "--no-imports", "--command", code, environment=environment)


@contextmanager
def writing(environment: dict[str, str]) -> Iterator[None]:
    """Have another process write pairs of rows, each pair in one transaction."""
    command = [sys.executable, "manage.py", "shell", "--no-imports", "--command", WRITER]
    with subprocess.Popen(
        command, cwd=ROOT, env=without_test_settings(environment), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline().strip() == "0"
        try:
            yield
            assert process.poll() is None, "it wrote all the time"
        finally:
            process.kill()


@pytest.fixture
def full(tmp_path: Path, migrated_database: MigratedDatabase) -> Iterator[dict[str, str]]:
    """The environment of an installation with the demo business and two files."""
    keys = Fernet.generate_key().decode()
    with migrated_database() as url:
        tools = f"{postgres_tools.folder(url)}:" if url.startswith("postgres") else ""
        environment = {
            **os.environ,
            "PATH": f"{tools}{os.environ['PATH']}",
            "DATABASE_URL": url,
            "REDIS_URL": "",
            "MEDIA_ROOT": str(tmp_path / "media"),
            "FIELD_ENCRYPTION_KEYS": keys,
            "DJANGO_SETTINGS_MODULE": "frontdesk.settings",
        }
        subprocess.run([sys.executable, "-m", "testing.demo_data"], cwd=ROOT, env=environment, check=True)
        recording = tmp_path / "media" / "recordings" / "a" / "b.ulaw"
        recording.parent.mkdir(parents=True)
        recording.write_bytes(bytes(range(256)) * 400)
        (tmp_path / "media" / "אב.txt").write_text("שלום")
        yield environment


def test_there_and_back(full: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "backups" / "today"
    before = json.loads(shell(COUNTS, full))
    assert before["counts"]["whatsapp.Recipient"] > 100
    assert before["running"]
    with writing(full):
        made = json.loads(manage("backup", str(folder), environment=full))
    assert set(made) == {"folder", "version", "made_at", "bytes", "parts"}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}

    with empty_database(tmp_path) as url:
        other = {**full, "DATABASE_URL": url, "MEDIA_ROOT": str(tmp_path / "other-media")}
        stranger = {**other, "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode()}
        with pytest.raises(RuntimeError, match="keys that encrypted this backup"):
            manage("restore", str(folder), environment=stranger)
        done = json.loads(manage("restore", str(folder), environment=other))
        assert set(done) == {"version", "made_at", "waiting_broadcasts"}
        assert done["waiting_broadcasts"] >= before["running"]

        after = json.loads(shell(COUNTS, other))
        for counts in (before["counts"], after["counts"]):
            for model in {*CHANGED_BY_RESTORING, "businesses.Heartbeat", "businesses.WebProcess"}:
                counts.pop(model, None)
        assert after["counts"] == before["counts"]
        assert after["opened"] == before["opened"], "the credentials can be read"
        assert after["running"] == 0, "nothing is sent twice"
        left, right = shell(HALVES, other).split()
        assert left == right != "0", "each transaction is in it whole or not at all"
        assert (tmp_path / "other-media" / "אב.txt").read_text() == "שלום"
        recording = tmp_path / "other-media" / "recordings" / "a" / "b.ulaw"
        assert recording.read_bytes() == bytes(range(256)) * 400

        with pytest.raises(RuntimeError, match="not empty"):
            manage("restore", str(folder), environment=other)
        (tmp_path / "other-media" / "אב.txt").unlink()
        with pytest.raises(RuntimeError, match="not empty"):
            manage("restore", str(folder), environment=other)
        manage("restore", str(folder), "--over", environment=other)
        assert (tmp_path / "other-media" / "אב.txt").exists()
