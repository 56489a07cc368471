"""Has an ICS file read in a process of its own, which is killed when it takes too long or too much."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime
from typing import Final

from django.conf import settings

from businesses.ics.busy import Busy
from businesses.ics.problems import FileProblem, UnusableFile

TIME_S: Final = 30.0
MEMORY_BYTES: Final = 1_000_000_000


def read(file: bytes, *, zone: str, first: datetime, until: datetime, time_s: float = TIME_S) -> list[Busy]:
    """Returns when the file's owner is busy between two moments. Raises `UnusableFile`.

    It blocks for as long as it takes, `time_s` at most; it may not be called on an event loop.
    """
    arguments = [zone, first.isoformat(), until.isoformat(), str(MEMORY_BYTES)]
    try:
        done = subprocess.run(  # noqa: S603 - our own module, and no word of the file is an argument
            [sys.executable, "-m", "businesses.ics.reading", *arguments],
            input=file,
            capture_output=True,
            timeout=time_s,
            cwd=settings.BASE_DIR,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UnusableFile(FileProblem.TOO_MUCH_WORK) from None
    if done.returncode:
        is_memory = done.returncode < 0 or b"MemoryError" in done.stderr
        raise UnusableFile(FileProblem.TOO_MUCH_WORK if is_memory else FileProblem.NOT_A_CALENDAR)
    answer = json.loads(done.stdout)
    if "problem" in answer:
        raise UnusableFile(FileProblem(answer["problem"]))
    return [Busy(datetime.fromisoformat(start), datetime.fromisoformat(end), uid) for start, end, uid in answer["busy"]]
