"""What strangers' bytes reach, a module each: `SEEDS` are real ones, `spoil` makes others, `try_bytes` takes any."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from random import Random
from typing import Protocol, cast

NAMES = ("line", "news", "tables")


class Target(Protocol):
    """One of the modules."""

    SEEDS: Sequence[bytes]

    def spoil(self, data: bytes, random: Random) -> bytes:
        """Returns one of the seeds, or what came of it before, with something wrong in it."""

    def try_bytes(self, data: bytes) -> None:
        """Take the bytes as the program does. Raises what went wrong."""


def target(name: str) -> Target:
    """Returns the module of this name. Django must be set up."""
    return cast("Target", import_module(f"{__name__}.{name}"))
