"""Ctrl-C ends a command without a traceback, even before the command has installed its own handler."""

import signal
import subprocess
import sys

from testing.databases import ROOT

WAIT = "import time; print('waiting', flush=True); time.sleep(60)"


def test_ctrl_c_leaves_no_traceback() -> None:
    command = [sys.executable, "manage.py", "shell", "--no-imports", "--command", WAIT]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=20)
    assert complaints == "\nStopped.\n"
    assert process.returncode == 130
