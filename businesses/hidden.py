"""The business that nobody sees: the installation calls it to try itself (`calls/synthetic/`).

It is a row like any other, so that a call to it goes every step that a caller's goes. No list, page or command finds
it: the managers of businesses and of phone numbers leave it out, and `every` is for the call itself. Nothing is
counted, charged or summed up for it.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar
from uuid import UUID

from django.db import models

HIDDEN_ID: Final = UUID("5f9d2c1e-0000-4000-8000-0ca110000001")

Row = TypeVar("Row", bound=models.Model)


def is_hidden(business_id: UUID | None) -> bool:
    """Returns whether this is that business."""
    return business_id == HIDDEN_ID


def seen(rows: models.QuerySet[Row]) -> models.QuerySet[Row]:
    """Returns the rows without those of that business; all of a model of the whole installation."""
    names = {field.name for field in rows.model._meta.get_fields()}
    return rows.exclude(business=HIDDEN_ID) if "business" in names else rows


class SeenBusinesses(models.Manager[Any]):
    """Businesses without the hidden one."""

    def get_queryset(self) -> models.QuerySet[Any]:
        """Returns them."""
        return super().get_queryset().exclude(pk=HIDDEN_ID)


class SeenNumbers(models.Manager[Any]):
    """Phone numbers without that of the hidden business."""

    def get_queryset(self) -> models.QuerySet[Any]:
        """Returns them."""
        return super().get_queryset().exclude(business=HIDDEN_ID)
