"""`manage.py doctor` beside the processes of an installation: what is well, what is wrong, and the exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from testing.databases import ROOT, empty_database, without_test_settings
from testing.servers import StartDaphne
from tests.doctor.conftest import SECRETS
from tests.test_settings import start


def doctor(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "doctor", *options],
        cwd=ROOT,
        env=without_test_settings(environment),
        capture_output=True,
        text=True,
        check=False,
    )


def report(**environment: str) -> dict[str, Any]:
    """Returns the checks by their full names."""
    done = doctor("--json", **environment)
    told = json.loads(done.stdout)
    assert set(told) == {"ok", "checks"}
    assert done.returncode == (0 if told["ok"] else 1)
    assert "Traceback" not in done.stderr
    return {f"{each['subject']}: {each['name']}": each for each in told["checks"]}


def test_beside_a_running_installation(daphne: StartDaphne) -> None:
    server = daphne(beside=None, **{name: value for name, value in SECRETS.items() if name != "PUBLIC_URL"})
    give_up_at = time.monotonic() + 60
    while server.ready_or_not()["background"]["worker_at"] is None:  # type: ignore[index]
        assert time.monotonic() < give_up_at, server.log
        time.sleep(0.2)
    found = report(**server.environment)
    well = {name for name, each in found.items() if each["state"] == "ok"}
    assert well >= {
        "settings: mode", "settings: user", "database: answers", "database: migrations", "database: write",
        "redis: answers", "files: write", "files: room", "background: worker", "background: beat",
        "address: healthz", "address: readyz",
    }  # fmt: skip
    assert found["openai: models"]["state"] == "wrong"
    assert "Put a proxy with https" in found["settings: secrets"]["says"]


def test_an_empty_database_and_a_dead_one(tmp_path: Path) -> None:
    environment = {**os.environ, **SECRETS, "PUBLIC_URL": "http://127.0.0.1:9"}
    with empty_database(tmp_path) as url:
        found = report(**{**environment, "DATABASE_URL": url})
    assert found["database: migrations"]["mend"] == "Run: manage.py migrate"
    assert found["database: write"]["state"] == found["keys: all"]["state"] == "not_tried"
    found = report(**{**environment, "DATABASE_URL": "postgres://frontdesk:a-hard-word@127.0.0.1:9/frontdesk"})
    assert found["database: answers"]["state"] == "wrong"
    assert "DATABASE_URL" in found["database: answers"]["mend"]
    assert "a-hard-word" not in str(found)


def test_settings_that_are_refused_are_a_line_too(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "ENV_FILE": os.devnull, "DEBUG": "0"}
    found = report(**environment)
    assert list(found) == ["settings: all"]
    assert "SECRET_KEY" in found["settings: all"]["says"]
    printed = doctor(**environment)
    assert printed.stdout.startswith("WRONG      settings: all: DEBUG is off and these variables are missing")


def test_a_file_of_settings_that_everybody_can_read(tmp_path: Path) -> None:
    file = tmp_path / "settings"
    file.write_text("DEBUG=1\n")
    file.chmod(0o644)
    code = "import django; django.setup()\nfrom tests.doctor.asked import found; print(found('settings')['.env'].state)"
    assert start(code, ENV_FILE=str(file)).stdout.strip() == "wrong"
    file.chmod(0o600)
    assert start(code, ENV_FILE=str(file)).stdout.strip() == "ok"
