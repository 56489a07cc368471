"""pipecat in a virtual environment of its own, made when it is asked for: it is no dependency of Frontdesk."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).resolve().parent.parent.parent / "var" / "pipecat"
WANTED: Final = ("pipecat-ai[openai,websocket]==1.14.0", "uvicorn[standard]==0.54.0")


class NotInstalled(Exception):
    """It can't be installed here. The message says why."""


def python() -> Path:
    """Returns the interpreter that has pipecat, and makes it first if need be. Raises `NotInstalled`."""
    wanted = " ".join(WANTED)
    found, stamp = FOLDER / "bin" / "python", FOLDER / "installed"
    if stamp.exists() and stamp.read_text() == wanted:
        return found
    print(f"installing {wanted} into {FOLDER} ...", file=sys.stderr, flush=True)
    try:
        venv.create(FOLDER, with_pip=True)
        install = [str(found), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *WANTED]
        subprocess.run(install, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        raise NotInstalled(f"pipecat can't be installed: {said[-1] if said else error}") from error
    stamp.write_text(wanted)
    return found
