"""Processes that are started again when they end, as the shipped systemd units do it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from testing.databases import ROOT

_LOOK_EVERY_S = 0.05
_STOP_TIMEOUT_S = 60


def restart_after_s() -> float:
    """Returns the delay of a restart in the shipped unit of the web processes."""
    text = (ROOT / "deploy" / "frontdesk-web@.service").read_text()
    assert re.search(r"^Restart=always$", text, re.MULTILINE)
    delay = re.search(r"^RestartSec=(\d+)$", text, re.MULTILINE)
    assert delay
    return float(delay[1])


@dataclass
class Unit:
    """One supervised process. While it is `wanted`, it is started again a moment after it has ended."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log_path: Path
    folder: Path = ROOT
    wanted: bool = False
    _process: subprocess.Popen[bytes] | None = None
    _over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._delay_s = restart_after_s()
        threading.Thread(target=self._supervise, name=f"unit-{self.name}", daemon=True).start()

    def start(self) -> None:
        """Start it, and keep it running."""
        self._spawn()
        self.wanted = True

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Stop it for good, and wait until it has ended."""
        self.wanted = False
        assert self._process
        with suppress(ProcessLookupError):  # the process alone, as `KillMode=mixed`
            os.kill(self._process.pid, number)
        try:
            self._process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.send(signal.SIGKILL)
            self._process.wait()

    def send(self, number: int) -> None:
        """Send the process and its children a signal; ignored if it has ended."""
        assert self._process
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def end(self) -> None:
        """Kill it, and stop looking after it."""
        self.wanted = False
        self._over.set()
        if self._process:
            self.send(signal.SIGKILL)
            self._process.wait()

    def _spawn(self) -> None:
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=dict(self.environment),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _supervise(self) -> None:
        while not self._over.wait(_LOOK_EVERY_S):
            if self.wanted and self._process and self._process.poll() is not None:
                with suppress(ProcessLookupError):  # children that outlive it: systemd kills the whole group
                    os.killpg(self._process.pid, signal.SIGKILL)
                if not self._over.wait(self._delay_s) and self.wanted:
                    self._spawn()
