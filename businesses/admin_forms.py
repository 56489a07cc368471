"""The admin's forms for a business's settings and its phone numbers."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from businesses.fence.fenced_form import FencedForm
from businesses.forms.notice import NoticeMixin
from businesses.forms.written_numbers import WrittenPhoneNumberField
from businesses.models import Business, PhoneNumber


def _telephone() -> forms.TextInput:
    return forms.TextInput(attrs={"dir": "ltr", "type": "tel", "class": "vTextField"})


class BusinessForm(NoticeMixin, FencedForm):
    """A business's settings. Phone numbers may be written in national format: 050-123-4567."""

    instance: Business

    class Meta:
        model = Business
        exclude: ClassVar[list[str]] = []  # the admin's fieldsets name the fields
        field_classes: ClassVar[dict[str, type[forms.Field]]] = {"fallback_number": WrittenPhoneNumberField}
        widgets: ClassVar[dict[str, forms.Widget]] = {
            "fallback_number": _telephone(),
            # dir=auto: the first letter sets the direction, so Hebrew reads right to left on an English page too.
            "greeting_text": forms.Textarea(attrs={"dir": "auto", "rows": 3, "class": "vLargeTextField"}),
            "instructions": forms.Textarea(attrs={"dir": "auto", "rows": 12, "class": "vLargeTextField"}),
            "closed_greeting_text": forms.Textarea(attrs={"dir": "auto", "rows": 2, "class": "vLargeTextField"}),
            "closed_instructions": forms.Textarea(attrs={"dir": "auto", "rows": 3, "class": "vLargeTextField"}),
            "address": forms.TextInput(attrs={"dir": "auto", "class": "vTextField"}),
            "directions": forms.Textarea(attrs={"dir": "auto", "rows": 2, "class": "vLargeTextField"}),
            "opening_hours": forms.Textarea(attrs={"dir": "auto", "rows": 3, "class": "vLargeTextField"}),
            "recording_notice": forms.Textarea(attrs={"dir": "auto", "rows": 2, "class": "vLargeTextField"}),
            "time_zone": forms.TextInput(attrs={"dir": "ltr", "class": "vTextField"}),
            "server_vad_threshold": forms.NumberInput(attrs={"step": "0.01", "dir": "ltr"}),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        number = self.fields.get("fallback_number")
        if isinstance(number, WrittenPhoneNumberField) and not self.instance._state.adding:
            number.region = self.instance.region()


class PhoneNumberForm(FencedForm):
    """A number that callers dial, with its country."""

    class Meta:
        model = PhoneNumber
        fields = ("business", "number", "is_active")
        field_classes: ClassVar[dict[str, type[forms.Field]]] = {"number": WrittenPhoneNumberField}
        widgets: ClassVar[dict[str, forms.Widget]] = {"number": _telephone()}
