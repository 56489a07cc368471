"""The report when the settings refuse to be read: nothing else can be tried then. It needs no settings itself."""

from __future__ import annotations

import json
import sys


def report(refusal: str, *, as_json: bool) -> int:
    """Print what the settings refuse, which says what to do. Returns the exit code."""
    line = {"subject": "settings", "name": "all", "state": "wrong", "says": refusal, "mend": "Nothing else was tried."}
    text = json.dumps({"ok": False, "checks": [line]}) if as_json else f"WRONG      settings: all: {refusal}"
    sys.stdout.write(f"{text}\n")
    return 1
