"""Weekly hours of a calendar as seven lines of a form."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from businesses.hours import written

DAYS = (
    ("monday", _("Monday")),
    ("tuesday", _("Tuesday")),
    ("wednesday", _("Wednesday")),
    ("thursday", _("Thursday")),
    ("friday", _("Friday")),
    ("saturday", _("Saturday")),
    ("sunday", _("Sunday")),
)


class DayHoursField(forms.CharField):
    """The hours of a day as written, kept as pairs of times."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "placeholder": "9:00-13:00, 14:00-18:00"})
        super().__init__(**{"required": False, "max_length": 120, "widget": widget, **options})

    def to_python(self, value: Any) -> Any:
        """Returns pairs like `[["09:00", "13:00"]]`; none for a closed day."""
        try:
            return written.read(super().to_python(value) or "")
        except written.UnclearHours:
            raise ValidationError(
                _("Write hours like 9:00-13:00, 14:00-18:00. Leave it empty if it is closed."), code="unclear"
            ) from None

    def prepare_value(self, value: Any) -> Any:
        """Returns pairs as they are written."""
        return written.write(value) if isinstance(value, list) else value
