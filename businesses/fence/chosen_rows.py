"""The rows that were ticked in a list of the admin."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest


def keep_possible_keys(request: HttpRequest, model: type[models.Model]) -> None:
    """Take what no row's key can be out of the ticked ones. Django's own page would fail on it.

    A key that is left out is treated like one whose row is gone.
    """
    told = request.POST.copy()
    keys = told.getlist(ACTION_CHECKBOX_NAME)
    told.setlist(ACTION_CHECKBOX_NAME, [key for key in keys if _is_possible(model._meta.pk, key)])
    request.POST = told  # type: ignore[assignment]


def _is_possible(field: models.Field[Any, Any], key: str) -> bool:
    try:
        field.clean(key, None)
    except ValidationError:
        return False
    return True
