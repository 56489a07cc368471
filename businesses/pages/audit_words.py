"""Words for the details of an audit entry, in the reader's language. Stored are codes and data (`businesses.audit`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from businesses.changes import SECRET
from businesses.models import AuditEntry, Permission, Role

LABELS: dict[str, Promise] = {
    "address": gettext_lazy("Number"),
    "broadcast": gettext_lazy("Broadcast"),
    "button": gettext_lazy("Button"),
    "by": gettext_lazy("By"),
    "call": gettext_lazy("Call"),
    "email": gettext_lazy("Email address"),
    "host": gettext_lazy("Server"),
    "minutes": gettext_lazy("Minutes"),
    "name": gettext_lazy("Name"),
    "number": gettext_lazy("Number"),
    "other": gettext_lazy("The other number"),
    "part": gettext_lazy("Words"),
    "people": gettext_lazy("People"),
    "role": gettext_lazy("Role"),
    "rows": gettext_lazy("Rows"),
    "step": gettext_lazy("Step"),
    "token": gettext_lazy("Access token"),
    "what": gettext_lazy("Details"),
}
"""What each detail is called. A detail that is missing here is shown by its key."""

STEPS: dict[str, Promise] = {
    "started": gettext_lazy("sending started"),
    "scheduled": gettext_lazy("scheduled"),
    "tested": gettext_lazy("test message sent"),
    "editing": gettext_lazy("taken back for editing"),
    "undone": gettext_lazy("start undone"),
    "paused": gettext_lazy("paused"),
    "resumed": gettext_lazy("resumed"),
    "cancelled": gettext_lazy("cancelled"),
    "reopened": gettext_lazy("reopened"),
    "budget": gettext_lazy("budget changed"),
    "given_up": gettext_lazy("ended without those who waited for another try"),
    "contacts": gettext_lazy("contacts"),
    "calls": gettext_lazy("calls"),
    "suppressions": gettext_lazy("people who opted out"),
    "recipients": gettext_lazy("people of a broadcast"),
    "imported": gettext_lazy("rows of an import"),
    "opt_out": gettext_lazy("no more broadcasts"),
    "no_promos": gettext_lazy("no more marketing"),
    "ordinary": gettext_lazy("an ordinary answer"),
    "proved": gettext_lazy("confirmed by the provider"),
    "displaced": gettext_lazy("taken over: another business proved that it is theirs"),
    "offered": gettext_lazy("own recording uploaded"),
    "accepted": gettext_lazy("accepted: callers hear it"),
    "brought_back": gettext_lazy("back to the previous recording: callers hear it"),
    "greeting": gettext_lazy("Greeting"),
    "closed": gettext_lazy("Greeting while you are closed"),
    "notice": gettext_lazy("Notice that calls are recorded"),
    "together": gettext_lazy("Greeting and notice, recorded together"),
    "removed": gettext_lazy("removed"),
    "added": gettext_lazy("added"),
    "switched_on": gettext_lazy("on again"),
    "switched_off": gettext_lazy("switched off"),
    "keeps_failing": gettext_lazy("switched off, since nothing was accepted for days"),
    "gone": gettext_lazy("switched off, since its server said that it is gone"),
    "secret_changed": gettext_lazy("new secret made"),
    "restored": gettext_lazy("removal undone"),
    "disconnected": gettext_lazy("disconnected"),
    "made": gettext_lazy("made"),
    "changed": gettext_lazy("changed"),
    "deleted": gettext_lazy("deleted"),
    "activated": gettext_lazy("started"),
    "stopped": gettext_lazy("stopped for good"),
    "moved": gettext_lazy("moved"),
    "rebooked": gettext_lazy("booked again"),
    "feed_made": gettext_lazy("address to subscribe to made"),
    "feed_renewed": gettext_lazy("address to subscribe to renewed"),
    "feed_removed": gettext_lazy("address to subscribe to revoked"),
    "source_added": gettext_lazy("address of busy times entered"),
    "source_changed": gettext_lazy("address of busy times changed"),
    "source_removed": gettext_lazy("address of busy times removed"),
    "command": gettext_lazy("a command on the server"),
    "token": gettext_lazy("one of your systems"),
    "reads": gettext_lazy("may read"),
    "writes": gettext_lazy("may read and change"),
}
"""Codes that are values of details."""
HIDDEN = {"appointment", "broadcast", "call", "sender", "of", "before", "after", "changes"}
"""Shown as a link, or together with others."""


@dataclass(frozen=True, slots=True)
class Detail:
    """One line: a label, and a value or what it was before and is after."""

    label: str
    value: str
    before: str | None = None


def details_of(entry: AuditEntry) -> list[Detail]:
    """Returns the lines of an entry."""
    return list(_lines(entry.details))


def _lines(details: dict[str, Any]) -> Iterator[Detail]:
    for name, value in details.items():
        if name not in HIDDEN:
            yield Detail(str(LABELS.get(name, name)), _value(value))
    if "before" in details or "after" in details:
        after = details.get("after")
        label = _("Permissions") if isinstance(after, list) else _("Role") if after in Role.values else _("Value")
        label = _("Time") if "appointment" in details else label
        yield Detail(label, _value(details.get("after")), _value(details.get("before")))
    model = _model(details.get("of", ""))
    for name, (before, after) in details.get("changes", {}).items():
        field = _field(model, name)
        label = str(field.verbose_name) if field is not None else name
        if before == after == SECRET:
            yield Detail(label, _("changed"))
        else:
            yield Detail(label, _value(after, field), _value(before, field))


def _value(value: Any, field: models.Field[Any, Any] | None = None) -> str:
    """Returns a value as shown: a choice by its name, a switch as "yes" or "no", nothing as a dash."""
    if value is None or value == "":
        return "–"
    if isinstance(value, list):
        return ", ".join(_value(each) for each in value) or "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    named = dict(field.flatchoices) if field is not None and field.choices else {}
    if not named and value in Role.values:
        return str(Role(value).label)
    if not named and value in Permission.values:
        return str(Permission(value).label)
    return str(named.get(value) or STEPS.get(str(value)) or value)


def _model(label: str) -> type[models.Model] | None:
    try:
        return apps.get_model(label) if label else None
    except (LookupError, ValueError):
        return None


def _field(model: type[models.Model] | None, name: str) -> models.Field[Any, Any] | None:
    try:
        found = model._meta.get_field(name) if model else None
    except FieldDoesNotExist:
        return None
    return found if isinstance(found, models.Field) else None
