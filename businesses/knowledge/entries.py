"""Reading and changing what a business knows. Everything here expects the business to be set (`acting_for`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.db import transaction
from django.db.models import Max

from businesses.audit import AuditKind, record
from businesses.errors import KnowledgeFull
from businesses.knowledge import terms
from businesses.models import Business, KnowledgeEntry
from businesses.prepared import Prepared
from businesses.tenancy import acting_for

MOST_ENTRIES: Final = 500
in_use: Final = Prepared(lambda: KnowledgeEntry.objects.filter(is_on=True).only("title", "text"))
"""What `entries_of` asks."""


def entries_of(business: Business) -> list[KnowledgeEntry]:
    """Returns the entries that are in use, in their order, with titles and texts."""
    with acting_for(business):
        return in_use.rows()


def save(entry: KnowledgeEntry) -> None:
    """Store a new or changed entry; a new one comes last. Raises `KnowledgeFull`."""
    with transaction.atomic():
        is_new = entry._state.adding
        if is_new:
            _make_room(entry.business, 1)
            entry.position = _next_position(entry.business)
        entry.search_text = terms.indexed(entry.title, entry.text)
        entry.save()
        _record(entry, "made" if is_new else "changed")


def add_all(business: Business, parts: Iterable[tuple[str, str]]) -> int:
    """Add entries (title, text) at the end, all or none. Returns how many. Raises `KnowledgeFull`."""
    with transaction.atomic():
        new = [KnowledgeEntry(business=business, title=title, text=text) for title, text in parts]
        _make_room(business, len(new))
        first = _next_position(business)
        for number, entry in enumerate(new):
            entry.position, entry.search_text = first + number, terms.indexed(entry.title, entry.text)
        KnowledgeEntry.objects.bulk_create(new)
        record(business, AuditKind.KNOWLEDGE_CHANGED, step="imported", rows=len(new))
    return len(new)


def switch(entry: KnowledgeEntry, *, is_on: bool) -> None:
    """Let the assistant know an entry, or not."""
    with transaction.atomic():
        if KnowledgeEntry.objects.filter(pk=entry.pk).exclude(is_on=is_on).update(is_on=is_on):
            _record(entry, "changed")


def remove(entry: KnowledgeEntry) -> None:
    """Remove an entry."""
    with transaction.atomic():
        _record(entry, "deleted")
        entry.delete()


def move_up(entry: KnowledgeEntry) -> None:
    """Put an entry before the one above it."""
    with transaction.atomic():
        _lock(entry.business)
        rows = list(KnowledgeEntry.objects.filter(business=entry.business).only("pk", "position"))
        keys = [row.pk for row in rows]
        at = keys.index(entry.pk)
        if at == 0:
            return
        rows[at - 1], rows[at] = rows[at], rows[at - 1]
        for position, row in enumerate(rows):
            if row.position != position:
                KnowledgeEntry.objects.filter(pk=row.pk).update(position=position)


def _make_room(business: Business, more: int) -> None:
    _lock(business)
    if KnowledgeEntry.objects.filter(business=business).count() + more > MOST_ENTRIES:
        raise KnowledgeFull(MOST_ENTRIES)


def _next_position(business: Business) -> int:
    last = KnowledgeEntry.objects.filter(business=business).aggregate(last=Max("position"))["last"]
    return 0 if last is None else last + 1


def _lock(business: Business) -> None:
    Business.objects.select_for_update(no_key=True).filter(pk=business.pk).values("pk").first()


def _record(entry: KnowledgeEntry, step: str) -> None:
    record(entry.business, AuditKind.KNOWLEDGE_CHANGED, step=step, name=entry.title)
