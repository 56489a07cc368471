"""Two people change one row at once: what is taken from whom. Pure.

Each value is given as a digest of it (`seen.py`), so that a page need not carry every text twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Merged:
    """Whose value each field takes, where it is not simply the writer's.

    `theirs`: fields that only others have changed; they keep the others' value. `conflicts`: fields that both have
    changed to different values; a person must decide.
    """

    theirs: frozenset[str]
    conflicts: frozenset[str]


def merge(*, seen: Mapping[str, str], mine: Mapping[str, str], theirs: Mapping[str, str]) -> Merged:
    """Returns how what was written (`mine`) and what is stored now (`theirs`) go together.

    `seen` is what the writer saw before writing. A field that isn't in it is the writer's: nothing is known of it.
    """
    moved = {name for name in mine if name in seen and theirs.get(name) not in {seen[name], mine[name]}}
    kept = frozenset(name for name in moved if mine[name] == seen[name])
    return Merged(kept, frozenset(moved) - kept)
