"""Runs a benchmark to its end and notes how busy the machine was with other things meanwhile. Linux only."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.town.processes import busy_s, cpu_s

ROOT: Final = Path(__file__).resolve().parent.parent.parent
_PR_SET_CHILD_SUBREAPER: Final = 36


@dataclass(frozen=True, slots=True)
class Watched:
    """How a benchmark ended. `others`: cores that neither it nor its processes used. `said`: its last complaint."""

    code: int
    seconds: float
    others: float
    said: str


def adopt_orphans() -> None:
    """Become the parent of what this process's descendants leave running, as PostgreSQL is: it is not the others'."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def run(words: Sequence[str], log: Path) -> Watched:
    """Run Python with these words in the project's root. Its output and complaints are added to the log."""
    began, busy, own = time.monotonic(), busy_s(), cpu_s(os.getpid())
    with log.open("ab") as output, tempfile.TemporaryFile() as complaints:
        output.write(f"== {' '.join(words)}\n".encode())
        output.flush()
        process = subprocess.Popen([sys.executable, *words], cwd=ROOT, stdout=output, stderr=complaints)
        process.returncode = _ended(process.pid)
        complaints.seek(0)
        said = complaints.read()
        output.write(said)
    seconds = time.monotonic() - began
    others = (busy_s() - busy - (cpu_s(os.getpid()) - own)) / seconds
    last = said.decode(errors="replace").strip().splitlines()[-1:]
    return Watched(process.returncode, seconds, max(0.0, others), "".join(last))


def _ended(pid: int) -> int:
    """Wait for a child, and meanwhile for all that was adopted: nobody else would. Returns the child's exit code."""
    while True:
        ended, status = os.wait()
        if ended == pid:
            return os.waitstatus_to_exitcode(status)
