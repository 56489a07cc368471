"""Questions that are put together once: making the SQL of one costs Django ten times what asking it does.

They are written as functions of a moment, and asked with the moment of now. Here they are called once, with what stands
for any moment, which takes what they do with one: `now - HOUR`, `now + HOUR`, `(now - WEEK).date()`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import DateField, DateTimeField, QuerySet
from django.db.models.expressions import Expression

Rows = Callable[[datetime], QuerySet[Any]]


class Moment(Expression):
    """The place of the moment that is asked for, shifted, or of its day."""

    def __init__(self, shift: timedelta = timedelta(), *, is_day: bool = False) -> None:
        super().__init__(output_field=DateField() if is_day else DateTimeField())
        self.shift, self.is_day = shift, is_day

    def __add__(self, other: Any) -> Any:
        """Returns the place of a later moment."""
        return Moment(self.shift + other)

    def __sub__(self, other: Any) -> Any:
        """Returns the place of an earlier moment."""
        return Moment(self.shift - other)

    def date(self) -> Moment:
        """Returns the place of its day."""
        return Moment(self.shift, is_day=True)

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Returns a place for a value, and itself as the value."""
        return "%s", [self]

    def at(self, now: datetime) -> Any:
        """Returns the value, as the database takes it."""
        value = now + self.shift
        return self.output_field.get_db_prep_value(value.date() if self.is_day else value, connection)


@dataclass(frozen=True, slots=True)
class Question:
    """The SQL of whether there is a row. `places`: its parameters, some of them a `Moment`."""

    sql: str
    places: tuple[Any, ...]

    @classmethod
    def of(cls, rows: Rows) -> Question:
        """Returns the question for the database in use. Expects the businesses to be set."""
        any_moment = cast("datetime", Moment())
        try:
            sql, places = rows(any_moment).query.exists().get_compiler(connection=connection).as_sql()
        except EmptyResultSet:
            return cls("FALSE", ())
        return cls(f"EXISTS ({sql})", tuple(places))

    def filled(self, now: datetime) -> list[Any]:
        """Returns the parameters at a moment."""
        return [place.at(now) if isinstance(place, Moment) else place for place in self.places]
