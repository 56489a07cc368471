"""Measures how well callers are heard; `python -m bench.ears` has options. Skipped without the recordings."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)

from bench.ears.__main__ import main  # noqa: E402 - the project's root comes first

main()
