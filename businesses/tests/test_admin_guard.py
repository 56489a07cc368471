"""No admin is registered without the fence."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.db import models

from businesses.fence.fenced_admin import FencedAdmin, FencedInline
from businesses.models import Business, PhoneNumber

admin.autodiscover()


def faults(model_admin: Any) -> list[str]:
    """Returns what would let a registered admin see past the fence."""
    found = []
    if not isinstance(model_admin, FencedAdmin):
        found.append("not a FencedAdmin")
    found += [
        f"inline {inline.__name__} is not a FencedInline"
        for inline in model_admin.inlines
        if not issubclass(inline, FencedInline)
    ]
    for option in ("raw_id_fields", "list_editable"):
        if getattr(model_admin, option):
            found.append(f"{option} goes past the fence")
    return found


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model.__name__)
def test_every_registered_admin_is_fenced(model: type[models.Model]) -> None:
    assert faults(admin.site._registry[model]) == []


def test_an_admin_without_its_fence_is_noticed() -> None:
    class Numbers(admin.TabularInline):  # type: ignore[type-arg]
        model = PhoneNumber

    class Open(admin.ModelAdmin):  # type: ignore[type-arg]
        inlines = [Numbers]  # noqa: RUF012 - as someone would write it
        raw_id_fields = ("business",)
        list_editable = ("name",)

    assert faults(Open(Business, admin.site)) == [
        "not a FencedAdmin",
        "inline Numbers is not a FencedInline",
        "raw_id_fields goes past the fence",
        "list_editable goes past the fence",
    ]
