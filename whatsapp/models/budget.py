"""A column for a budget of money."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.core.validators import MinValueValidator
from django.db import models

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


def budget_field(name: str | _StrPromise, *, help_text: str | _StrPromise) -> models.DecimalField[Any, Any]:
    """Returns a column for an amount in the rate card's currency; NULL for no budget."""
    least = Decimal("0.01")
    return models.DecimalField(
        name,
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(least)],
        help_text=help_text,
    )
