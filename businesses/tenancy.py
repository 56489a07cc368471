"""The current businesses, and the manager whose queries return only their rows.

A tenant model's default manager refuses every query and bulk write outside `with acting_for(business)`:
forgetting to say whose data is meant raises an error and never leaks data. Not covered, by Django's design:
`_base_manager` (forward foreign keys, `refresh_from_db`, cascades), `create()` and `save()` of an object
that is already loaded, raw SQL on a cursor, and queries that start at `Business`. Therefore actions
take objects, not ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar
from uuid import UUID

from django.db import models
from django.db.models import sql
from django.db.models.query import RawQuerySet

if TYPE_CHECKING:
    from businesses.models import Business


class _Scope(Enum):
    UNSAID = "no business has been set: every tenant query is refused"
    EVERYONE = "an operator's view of the whole installation"


@dataclass(frozen=True, slots=True)
class _StandIn:
    pk: UUID


_current: ContextVar[tuple[Business | _StandIn, ...] | _Scope] = ContextVar("current_business", default=_Scope.UNSAID)

TenantModel = TypeVar("TenantModel", bound=models.Model)


class NoBusiness(RuntimeError):
    """A tenant model was queried or changed outside `acting_for`."""


@contextmanager
def acting_for(*businesses: Business) -> Iterator[None]:
    """See and change the data of these businesses only.

    There may be several, for a member of several, or none at all, for a person who sees no rows.
    """
    token = _current.set(businesses)
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def across_businesses() -> Iterator[None]:
    """See every business's data. Each use carries a comment that says why."""
    token = _current.set(_Scope.EVERYONE)
    try:
        yield
    finally:
        _current.reset(token)


def current_id() -> str:
    """Returns the id of the business for which the code just runs, for the log; empty for none or several."""
    businesses = _current.get()
    return str(businesses[0].pk) if not isinstance(businesses, _Scope) and len(businesses) == 1 else ""


def the_current() -> UUID:
    """Returns the id of the one business for which the code just runs. Raises `NoBusiness` for none or several."""
    businesses = _current.get()
    if isinstance(businesses, _Scope) or len(businesses) != 1:
        raise NoBusiness("a prepared query runs for one business: set it with `acting_for(business)`")
    return businesses[0].pk


@contextmanager
def made_for(stand_in: UUID) -> Iterator[None]:
    """Make queries, which don't run, with an id in the place of the business's (`prepared.py`)."""
    token = _current.set((_StandIn(stand_in),))
    try:
        yield
    finally:
        _current.reset(token)


class _RefusingQuery(sql.Query):
    """A queryset that can be built and filtered, but raises `NoBusiness` when it runs."""

    def get_compiler(self, *args: Any, **kwargs: Any) -> Any:
        if self.is_empty():
            return super().get_compiler(*args, **kwargs)
        raise NoBusiness(f"{self.model and self.model.__name__} was queried outside `with acting_for(business)`")


class _RefusingQuerySet(models.QuerySet[TenantModel]):
    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise NoBusiness(f"{self.model.__name__} was changed outside `with acting_for(business)`")

    update = delete = _raw_delete = _update = raw = bulk_create = _refuse


class _FencedQuerySet(models.QuerySet[TenantModel]):
    def raw(self, *args: Any, **kwargs: Any) -> RawQuerySet[Any]:
        """Refuse: raw SQL can't be filtered by business."""
        raise NoBusiness(f"{self.model.__name__}.objects.raw() shows every business's rows: write it as a queryset")


class BusinessManager(models.Manager[TenantModel]):
    """The default manager of tenant models, which have a foreign key `business`."""

    def get_queryset(self) -> models.QuerySet[TenantModel]:
        """Returns the rows of the current businesses, or a queryset that refuses to run."""
        businesses = _current.get()
        if businesses is _Scope.UNSAID:
            return _RefusingQuerySet(self.model, query=_RefusingQuery(self.model), using=self._db)
        if businesses is _Scope.EVERYONE:
            return super().get_queryset()
        fenced = _FencedQuerySet[TenantModel](self.model, using=self._db)
        return fenced.filter(business__in=[business.pk for business in businesses])
