"""Child processes that end with their parent, however it ends."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

STOP_TIMEOUT_S = 10
PR_SET_PDEATHSIG = 1  # linux/prctl.h


@contextmanager
def running(command: list[str], *, on_early_end: Callable[[int], None]) -> Iterator[None]:
    """Run a command for the duration of the block; end it by SIGTERM, or SIGKILL if that doesn't suffice.

    On Linux the kernel also ends it when this process is killed. A Ctrl-C reaches this process only,
    which then ends the child. `on_early_end` is called with the exit code, in a separate thread, when
    the child ends before the block.
    """
    child = subprocess.Popen(command, preexec_fn=_die_with_parent, start_new_session=True)  # noqa: PLW1509, S603
    wanted = threading.Event()
    wanted.set()

    def watch() -> None:
        code = child.wait()
        if wanted.is_set():
            on_early_end(code)

    threading.Thread(target=watch, name="child-watch", daemon=True).start()
    try:
        yield
    finally:
        wanted.clear()
        child.terminate()
        try:
            child.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
