"""Queries that are made once and run often: Django takes three times as long to put one together as to run it.

A prepared query is an ordinary queryset, written once with `Given` in the places of what differs from time to time:

    _turns_since = Prepared(lambda: Turn.objects.filter(position__gte=Given("position", models.IntegerField())))
    with acting_for(business):
        turns = _turns_since.rows(position=3)

It is fenced as every query: one of a tenant's model may run only while exactly one business is set, whose rows alone it
finds. For the few statements that each call makes; everywhere else a plain queryset reads better.

Several are read by one statement ahead of the code that asks for them: `read_ahead.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from django.db import connection, models, transaction
from django.db.models import sql
from django.db.models.expressions import CombinedExpression, Expression
from django.db.models.query import get_related_populators

from businesses.tenancy import made_for, the_current

Row = TypeVar("Row")

_ANYONE: Final = UUID("00000000-0000-4000-8000-000000000a11")
"""Stands for the business while a query is made. No business has it."""
_ID: Final[models.UUIDField[Any, Any]] = models.UUIDField()
RowsRead = dict[tuple[Any, ...], list[Any]]
"""Rows that were read already, by `Prepared.key`."""
read_already: Final[ContextVar[RowsRead | None]] = ContextVar("read_already", default=None)
"""What `read_ahead` has read for the block that runs."""


class Given(Expression):
    """The place of a value that is given when the query runs, and is stored or compared like one of this field."""

    def __init__(self, name: str, field: models.Field[Any, Any]) -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Returns a place for a value, and itself as the value."""
        return "%s", [self]


def given(model: type[models.Model], column: str) -> Given:
    """Returns the place of a value of a column, which is given by the column's name."""
    field = model._meta.get_field(column)
    if not isinstance(field, models.Field):
        raise TypeError(f"{column} is no column of {model.__name__}")
    return Given(column, field)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement for one kind of database. `places`: its parameters, some of them `Given`, or `_ANYONE`."""

    sql: str
    places: tuple[Any, ...]
    names: frozenset[str]

    @classmethod
    def of(cls, compiler: Any) -> Statement:
        """Returns the statement of a query that was made for `_ANYONE`."""
        written, parameters = compiler.as_sql()
        anyone = _id_of(_ANYONE)
        places = (_ANYONE if type(each) is type(anyone) and each == anyone else each for each in parameters)
        names = frozenset(each.name for each in parameters if type(each) is Given)
        return cls(written, tuple(places), names)

    def filled(self, values: dict[str, Any]) -> list[Any]:
        """Returns the parameters for these values and the business of the moment. The names must be those of places."""
        if values.keys() != self.names:
            raise TypeError(f"a prepared query takes {sorted(self.names)}, not {sorted(values)}")
        return [_filled(place, values) for place in self.places]


def _filled(place: Any, values: dict[str, Any]) -> Any:
    if place is _ANYONE:
        return _id_of(the_current())
    return place.output_field.get_db_prep_save(values[place.name], connection) if type(place) is Given else place


def _id_of(business: UUID) -> Any:
    return _ID.get_db_prep_value(business, connection)


class Reader:
    """Makes a query's rows of what the database answers: objects, or tuples for `values_list`.

    `types`: of its columns, as `CAST` takes them.
    """

    def __init__(self, compiler: Any, *, is_whole: bool) -> None:
        self.types = [column.output_field.cast_db_type(connection) for column, _sql, _alias in compiler.select]
        converters = compiler.get_converters([column for column, _sql, _alias in compiler.select])
        self._converters = [(at, convert, column) for at, (each, column) in converters.items() for convert in each]
        self._klass = compiler.klass_info if is_whole else None
        if self._klass:
            first, last = self._klass["select_fields"][0], self._klass["select_fields"][-1] + 1
            self._own = slice(first, last)
            self._names = [column.target.attname for column, _sql, _alias in compiler.select[self._own]]
            populators: Any = get_related_populators  # the stubs are of a later Django
            self._related = populators(self._klass, compiler.select, connection.alias)

    def row(self, answered: Sequence[Any]) -> Any:
        """Returns one row."""
        values = list(answered)
        for at, convert, column in self._converters:
            values[at] = convert(values[at], column, connection)
        if not self._klass:
            return tuple(values)
        found = self._klass["model"].from_db(connection.alias, self._names, values[self._own])
        for populator in self._related:
            populator.populate(values, found)
        return found


@dataclass(frozen=True, slots=True)
class Asked:
    """A prepared query and the values that it will be asked with."""

    query: Prepared[Any]
    values: dict[str, Any]


class Prepared(Generic[Row]):
    """A query for rows: whole ones, with or without `select_related`, or tuples by `values_list` (not flat)."""

    def __init__(self, make: Callable[[], models.QuerySet[Any, Row]]) -> None:
        self._make = make
        self._by_vendor: dict[str, tuple[Statement, Reader]] = {}

    def rows(self, **values: Any) -> list[Row]:
        """Returns the rows for these values. Raises `NoBusiness` unless exactly one business is set."""
        ahead = read_already.get()
        if ahead is not None and (known := ahead.get(self.key(values))) is not None:
            return list(known)
        statement, reader = self.made()
        filled = statement.filled(values)
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, filled)
            return [reader.row(answered) for answered in cursor.fetchall()]

    def first(self, **values: Any) -> Row | None:
        """Returns the first of them."""
        return next(iter(self.rows(**values)), None)

    def asked(self, **values: Any) -> Asked:
        """Returns the query with these values, for `read_ahead`."""
        return Asked(self, values)

    def key(self, values: dict[str, Any]) -> tuple[Any, ...]:
        """Returns what tells apart what is asked with these values of the one business that is set, or `NoBusiness`."""
        return (self, the_current(), *sorted(values.items()))

    def made(self) -> tuple[Statement, Reader]:
        """Returns its statement and what reads its rows, for the database in use."""
        return self._by_vendor.get(connection.vendor) or self._put_together()

    def _put_together(self) -> tuple[Statement, Reader]:
        with made_for(_ANYONE):
            rows: Any = self._make()
        compiler = rows.query.get_compiler(connection=connection)
        statement = Statement.of(compiler)
        made = self._by_vendor[connection.vendor] = statement, Reader(compiler, is_whole=rows._fields is None)
        return made


class PreparedUpdate:
    """An update of the rows of a query: of these columns to what is given by their names, and as `changes` say."""

    def __init__(self, make: Callable[[], models.QuerySet[Any]], *columns: str, **changes: CombinedExpression) -> None:
        self._make, self._columns, self._changes = make, columns, changes
        self._by_vendor: dict[str, Statement] = {}

    def run(self, **values: Any) -> int:
        """Returns how many rows it changed. Raises `NoBusiness` unless exactly one business is set."""
        statement = self._by_vendor.get(connection.vendor) or self._put_together()
        filled = statement.filled(values)
        with transaction.mark_for_rollback_on_error(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(statement.sql, filled)
            return int(cursor.rowcount)

    def _put_together(self) -> Statement:
        with made_for(_ANYONE):
            rows: Any = self._make()
        query = rows.query.chain(sql.UpdateQuery)
        query.add_update_values({**{name: given(rows.model, name) for name in self._columns}, **self._changes})
        made = self._by_vendor[connection.vendor] = Statement.of(query.get_compiler(connection=connection))
        return made
