"""The filters beside the admin's lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.admin.filters import AllValuesFieldListFilter, FieldListFilter
from django.contrib.admin.views.main import ChangeList
from django.db import models


class NamedValuesFilter(AllValuesFieldListFilter):
    """Filters by the values that occur. Django's link for empty values has no text; this one has."""

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Yields Django's choices, with a dash for an empty text."""
        for choice in super().choices(changelist):
            yield {**choice, "display": choice["display"] or "–"}


def register() -> None:
    """Use this filter for every text field without choices."""
    FieldListFilter.register(
        lambda field: isinstance(field, models.CharField) and not field.choices,
        NamedValuesFilter,
        take_priority=True,
    )
