"""The stand-in for OpenAI in a process of its own, for tests that talk."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from testing.databases import ROOT


@contextmanager
def sandbox() -> Iterator[dict[str, str]]:
    """`manage.py sandbox`; the environment variables with which a web process finds it."""
    command = [sys.executable, "manage.py", "sandbox", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            url = process.stdout.readline().split()[-1]
            yield {"OPENAI_REALTIME_URL": url.replace("http", "ws", 1), "OPENAI_BASE_URL": url}
        finally:
            process.terminate()
