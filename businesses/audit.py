"""Writes the audit log: what an owner may want to know afterwards, by whom and from where it was done.

Whoever changes something calls `record` where it is changed, inside the same transaction: an entry then exists exactly
when the change does. The person and the network address come from the web request that is being handled
(`acting_person`, set by the middleware); a command (`acting_command`) or a background task has neither. A request of
the API has its token's name (`acting_token`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone

from businesses.models import AuditEntry, AuditKind, Business, User

__all__ = ["AuditKind", "acting_command", "acting_person", "acting_token", "is_machine", "record", "record_for_person"]


@dataclass(frozen=True, slots=True)
class _Actor:
    person: User | None
    request: HttpRequest | None
    by: Mapping[str, str] = field(default_factory=dict)


_NOBODY = _Actor(None, None)
_actor: ContextVar[_Actor] = ContextVar("audit_actor", default=_NOBODY)


@contextmanager
def acting_person(person: User | None, request: HttpRequest) -> Iterator[None]:
    """Entries written inside name this person and the network address of this request."""
    token = _actor.set(_Actor(person, request))
    try:
        yield
    finally:
        _actor.reset(token)


@contextmanager
def acting_command() -> Iterator[None]:
    """What is done inside is done by a command that an operator runs on the server: the log says so."""
    token = _actor.set(_Actor(None, None, {"by": "command"}))
    try:
        yield
    finally:
        _actor.reset(token)


@contextmanager
def acting_token(name: str, request: HttpRequest) -> Iterator[None]:
    """What is done inside is done by one of the business's systems, with the access token of this name."""
    token = _actor.set(_Actor(None, request, {"by": "token", "token": name}))
    try:
        yield
    finally:
        _actor.reset(token)


def is_machine() -> bool:
    """Returns whether what acts now is an operator's command, or one of the business's systems by the API."""
    return bool(_actor.get().by)


def record(business: Business, kind: AuditKind, *, person: User | None = None, **details: Any) -> AuditEntry:
    """Write one entry. `details` are codes and data (JSON), never sentences, secrets or what a caller said.

    `person` is needed only where the request doesn't know them yet, as at a sign-in.
    """
    actor = _actor.get()
    who = person or actor.person
    return AuditEntry._base_manager.create(
        business=business,
        at=timezone.now(),
        kind=kind,
        person_id=who.pk if who else None,
        person_name=who.shown_name[:254] if who else "",
        address=_address(actor.request),
        details={**details, **actor.by},
    )


def record_for_person(person: User, kind: AuditKind, **details: Any) -> None:
    """Write what a person did to their own account, once for each business that they belong to."""
    for membership in person.own_memberships:
        record(membership.business, kind, person=person, **details)


def _address(request: HttpRequest | None) -> str | None:
    """Returns the visitor's address as the sign-in sees it; None outside a request or where it can't be told."""
    if request is None:
        return None
    try:
        return str(ip_address(get_adapter().get_client_ip(request)))
    except (PermissionDenied, ValueError):
        return None
