"""The current business, and the manager that shows nothing of any other.

A tenant model's default manager refuses every query outside `with acting_for(business)`: forgetting
whose data is meant is an error at once, never a leak. Not covered, by Django's design: `_base_manager`
(forward foreign keys, `refresh_from_db`, cascades), `create()` and `save()` of an object in hand, raw
SQL, and queries that start at `Business`. Hence actions take objects, not ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from django.db import models
from django.db.models import sql

if TYPE_CHECKING:
    from businesses.models import Business

_Everyone = type("_Everyone", (), {"__slots__": ()})
_EVERYONE = _Everyone()
_current: ContextVar[tuple[Business, ...] | _Everyone] = ContextVar("current_business", default=())  # type: ignore[valid-type]

TenantModel = TypeVar("TenantModel", bound=models.Model)


class NoBusiness(RuntimeError):
    """Tenant data was asked for without saying whose."""


@contextmanager
def acting_for(*businesses: Business) -> Iterator[None]:
    """See and change the data of these businesses only (several: a person who belongs to several)."""
    token = _current.set(businesses)
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def across_businesses() -> Iterator[None]:
    """See every business's data. Each use carries a comment that says why."""
    token = _current.set(_EVERYONE)
    try:
        yield
    finally:
        _current.reset(token)


class _RefusingQuery(sql.Query):
    """Builds like any query, and refuses to run."""

    def get_compiler(self, *args: Any, **kwargs: Any) -> Any:
        if self.is_empty():
            return super().get_compiler(*args, **kwargs)
        raise NoBusiness(f"{self.model and self.model.__name__} was queried outside `with acting_for(business)`")


class _RefusingQuerySet(models.QuerySet[TenantModel]):
    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise NoBusiness(f"{self.model.__name__} was changed outside `with acting_for(business)`")

    update = delete = _raw_delete = _update = raw = _refuse


class BusinessManager(models.Manager[TenantModel]):
    """The default manager of a tenant model; `path` leads from the model to its business."""

    def __init__(self, path: str = "business") -> None:
        super().__init__()
        self.path = path

    def get_queryset(self) -> models.QuerySet[TenantModel]:
        """The rows of the businesses of the moment, or a queryset that refuses to run."""
        businesses = _current.get()
        if businesses == ():
            return _RefusingQuerySet(self.model, query=_RefusingQuery(self.model), using=self._db)
        queryset = super().get_queryset()
        if isinstance(businesses, _Everyone):
            return queryset
        return queryset.filter(**{f"{self.path}__in": [business.pk for business in businesses]})
