"""A task that writes a message to a person and a row of its own in one transaction, in processes that are killed.

    with migrated_database() as url:
        run(environment_of(url), SET_UP)
        leaves_both_or_none(environment_of(url), task="calls.tasks.rescue_missed_calls", row="calls.models.Rescue")

Each process is `python -m testing.killed_workers TASK ROW [POINT]`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any, NoReturn

from testing.databases import ROOT

POINTS = ("before the message", "between the two", "after both")
PATIENCE_S = 60


def environment_of(database_url: str) -> dict[str, str]:
    """Returns the environment of processes that share a database."""
    return {**os.environ, "DATABASE_URL": database_url, "DJANGO_SETTINGS_MODULE": "frontdesk.settings"}


def leaves_both_or_none(environment: dict[str, str], *, task: str, row: str) -> None:
    """Kill the task at each point, then run it twice at once: there must be one message and one row.

    A row that a killed process had left would keep the next ones from writing, and a message would be doubled.
    """
    for point in POINTS:
        worker = _worker(environment, task, row, point)
        assert worker.wait(timeout=PATIENCE_S) == -signal.SIGKILL, point
        assert _there_are(environment, task, row) == "0 messages, 0 rows", point
    workers = [_worker(environment, task, row) for _ in range(2)]
    assert [worker.wait(timeout=PATIENCE_S) for worker in workers] == [0, 0]
    assert _there_are(environment, task, row) == "1 messages, 1 rows"


def _worker(environment: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "testing.killed_workers", *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE)


def _there_are(environment: dict[str, str], task: str, row: str) -> str:
    said, _errors = _worker(environment, task, row, "count").communicate(timeout=PATIENCE_S)
    return said.strip()


def _die(*_arguments: Any, **_values: Any) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise SystemExit  # not reached


def _break(row: Any, point: str) -> None:
    """Have this process killed when it comes to a point."""
    from businesses import messenger  # noqa: PLC0415 - needs settings

    if point == POINTS[0]:
        messenger.send_template = _die
    elif point == POINTS[1]:
        row.objects.create = _die
    elif point == POINTS[2]:
        save = row.save

        def saved(self: Any, *arguments: Any, **values: Any) -> None:
            save(self, *arguments, **values)
            _die()

        row.save = saved


def main(arguments: list[str]) -> None:
    """Do the task and die at a point of it, if one is named; or say what there is (`count`)."""
    import django  # noqa: PLC0415 - this module is imported without settings, too
    from django.utils.module_loading import import_string  # noqa: PLC0415

    django.setup()
    task, row, point = [*arguments, ""][:3]
    model = import_string(row)
    if point == "count":
        from businesses.tenancy import across_businesses  # noqa: PLC0415 - needs settings
        from whatsapp.models import DirectMessage  # noqa: PLC0415

        with across_businesses():
            print(f"{DirectMessage.objects.count()} messages, {model.objects.count()} rows")
        return
    _break(model, point)
    import_string(task)()


if __name__ == "__main__":
    main(sys.argv[1:])
