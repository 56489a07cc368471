"""When the last backup was made from this machine: a stamp in `VAR_DIR`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from django.conf import settings

from businesses.doctor import table
from businesses.doctor.table import Check
from businesses.doctor.verdicts import Verdict, not_tried, ok, wrong

OLDEST_S: Final = 2 * 86_400.0
"""A daily backup that is older has failed at least once."""


def register() -> None:
    """Have its age looked at by the doctor."""
    table.register("backup", _checks)


def note() -> None:
    """Remember that one was made just now."""
    _stamp().touch(mode=0o600)


def age_s() -> float:
    """Returns the seconds since the last one; 0 if there was none."""
    try:
        return max(time.time() - _stamp().stat().st_mtime, 0.001)
    except FileNotFoundError:
        return 0.0


def judged(seconds: float) -> Verdict:
    """Returns whether it is recent. `seconds`: of `age_s`."""
    if not seconds:
        return not_tried(
            "manage.py backup has never run on this machine (docs/operations.md says how to run it daily)."
        )
    says = f"The last one was made {seconds / 3600:,.0f} hours ago."
    if seconds > OLDEST_S:
        return wrong(says, "See why the daily manage.py backup fails, and run it by hand.")
    return ok(says)


def _checks() -> Iterator[Check]:
    yield Check("age", lambda: judged(age_s()))


def _stamp() -> Path:
    return Path(settings.VAR_DIR) / "last-backup"
