"""Reads by one statement what the prepared queries of a block will ask for, each in a place of its own.

    with acting_for(business), read_ahead(_week.asked(), _special_days.asked(since=day), _entries.asked()):
        ...  # whoever asks for these, however often, is answered without the database

The code in the block stays as it is: a query that was not read ahead, or with other values, runs by itself. What the
block changes is not seen by it, so it is for blocks that read and then change something else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from django.db import connection

from businesses.prepared import Asked, Prepared, RowsRead, read_already


@contextmanager
def read_ahead(*asked: Asked) -> Iterator[None]:
    """Answer these queries in the block from what one statement has read. Raises `NoBusiness` unless one is set."""
    token = read_already.set(_read(asked))
    try:
        yield
    finally:
        read_already.reset(token)


def _read(asked: Sequence[Asked]) -> RowsRead:
    made = [each.query.made() for each in asked]
    keys = [each.query.key(each.values) for each in asked]
    filled = [
        value for each, (statement, _r) in zip(asked, made, strict=True) for value in statement.filled(each.values)
    ]
    found: RowsRead = {key: [] for key in keys}
    with connection.cursor() as cursor:
        cursor.execute(_joined(connection.vendor, tuple(each.query for each in asked)), filled)
        answers = cursor.fetchall()
    ends, end = [], 1
    for _statement, reader in made:
        ends.append((end, end := end + len(reader.types)))
    for answered in answers:
        which = answered[0]
        first, last = ends[which]
        found[keys[which]].append(made[which][1].row(answered[first:last]))
    return found


@lru_cache(maxsize=16)
def _joined(_vendor: str, queries: tuple[Prepared[Any], ...]) -> str:
    """Returns the statement: each row says which query it belongs to, and is empty in the columns of the others.

    The first part gives the columns their types. Each part keeps its order, as its rows are read one by one.
    """
    made = [query.made() for query in queries]
    parts = []
    for which, (statement, _reader) in enumerate(made):
        columns = [str(which)]
        for other, (_statement, reader) in enumerate(made):
            empty = [f"CAST(NULL AS {each})" if which == 0 else "NULL" for each in reader.types]
            columns += ["part.*"] if other == which else empty
        parts.append(f"SELECT {', '.join(columns)} FROM ({statement.sql}) part")  # noqa: S608 - all of it is Django's
    return " UNION ALL ".join(parts)
