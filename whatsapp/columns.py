"""Columns of many rows as the database driver takes them. Imports no models."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any


def prepared_once(values: Iterable[Any], prepare: Callable[[Any], Any]) -> list[Any]:
    """Returns the values of a column, each as `prepare` makes it. Many are the same, and are prepared once."""
    known: dict[Any, Any] = {}
    prepared = []
    for value in values:
        key = value or type(value)  # what is empty or zero may be equal and of another type
        if not isinstance(key, Hashable):
            prepared.append(prepare(value))
            continue
        if key not in known:
            known[key] = prepare(value)
        prepared.append(known[key])
    return prepared
