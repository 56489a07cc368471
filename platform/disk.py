"""Whether files can be written where recordings and uploads go: a full disk loses them, and often the database's."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path
from typing import Final

from django.conf import settings

from businesses import media_folder

KEPT_S: Final = 5.0
LOW_BYTES: Final = 5_000_000_000
"""Free room below which it is told, as in the alert for it (`deploy/alerts.yml`): recordings of 86 hours of calls."""


class _Known:
    """What the last try has shown, and when that was."""

    lock = threading.Lock()
    problem = ""
    at = float("-inf")


def problem() -> str:
    """Returns why nothing can be written; empty if it can. It is tried every few seconds, however often it is asked."""
    with _Known.lock:
        if time.monotonic() - _Known.at >= KEPT_S:
            _Known.problem, _Known.at = _tried(), time.monotonic()
        return _Known.problem


def free_bytes() -> int:
    """Returns how much can still be written where recordings and uploads go. Raises `OSError`."""
    folder = Path(settings.MEDIA_ROOT).resolve()
    return shutil.disk_usage(next(each for each in (folder, *folder.parents) if each.exists())).free


def _tried() -> str:
    try:
        media_folder.try_to_write(Path(settings.MEDIA_ROOT))
    except OSError as error:
        return f"files can't be written to MEDIA_ROOT: {media_folder.reason(error)}"
    return ""
