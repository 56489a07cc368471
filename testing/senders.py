"""Sending processes that tests kill: a farm forks them in milliseconds, so that one test can kill many.

with sender_farm(environment) as farm:
    pid = farm.start()
    os.kill(pid, signal.SIGKILL)
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from testing.databases import ROOT


@dataclass
class SenderFarm:
    """A process that has imported everything and forks senders on demand."""

    process: subprocess.Popen[str]
    pids: set[int] = field(default_factory=set)

    def start(self, *, until_idle: bool = False) -> int:
        """Start a sender. Returns its process id."""
        pid = int(self._ask("idle" if until_idle else "run"))
        self.pids.add(pid)
        return pid

    def send_signal(self, pid: int, number: int) -> None:
        """Send a signal to a sender; ignored if it has already ended."""
        with suppress(ProcessLookupError):
            os.kill(pid, number)

    def wait(self, pid: int) -> int:
        """Wait until a sender has ended. Returns its exit code; negative if a signal killed it."""
        code = int(self._ask(f"wait {pid}"))
        self.pids.discard(pid)
        return code

    def _ask(self, question: str) -> str:
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError("The farm was started without pipes.")
        self.process.stdin.write(question + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()


@contextmanager
def sender_farm(environment: Mapping[str, str]) -> Iterator[SenderFarm]:
    """A farm for the duration of the block; senders that are still alive at its end are killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "testing.fork_senders"],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    farm = SenderFarm(process)
    try:
        yield farm
    finally:
        for pid in farm.pids:
            farm.send_signal(pid, 9)
        process.communicate(timeout=10)
