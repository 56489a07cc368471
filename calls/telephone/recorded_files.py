"""Recordings of simulated calls as files: where no account of Twilio's is set, they are fetched from here.

`manage.py call` puts them into `VAR_DIR/recorded`, and the server that it calls, on the same machine, takes them.
"""

from __future__ import annotations

import json
from pathlib import Path

from django.conf import settings


class RecordedFiles:
    """The folder as the tray of a simulated call (`calls/sandbox/telephone/after_the_beep.py`)."""

    def put(self, recording_sid: str, audio: bytes, *, call_sid: str) -> None:
        """Keep a recording (µ-law)."""
        folder = _folder()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{recording_sid}.ulaw").write_bytes(audio)
        (folder / f"{recording_sid}.json").write_text(json.dumps({"call": call_sid}))


def read(recording_sid: str) -> bytes | None:
    """Returns a recording (µ-law); None if there is none."""
    try:
        return (_folder() / f"{recording_sid}.ulaw").read_bytes()
    except OSError:
        return None


def of_call(call_sid: str) -> list[str]:
    """Returns the ids of a call's recordings."""
    found = _folder().glob("*.json") if _folder().is_dir() else ()
    return [path.stem for path in found if json.loads(path.read_text()).get("call") == call_sid]


def drop(recording_sid: str) -> None:
    """Remove a recording, if there is one."""
    for suffix in (".ulaw", ".json"):
        (_folder() / f"{recording_sid}{suffix}").unlink(missing_ok=True)


def _folder() -> Path:
    return Path(settings.VAR_DIR) / "recorded"
