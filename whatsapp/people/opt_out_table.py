"""The opt-out list as a table: what an export writes, and how an import reads its words back, in any language.

    Phone number       +E.164, a WhatsApp user id, or the fingerprint of an erased person (no other business can use it)
    What they …        a `SuppressionCategory` in words
    Why                a `SuppressionSource` in words
    Note
    Since              ISO 8601 with its offset

Everything that an entry holds is in its row, so a list that was exported and imported again is the same list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from django.conf import settings
from django.db import models
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from whatsapp.models import Suppression, SuppressionCategory, SuppressionSource

COLUMNS = ("address", "category", "source", "note", "since")


def header() -> list[str]:
    """Returns the columns' names in the active language."""
    return [_("Phone number"), _("What they opted out of"), _("Why"), _("Note"), _("Since")]


def lines(entries: Iterable[Suppression]) -> Iterator[Sequence[object]]:
    """Yields the cells of each entry in the active language."""
    for entry in entries:
        since = timezone.localtime(entry.created_at).isoformat(timespec="microseconds")
        yield [entry.address, entry.get_category_display(), entry.get_source_display(), entry.note, since]


def column_of(name: str) -> str | None:
    """Returns which of `COLUMNS` has this name in some language; None for another column."""
    return _columns().get(_plain(name))


def category_of(text: str) -> SuppressionCategory | None:
    """Returns the category with this code, or with this name in some language."""
    value = _choices(SuppressionCategory).get(_plain(text))
    return SuppressionCategory(value) if value else None


def source_of(text: str) -> SuppressionSource | None:
    """Returns the source with this code, or with this name in some language."""
    value = _choices(SuppressionSource).get(_plain(text))
    return SuppressionSource(value) if value else None


@cache
def _columns() -> dict[str, str]:
    more = {"phone": "address", "number": "address", "address": "address", "bsuid": "address", "user_id": "address"}
    found = more | {"טלפון": "address", "נייד": "address", "category": "category", "date": "since", "תאריך": "since"}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            found |= dict(zip(map(_plain, header()), COLUMNS, strict=True))
    return found


@cache
def _choices(choices: type[models.TextChoices]) -> dict[str, str]:
    found = {value: value for value in choices.values}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            found |= {_plain(str(label)): value for value, label in choices.choices}
    return found


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
