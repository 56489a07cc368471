"""The admin's field that searches among many rows, fit for those who don't see it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect
from django.utils.translation import gettext_lazy as _


class SearchingSelect(AutocompleteSelect):
    """Django's list of choices with a search in it, never without a text or a name."""

    @property
    def media(self) -> forms.Media:
        """Django's, and a script that gives the drawn field the name of the hidden one."""
        return super().media + forms.Media(js=["admin/js/autocomplete.js", "admin-search.js"])  # in this order

    def build_attrs(self, base_attrs: dict[str, Any], extra_attrs: dict[str, Any] | None = None) -> dict[str, Any]:
        """Say in the empty field what to do."""
        return {**super().build_attrs(base_attrs, extra_attrs), "data-placeholder": str(_("Search and choose"))}
