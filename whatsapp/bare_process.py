"""Python processes apart from ours, for what strangers wrote: it may take any time and memory there. Imports no Django.

Such a process starts bare, without an environment, hence without secrets, and without installed libraries, so that it
is there in a few hundredths of a second. It holds itself back before it parses anything.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
# Calls go first wherever processors are scarce, also while the interpreter starts. POSIX has `nice` everywhere.
_CALLS_FIRST = ["nice", "-n", "15"] if shutil.which("nice", path=os.defpath) else []
_PRELUDE = """
import sys
sys.path.insert(0, sys.argv[1])
"""


def start(program: str, *arguments: str, stdin: int) -> subprocess.Popen[bytes]:
    """Start a program that may import our modules; its arguments begin at `sys.argv[2]`. Its output is a pipe.

    `stdin` is a descriptor, or `subprocess.PIPE`.
    """
    # -I: neither the environment nor the current folder may change what is imported. -S: no installed library is.
    command = [*_CALLS_FIRST, sys.executable, "-I", "-S", "-c", _PRELUDE + program, str(_ROOT), *arguments]
    return subprocess.Popen(  # noqa: S603 - all of it is ours
        command,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.defpath},
        cwd="/",
        process_group=0,  # apart from the terminal's signals. Linux weighs niceness only within a session: no new one.
    )


def hold_back(cpu_s: int, memory_mb: int) -> None:
    """Limit the process that calls it, for good. Systems without one of the limits (macOS: memory) go without it.

    It can then neither write files nor start programs.
    """
    limits = (
        (resource.RLIMIT_CPU, cpu_s, cpu_s + 1),
        (resource.RLIMIT_AS, memory_mb * 1_000_000, memory_mb * 1_000_000),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_NOFILE, 32, 32),
        (resource.RLIMIT_NPROC, 0, 0),
    )
    for kind, soft, hard in limits:
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (soft, hard))
