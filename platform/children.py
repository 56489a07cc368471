"""Child processes that end with their parent, however it ends."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

STOP_TIMEOUT_S = 10
PR_SET_PDEATHSIG = 1  # linux/prctl.h


@contextmanager
def running(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command beside the block and end it after it, by SIGTERM and if need be by SIGKILL.

    On Linux the kernel ends it also when this process is killed. A Ctrl-C reaches this process only,
    which then ends the child in its own time.
    """
    child = subprocess.Popen(command, preexec_fn=_die_with_parent, start_new_session=True)  # noqa: PLW1509, S603
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
