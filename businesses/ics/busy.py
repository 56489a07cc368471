"""When somebody is busy elsewhere, as a file says. Pure; without the libraries that read files."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class Busy(NamedTuple):
    """One event during which the owner is busy (UTC). `uid` is the other program's name of it."""

    start: datetime
    end: datetime
    uid: str
