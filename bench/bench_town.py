"""Measures what a call costs, side by side with the least there is; `python -m bench.town` has options."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)

from bench.town.__main__ import main  # noqa: E402 - the project's root comes first

if __name__ == "__main__":  # its callers run in a process that imports this file again
    main([])
