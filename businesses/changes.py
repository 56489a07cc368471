"""What a person has changed in a row's settings, for the audit log: each field before and after."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import models

LONGEST_TEXT = 2_000
"""Characters of a text that are kept; a longer one ends with an ellipsis."""
SECRET = "changed"  # noqa: S105 - a word and no secret
"""What is kept of a value that nobody may read."""


def changes(
    before: models.Model, after: models.Model, names: Collection[str] | None = None, *, secret: Collection[str] = ()
) -> dict[str, list[Any]]:
    """Returns `{field: [before, after]}` of the fields that differ, as JSON values; of secrets only that they do."""
    found: dict[str, list[Any]] = {}
    for field in after._meta.concrete_fields:
        if field.primary_key or (names is not None and field.name not in names):
            continue
        old, new = field.value_from_object(before), field.value_from_object(after)
        if old != new:
            found[field.name] = [SECRET, SECRET] if field.name in secret else [_kept(old), _kept(new)]
    return found


def _kept(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"
