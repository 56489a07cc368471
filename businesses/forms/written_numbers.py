"""A form field for telephone numbers as people write them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from businesses.phone_numbers import NotDialable, dialable_e164


class WrittenPhoneNumberField(forms.CharField):
    """A number in any usual notation, kept as E.164. `region` is the country of one without a +."""

    region: str | None = None

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "max_length": 40})  # formatted numbers exceed the 16 that are stored

    def to_python(self, value: Any) -> str:
        """Returns the number in E.164. Without a `region`, the number must include its country code."""
        written = super().to_python(value) or ""
        if not written:
            return ""
        try:
            return dialable_e164(written, self.region)
        except NotDialable:
            raise ValidationError(
                _("This is not a phone number. Write it with its country, like +972501234567."), code="not_a_number"
            ) from None
