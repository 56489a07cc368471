"""Deleting in batches, so that no transaction of a night's clean-up or of an erasure holds many rows."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet


def delete_some(rows: QuerySet[Any, Any], most: int) -> int:
    """Delete at most so many of these rows. Returns how many went, with those that belong to them."""
    keys = list(rows.values_list("pk", flat=True)[:most])
    return int(rows.model._default_manager.filter(pk__in=keys).delete()[0])
