"""Tables inside another row's page: what they point to belongs to that row's business."""

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
    """The id of the business that a row belongs to; a business's own; None of what belongs to none."""
    return row.pk if isinstance(row, Business) else getattr(row, "business_id", None)


def refuse_mixed(form: forms.BaseForm, business_id: object, *names: str) -> None:
    """Mark the fields that point to rows of another business: somebody who belongs to two may see both."""
    for name in names:
        value = form.cleaned_data.get(name)
        rows = [value] if isinstance(value, models.Model) else value if isinstance(value, models.QuerySet) else []
        if any(getattr(row, "business_id", business_id) != business_id for row in rows):
            form.add_error(name, ValidationError(_("This belongs to another of your businesses."), code="mixed"))


class FencedFormSet(_FormSet):
    """The rows of such a table."""

    def add_fields(self, form: forms.BaseForm, index: int | None) -> None:
        """Name each field to screen readers: what people read is the head of its column only."""
        super().add_fields(form, index)
        for field in form.fields.values():
            if not field.widget.is_hidden:
                drawn = getattr(field.widget, "widget", None) or field.widget  # inside of the one with the links
                drawn.attrs.setdefault("aria-label", field.label)

    def clean(self) -> None:
        """Refuse what belongs to another business than the page's row."""
        super().clean()
        of = business_of(self.instance)
        for form in self.forms:
            if hasattr(form, "cleaned_data"):
                refuse_mixed(form, of, *form.cleaned_data)
