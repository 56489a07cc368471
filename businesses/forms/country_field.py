"""The form field "numbers without a country are from"."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from businesses.countries import country_choices, country_name

LABEL = _("Numbers without a country are from")


class CountryField(forms.ChoiceField):
    """A country. Empty means `guessed`, which the choice names; without a guess, numbers need their country."""

    def __init__(self, *, guessed: str | None = None, **options: Any) -> None:
        options.setdefault("label", LABEL)
        unset = (
            _("%(country)s (by your clock, language and number)") % {"country": country_name(guessed)}
            if guessed
            else _("No country: each number must have its own")
        )
        super().__init__(required=False, choices=[("", unset), *country_choices()], **options)
