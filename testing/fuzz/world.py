"""An installation full of rows, and the people who ask for its pages: all in one transaction, which is undone."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client

from businesses.models import Business, User
from businesses.tests.rows import make_tenant
from frontdesk import demo
from testing.demo_data import Rows, team
from testing.demo_data.seed import seed
from testing.fuzz import forms
from testing.fuzz.addresses import Address, every_address
from testing.fuzz.handler import Handler
from testing.fuzz.requests import Known, Request

ROLES = ("nobody", "stranger", "agent", "owner", "operator")
"""Who asks: somebody signed out, an owner of another business, staff, an owner, and an operator."""


class Errors(logging.Handler):
    """Keeps what is logged as an error, as by a webhook that answers in spite of a mistake of ours."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line. What Django refuses as suspicious is no mistake."""
        if not record.name.startswith("django.security"):
            self.said.append(logging.Formatter("%(name)s %(message)s").format(record))


@dataclass
class World:
    """The rows, the session of each role, and what is known of each address."""

    rows: Rows
    sessions: dict[str, str]
    known: dict[str, Known] = field(default_factory=dict)
    errors: Errors = field(default_factory=Errors)
    _handler: Handler = field(default_factory=Handler)

    def ask(self, role: str, request: Request) -> HttpResponseBase:
        """Make a request, and undo what it has done. An exception of a view is raised here."""
        cookie = f"sessionid={self.sessions[role]}" if role in self.sessions else ""
        cache.clear()
        self.errors.said.clear()
        with undone():
            return self._handler.answer(request, cookie)

    def explore(self, addresses: list[Address]) -> None:
        """Open each address as those who may, and learn the forms and links that lead there."""
        found: list[forms.Form] = []
        asked: dict[str, dict[str, list[str]]] = {}
        usual = {address: address.usual(self.rows) for address in addresses}
        for address in addresses:
            path = address.path({name: values[0] for name, values in usual[address].items()})
            answer = self.ask("operator" if address.route.startswith("admin/") else "owner", Request("GET", path))
            if answer.status_code in {200, 422} and "html" in answer.get("Content-Type", ""):
                page = forms.read(getattr(answer, "content", b"").decode(), path)
                found += page.forms
                asked |= page.asked
        for address in addresses:
            fits = _fits(address)
            theirs = [form for form in found if form.fields and fits(form.path)]
            links = {name: values for path, names in asked.items() if fits(path) for name, values in names.items()}
            self.known[address.route] = Known(address, usual[address], theirs[:12], links)


def _fits(address: Address) -> Callable[[str], bool]:
    pattern = re.compile(address.path(dict.fromkeys(address.arguments, r"[^/]+")))
    return lambda path: pattern.fullmatch(path) is not None


@contextmanager
def undone() -> Iterator[None]:
    """Undo what the block does to the database. Transactions that must be the outermost may be inside."""
    atomic = transaction.atomic()
    atomic._from_testcase = True  # type: ignore[attr-defined]  # as Django's own TestCase does
    with atomic:
        yield
        transaction.set_rollback(True)


@contextmanager
def world() -> Iterator[World]:
    """Yields a world, whose rows are gone afterwards."""
    with undone():
        rows = seed()
        business = Business.objects.get(slug=demo.SLUG)
        people = {
            "stranger": make_tenant("qqbbb", "+97231230002").owner,
            "agent": team.staff_of(business),
            "owner": User.objects.get(email=demo.OWNER_EMAIL),
            "operator": User.objects.create_superuser("operator@frontdesk.test", "pw"),
        }
        made = World(rows, {role: _session_of(user) for role, user in people.items()})
        logging.getLogger().addHandler(made.errors)
        try:
            made.explore(every_address())
            yield made
        finally:
            logging.getLogger().removeHandler(made.errors)


def _session_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value
