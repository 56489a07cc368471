"""Inlines whose rows may point only to rows of the parent row's business."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.forms.models import BaseInlineFormSet
from django.utils.translation import gettext_lazy as _

from businesses.models import Business

if TYPE_CHECKING:
    _FormSet = BaseInlineFormSet[Any, Any, Any]
else:
    _FormSet = BaseInlineFormSet


def business_of(row: models.Model | None) -> UUID | None:
    """Returns the id of the row's business (a business's own id for a business), or None if it has none."""
    return row.pk if isinstance(row, Business) else getattr(row, "business_id", None)


def refuse_mixed(form: forms.BaseForm, business_id: object, *names: str) -> None:
    """Add an error to fields that point to another business's rows: members of two businesses see the rows of both."""
    for name in names:
        value = form.cleaned_data.get(name)
        rows = [value] if isinstance(value, models.Model) else value if isinstance(value, models.QuerySet) else []
        if any(getattr(row, "business_id", business_id) != business_id for row in rows):
            form.add_error(name, ValidationError(_("This belongs to another of your businesses."), code="mixed"))


class FencedFormSet(_FormSet):
    """A formset whose rows stay within the business of the parent row."""

    def add_fields(self, form: forms.BaseForm, index: int | None) -> None:
        """Give each field an accessible name: its visible label is only the column's heading."""
        super().add_fields(form, index)
        for field in form.fields.values():
            if not field.widget.is_hidden:
                drawn = getattr(field.widget, "widget", None) or field.widget  # inside of the one with the links
                drawn.attrs.setdefault("aria-label", field.label)

    def clean(self) -> None:
        """Refuse rows of a business other than the parent row's."""
        super().clean()
        of = business_of(self.instance)
        for form in self.forms:
            if hasattr(form, "cleaned_data"):
                refuse_mixed(form, of, *form.cleaned_data)
