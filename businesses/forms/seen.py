"""Forms of rows that several people may have open: nobody's change is overwritten unseen.

The page carries a digest of each value that it showed. What others have changed since then stays; what both have
changed is shown field by field, and is saved once the writer has chosen (decision 0065).
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.template.loader import render_to_string
from django.utils.crypto import salted_hmac
from django.utils.html import format_html
from django.utils.safestring import SafeString

from businesses.forms.merging import Merged, merge
from businesses.models import AuditEntry, AuditKind, Business

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Any]
else:
    _ModelForm = forms.ModelForm

LOOKED_AT = 50
"""Entries of the audit log that are searched for who made a change."""


class SeenMixin(_ModelForm):
    """A form of one row that tells a conflict. Its template must contain `form.seen`."""

    _merged = Merged(frozenset(), frozenset())

    @property
    def seen(self) -> SafeString:
        """The hidden field with what the page shows; after a conflict, with the others' values, now shown too."""
        digests = self._digests(self.instance) if not self.is_bound else self._posted()
        digests |= {name: self._theirs[name] for name in self._merged.conflicts}
        value = "" if self.instance._state.adding else json.dumps(digests, separators=(",", ":"))
        return format_html('<input type="hidden" name="seen" value="{}" data-keep>', value)

    @property
    def changed_data(self) -> list[str]:
        """The names of the fields that the writer changed: without those that others did."""
        return [name for name in super().changed_data if name not in self._merged.theirs]

    def is_edited(self, name: str) -> bool:
        """Tell whether the writer changed what the page showed in a field, which others may have changed since."""
        seen = self._posted().get(name)
        return name in self.changed_data if seen is None else _digest(self.cleaned_data[name]) != seen

    def _post_clean(self) -> None:
        stored = copy.copy(self.instance)  # before the form's values go into it
        super()._post_clean()  # type: ignore[misc]
        if stored._state.adding or not (seen := self._posted()):
            return
        self._theirs = self._digests(stored)
        mine = {name: value for name, value in self._digests(self.instance).items() if name in self.cleaned_data}
        for name in [name for name in mine if self._takes_theirs(name) and seen.get(name) == self._theirs.get(name)]:
            mine[name] = self._theirs[name]
            self._restore(name, stored)
        self._merged = merge(seen=seen, mine=mine, theirs=self._theirs)
        for name in self._merged.theirs:
            self._restore(name, stored)
        for name in self._merged.conflicts:
            self.add_error(name, ValidationError(self._words(name, stored), code="conflict"))

    def _takes_theirs(self, name: str) -> bool:
        return self.data.get(f"take-{name}") == "theirs"

    def _restore(self, name: str, stored: models.Model) -> None:
        field = self.instance._meta.get_field(name)
        setattr(self.instance, field.attname, getattr(stored, field.attname))
        self.cleaned_data[name] = getattr(stored, name)

    def _posted(self) -> dict[str, str]:
        try:
            found = json.loads(self.data.get("seen") or "{}")
        except (TypeError, ValueError):
            return {}
        return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}

    def _digests(self, row: models.Model) -> dict[str, str]:
        columns = [field for field in row._meta.concrete_fields if field.name in self.fields]
        return {field.name: _digest(field.value_from_object(row)) for field in columns}

    def _words(self, name: str, stored: models.Model) -> SafeString:
        """Returns what others wrote, who and when, and the choice."""
        in_words = getattr(stored, f"get_{name}_display", None)
        value = in_words() if in_words else getattr(stored, name)
        context = {"name": name, "value": value, "is_flag": isinstance(value, bool), "change": change_of(stored, name)}
        return SafeString(render_to_string("pages/conflict.html", context).strip())


def change_of(row: models.Model, name: str) -> dict[str, Any] | None:
    """Returns who last changed a field of a row, and when, as far as the audit log knows."""
    business = row if isinstance(row, Business) else getattr(row, "business", None)
    if business is None:
        return None
    of = f"{row._meta.app_label}.{type(row).__name__}"
    entries: Iterable[tuple[str, datetime, dict[str, Any]]] = (
        AuditEntry.objects.filter(business=business, kind=AuditKind.SETTINGS_CHANGED)
        .order_by("-at", "-pk")
        .values_list("person_name", "at", "details")[:LOOKED_AT]
    )
    found = (
        {"person": person, "at": at}
        for person, at, details in entries
        if details.get("of") == of and name in details.get("changes", {})
    )
    return next(found, None)


def _digest(value: Any) -> str:
    """Returns 48 bits that tell two values apart, and nothing about them to whoever lacks the installation's key."""
    text = value.replace("\r\n", "\n").strip() if isinstance(value, str) else value
    plain = json.dumps(text, sort_keys=True, default=str)
    return salted_hmac("businesses.forms.seen", plain, algorithm="sha256").hexdigest()[:12]
