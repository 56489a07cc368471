"""Businesses' files in the storage: a folder for each purpose, with a folder for each business inside."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.core.files.storage import default_storage

from businesses.models import Business


def remove_stale(folder: str, *, before: datetime, keep: Collection[str] = ()) -> int:
    """Delete files of all businesses that were written before then, except those in `keep`. Returns their number."""
    removed = 0
    if not default_storage.exists(folder):
        return 0
    for business in default_storage.listdir(folder)[0]:
        for name in default_storage.listdir(f"{folder}/{business}")[1]:
            path = f"{folder}/{business}/{name}"
            if path not in keep and default_storage.get_modified_time(path) < before:
                default_storage.delete(path)
                removed += 1
    return removed


def names(folder: str, business: Business) -> list[str]:
    """Returns the files of one business in a folder."""
    path = f"{folder}/{business.pk.hex}"
    return [f"{path}/{name}" for name in default_storage.listdir(path)[1]] if default_storage.exists(path) else []
