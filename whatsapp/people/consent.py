"""Recording what people said about being messaged. Every function expects the business to be set (`acting_for`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction

from businesses.audit import AuditKind, record
from businesses.models import Business, Permission, User
from businesses.permissions import demand
from businesses.phone_numbers import masked
from whatsapp.insert import insert_rows
from whatsapp.models import Consent, ConsentChange, ConsentStep, Contact

MOST_SHOWN = 100
STEP_OF = {
    Consent.GRANTED: ConsentStep.AGREED,
    Consent.WITHDRAWN: ConsentStep.WITHDRAWN,
    Consent.UNKNOWN: ConsentStep.UNKNOWN,
}


def note(
    business: Business,
    addresses: Iterable[str],
    what: ConsentStep,
    *,
    source: str,
    now: datetime,
    by: User | None = None,
) -> None:
    """Add an entry to the history of each address."""
    same = {"business_id": business.pk, "what": what, "source": source[:200], "at": now, "by_id": by.pk if by else None}
    insert_rows(ConsentChange, [{"address": address} for address in addresses], same)


def agree(contact: Contact, *, source: str, now: datetime, by: User | None = None) -> None:
    """Record that the person agreed to get messages. This lifts no suppression: only `suppressions.lift` does.

    After a withdrawn consent it does lift an opt-out. Raises `NotPermitted` for a person who may not do that.
    """
    was_withdrawn = contact.consent == Consent.WITHDRAWN
    if was_withdrawn:
        demand(by, contact.business, Permission.LIFT_OPT_OUTS)
    with transaction.atomic():
        if was_withdrawn:
            record(contact.business, AuditKind.OPT_OUT_LIFTED, person=by, address=masked(contact.address))
        contact.consent, contact.consent_source = Consent.GRANTED, source[:200]
        contact.consent_changed_at = now
        contact.save(update_fields=["consent", "consent_source", "consent_changed_at"])
        note(contact.business, [contact.address], ConsentStep.AGREED, source=source, now=now, by=by)


def history(business: Business, addresses: Collection[str]) -> list[ConsentChange]:
    """Returns the history of a person, newest first. What applied to number and user id at once is one entry."""
    changes = ConsentChange.objects.filter(business=business, address__in=addresses).select_related("by")
    lines = {(change.at, change.what, change.source): change for change in changes[:MOST_SHOWN]}
    return list(lines.values())
