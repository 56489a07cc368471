"""Every address that the URL resolver knows, also the admin's and the library's, with what may stand in its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import models
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern

from frontdesk import demo
from testing.demo_data import Rows
from testing.every_page import BY_NAME

_ARGUMENT = re.compile(r"<(?:(\w+):)?(\w+)>")
_GROUP = re.compile(r"\(\?P<(\w+)>[^()]*(?:\([^()]*\)[^()]*)*\)")
_ADMINS = re.compile(r"admin/(\w+)/(\w+)/<.*")


@dataclass(frozen=True, slots=True)
class Address:
    """One route, written like Django's: `b/<slug:slug>/calls/<uuid:call_id>/`. `name` is "" where it has none."""

    route: str
    name: str

    def __str__(self) -> str:
        return self.route or "start"

    @property
    def arguments(self) -> list[str]:
        """The names of what stands in the address."""
        return [name for _kind, name in _ARGUMENT.findall(self.route)]

    def path(self, values: dict[str, str]) -> str:
        """Returns the path with these values, which are percent-encoded already."""
        return "/" + _ARGUMENT.sub(lambda found: values[found[2]], self.route)

    def usual(self, rows: Rows) -> dict[str, list[str]]:
        """Returns for each argument the values that lead to something, of the demo business."""
        found = {name: ["nothing-of-anybody"] for name in self.arguments}
        found |= {name: [demo.SLUG] for name in self.arguments if name == "slug"}
        if keys := self._keys(rows):
            found |= {name: keys for name in self.arguments[-1:] if name != "slug"}
        return found

    def _keys(self, rows: Rows) -> list[str]:
        model = self._model()
        if model is None:
            return []
        known = list(rows.get(model._meta.label, {}).values())
        return known or [str(row.pk) for row in model._base_manager.order_by("pk")[:3]]

    def _model(self) -> type[models.Model] | None:
        line = BY_NAME.get(self.name)
        if line is not None and "." in line.row:
            return apps.get_model(line.row)
        if of_admin := _ADMINS.fullmatch(self.route):
            return apps.get_model(of_admin[1], of_admin[2])
        return None


def every_address() -> list[Address]:
    """Returns each route once."""
    found = {route: Address(route, name) for route, name in _walk(get_resolver())}
    return [found[route] for route in sorted(found)]


def _walk(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, str]]:
    for each in resolver.url_patterns:
        written = str(each.pattern)
        if isinstance(each.pattern, RegexPattern):
            written = _GROUP.sub(r"<\1>", written).lstrip("^").rstrip("$").replace("\\Z", "").replace("\\", "")
        if isinstance(each, URLPattern):
            yield before + written, each.name or ""
        else:
            yield from _walk(each, before + written)
