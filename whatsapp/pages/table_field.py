"""The form field of a file with a table of people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext_lazy as _

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
