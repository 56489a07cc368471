"""The admin's autocomplete field, accessible to screen readers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect
from django.utils.translation import gettext_lazy as _


class SearchingSelect(AutocompleteSelect):
    """Django's autocomplete select, which always has a placeholder and an accessible name."""

    @property
    def media(self) -> forms.Media:
        """Django's media, and a script that gives the drawn field the hidden field's label."""
        return super().media + forms.Media(js=["admin/js/autocomplete.js", "admin-search.js"])  # in order

    def build_attrs(self, base_attrs: dict[str, Any], extra_attrs: dict[str, Any] | None = None) -> dict[str, Any]:
        """Set the placeholder of the empty field."""
        return {**super().build_attrs(base_attrs, extra_attrs), "data-placeholder": str(_("Search and choose"))}
