"""The form of a new access token."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class TokenForm(forms.Form):
    """What it is for, and what it may do."""

    name = forms.CharField(
        label=_("What it is for"),
        max_length=60,
        widget=forms.TextInput(attrs={"dir": "auto"}),
        help_text=_("Like “booking system”. It is in the audit log with all that the token changes."),
    )
    may_write = forms.BooleanField(
        label=_("It may change things"),
        required=False,
        help_text=_("Add contacts, note opt-outs, make and start broadcasts. Otherwise it may only read."),
    )
