"""What a web process has loaded is exempt from Python's search for unreachable cycles, which stops every call."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = """
import gc, json
from twisted.internet import asyncioreactor
asyncioreactor.install()
from frontdesk.asgi import application
from twisted.internet import reactor

def end():
    print(json.dumps([gc.get_freeze_count(), len(gc.get_objects())]))
    reactor.stop()

reactor.callWhenRunning(reactor.callLater, 0, end)
reactor.run()
"""


def test_what_is_loaded_is_not_searched_again() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    frozen, searched = json.loads(done.stdout.splitlines()[-1])
    assert frozen > 100_000
    assert searched < 50_000
