"""Settings of a business as an operator writes them on a command line: `name=value`."""

from __future__ import annotations

from django.db import models

from businesses.models import Business

_NOT_SETTABLE = frozenset({"id", "slug", "created_at"})
_WORDS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


class BadSetting(ValueError):
    """The setting doesn't exist or can't have this value; the message says what to write."""


def settable_names() -> list[str]:
    """Returns the names that `read_setting` accepts."""
    return sorted(field.name for field in Business._meta.concrete_fields if field.name not in _NOT_SETTABLE)


def read_setting(assignment: str) -> tuple[str, object]:
    """Split `name=value`. Only booleans and empty values are converted; the rest is validated with the business."""
    name, equals, written = (part.strip() for part in assignment.partition("="))
    if not equals:
        raise BadSetting("write it as name=value, like barge_in_enabled=false")
    if name not in settable_names():
        raise BadSetting(f"there is no such setting. There are: {', '.join(settable_names())}")
    field = Business._meta.get_field(name)
    if isinstance(field, models.BooleanField):
        if written.lower() not in _WORDS:
            raise BadSetting("write true or false")
        return name, _WORDS[written.lower()]
    if isinstance(field, models.Field) and field.null and not written and not isinstance(field, models.TextField):
        return name, None
    return name, written
