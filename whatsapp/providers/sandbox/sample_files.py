"""Our own files, which the stand-in's messages have."""

from __future__ import annotations

from pathlib import Path
from typing import Final

FILES: Final = Path(__file__).parent / "files"
SAMPLES: Final = {"sandbox-picture": "picture.jpg", "sandbox-voice": "voice.ogg"}
"""The stand-in's media ids, and our own files that they stand for."""


def sample(name: str) -> bytes:
    """Returns the content of one of our own sample files: `picture.jpg` or `voice.ogg`."""
    return (FILES / name).read_bytes()
