"""What a form or an address asks for, which may be anything that somebody typed."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from businesses.models import Business
from whatsapp.models import MessageTemplate
from whatsapp.states import SENDABLE_TEMPLATES

MOST_TEMPLATES = 200
NO_ID: Final = UUID(int=0)
"""No row has it."""


def id_of(written: str) -> UUID:
    """Returns the id that is written; `NO_ID` if it is none."""
    try:
        return UUID(written)
    except ValueError:
        return NO_ID


def sendable_templates(business: Business) -> QuerySet[MessageTemplate]:
    """Returns the templates that can be sent; a page shows the first `MOST_TEMPLATES`."""
    return MessageTemplate.objects.filter(business=business, status__in=SENDABLE_TEMPLATES)
