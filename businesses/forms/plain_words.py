"""Form errors in plain words: they say what to enter instead, with unit and range.

A model may define its own messages by field (`plain_words`, see `field_words.py`); every other field gets general
ones here. Both the admin and the web pages use them, so that an invalid value gets the same message everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_NUMBER = (
    *("required", "invalid", "min_value", "max_value", "not_finite"),
    *("max_digits", "max_decimal_places", "max_whole_digits"),
)
_CHOICE = ("invalid_choice", "invalid_list", "invalid_pk_value")


def plain_formfield(model_field: models.Field[Any, Any], **options: Any) -> forms.Field | None:
    """Returns a model field's form field with plain error messages; for a form's `formfield_callback`."""
    field = model_field.formfield(**options)
    if field is not None:
        speak_plainly(field, model_field)
    return field


def speak_plainly(field: forms.Field, model_field: models.Field[Any, Any] | None = None) -> None:
    """Set a form field's error messages, and drop `maxlength`: browsers would silently cut off longer text."""
    field.widget.attrs.pop("maxlength", None)
    words = dict(_words(field, model_field))
    own = getattr(getattr(model_field, "model", None), "plain_words", {}).get(getattr(model_field, "name", ""))
    if own:
        words.update(dict.fromkeys(_NUMBER if isinstance(field, forms.IntegerField) else ("max_length",), own))
    field.error_messages.update(words)


def _words(field: forms.Field, model_field: models.Field[Any, Any] | None) -> Iterator[tuple[str, Any]]:
    yield "required", _("This can't be empty.")
    yield "unique", _("There is one already. Change that one, or write something else here.")
    match field:
        case forms.IntegerField():  # DecimalField and FloatField inherit from it
            yield from dict.fromkeys(_NUMBER, _range(field, model_field)).items()
        case forms.EmailField():
            yield "invalid", _("This is not an email address. Write it like dana@example.com.")
        case forms.JSONField():
            yield "invalid", _('Write names and values like {"city": "Haifa"}, or {} for none.')
        case forms.TimeField():
            yield "invalid", _("Write a time of day like 08:30.")
        case forms.DateTimeField() | forms.SplitDateTimeField():
            yield from dict.fromkeys(("invalid", "invalid_date"), _("Write a date like 2026-11-30.")).items()
            yield "invalid_time", _("Write a time of day like 08:30.")
        case forms.ModelChoiceField() | forms.ChoiceField():
            yield from dict.fromkeys(_CHOICE, _("Choose from the list: this isn't in it, or no longer is.")).items()
    yield "max_length", _("At most %(limit_value)d characters fit here; this is %(show_value)d. Shorten it.")


def _range(field: forms.IntegerField, model_field: models.Field[Any, Any] | None) -> _StrPromise:
    limits = [*field.validators, *getattr(model_field, "_validators", ())]
    low = max((v.limit_value for v in limits if isinstance(v, MinValueValidator)), default=None)
    high = min((v.limit_value for v in limits if isinstance(v, MaxValueValidator)), default=None)
    whole = not isinstance(field, forms.FloatField | forms.DecimalField)
    if low is None:
        return _("Write a whole number.") if whole else _("Write a number like 12.5.")
    if high is None:
        words = _("Write a whole number, {low} or more.") if whole else _("Write a number, {low} or more.")
    else:
        words = _("Write a whole number from {low} to {high}.") if whole else _("Write a number from {low} to {high}.")
    return format_lazy(words, low=low, high=high)
