"""The filters beside the admin's lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.admin.filters import AllValuesFieldListFilter, FieldListFilter
from django.contrib.admin.views.main import ChangeList
from django.db import models


class NamedValuesFilter(AllValuesFieldListFilter):
    """The values that occur. Django's link to "empty" has no text: nobody sees it, and no screen reader tells of it."""

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """See Django's."""
        for choice in super().choices(changelist):
            yield {**choice, "display": choice["display"] or "–"}


def register() -> None:
    """Let every text without fixed choices be filtered like this."""
    FieldListFilter.register(
        lambda field: isinstance(field, models.CharField) and not field.choices,
        NamedValuesFilter,
        take_priority=True,
    )
