"""The form field of a file with a table of people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from businesses.forms.country_field import CountryField
from businesses.models import Business

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

ROW_FOR_EACH_PERSON = _("CSV or Excel (.xlsx), with a row for each person. Up to 60 MB.")


def table_field(*, help_text: str | _StrPromise, required: bool = True) -> forms.FileField:
    """Returns a field that offers the kinds of files that can be read."""
    return forms.FileField(
        label=_("File"),
        required=required,
        help_text=help_text,
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,.txt,text/csv"}),
    )


class LocalNumbersForm(forms.Form):
    """A form with numbers that may lack their country: it says which one they are from then."""

    def __init__(self, *args: Any, business: Business, **options: Any) -> None:
        super().__init__(*args, **options)
        country = business.region()
        self.fields["region"] = CountryField(initial=country or "", guessed=country)
