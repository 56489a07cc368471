"""Finds what a business knows: SQLite's FTS5 or PostgreSQL's full text search, then by how much of a query is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.db import connection

from businesses.knowledge import terms
from businesses.models import Business, KnowledgeEntry

MOST_FOUND: Final = 5
_LOOKED_AT: Final = 50
_TITLE_COUNTS: Final = 3

_SQLITE = """
    SELECT entry FROM businesses_knowledge_words
    WHERE businesses_knowledge_words MATCH %s AND business = %s ORDER BY bm25(businesses_knowledge_words) LIMIT %s
"""
_POSTGRESQL = """
    SELECT id FROM businesses_knowledgeentry, to_tsquery('simple', %s) AS asked
    WHERE to_tsvector('simple', search_text) @@ asked AND business_id = %s
    ORDER BY ts_rank(to_tsvector('simple', search_text), asked) DESC LIMIT %s
"""


def find(business: Business, query: str, *, most: int = MOST_FOUND, only_on: bool = True) -> list[KnowledgeEntry]:
    """Returns the entries that fit a query, the best first. Expects the business to be set (`acting_for`).

    Best is what holds most of the query's words, in its title rather than in its text; then as the database ranks.
    """
    asked = terms.asked(query)
    if not asked:
        return []
    keys = _candidates(business, asked)
    rows = KnowledgeEntry.objects.filter(business=business).in_bulk(keys)
    found = [rows[key] for key in keys if key in rows and (rows[key].is_on or not only_on)]
    return sorted(found, key=lambda entry: -_fit(entry, asked))[:most]


def _candidates(business: Business, asked: Sequence[tuple[str, ...]]) -> list[Any]:
    """Returns the keys of entries with at least one of the words. The words hold letters and digits only."""
    forms = dict.fromkeys(form for word in asked for form in word)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            matched = " OR ".join(f'"{form}"{"*" * _may_go_on(form)}' for form in forms)
            cursor.execute(_SQLITE, [matched, business.pk.hex, _LOOKED_AT])
        else:
            matched = " | ".join(f"{form}{':*' * _may_go_on(form)}" for form in forms)
            cursor.execute(_POSTGRESQL, [matched, business.pk, _LOOKED_AT])
        to_key = KnowledgeEntry._meta.pk.to_python
        return [to_key(key) for (key,) in cursor.fetchall()]


def _fit(entry: KnowledgeEntry, asked: Sequence[tuple[str, ...]]) -> int:
    title, text = terms.indexed(entry.title, "").split(), entry.search_text.split()
    return sum(
        _TITLE_COUNTS if _has(title, word) else int(_has(text, word)) for word in asked
    )  # fmt: skip


def _has(words: Sequence[str], forms: tuple[str, ...]) -> bool:
    longer = tuple(filter(_may_go_on, forms))
    return any(word in forms or word.startswith(longer) for word in words)


def _may_go_on(form: str) -> bool:
    """Returns whether a longer word that begins so is meant, too: not for a number, or for two letters."""
    return len(form) >= terms.SHORTEST and not form.isdigit()
