"""Doing something with many contacts at once: all that a list shows, not only one page of it.

It is done in parts of `AT_ONCE`, each in a transaction of its own: 20,000 contacts must not keep others from writing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from businesses.audit import AuditKind, record
from businesses.models import Business, User
from businesses.phone_numbers import masked
from whatsapp.models import Consent, Contact, Suppression, SuppressionCategory, SuppressionSource
from whatsapp.people import tagging

AT_ONCE = 2_000


def tag(business: Business, chosen: QuerySet[Contact], name: str) -> None:
    """Add a tag to all of these contacts."""
    for part in _parts(chosen):
        tagging.tag(business, part, name)


def untag(business: Business, chosen: QuerySet[Contact], name: str) -> None:
    """Remove a tag from all of these contacts."""
    for part in _parts(chosen):
        tagging.untag(business, part, name)


def delete(business: Business, chosen: QuerySet[Contact], *, now: datetime, by: User) -> int:
    """Delete these contacts. Returns their number.

    What the people said about being messaged stays: the list of opt-outs and the history of consents go by the
    address. A withdrawal that only the contact knew of, as from an import, is put on that list.
    """
    people, last = 0, ""
    for part in _parts(chosen):
        with transaction.atomic():
            keep_withdrawals(business, part, now)
            Contact.objects.filter(business=business, pk__in=[contact.pk for contact in part]).delete()
        people, last = people + len(part), part[-1].address
    if people:
        whose = {"address": masked(last)} if people == 1 else {}
        record(business, AuditKind.CONTACTS_DELETED, person=by, people=people, **whose)
    return people


def _parts(chosen: QuerySet[Contact]) -> Iterator[list[Contact]]:
    """Yields the contacts in parts. Which they are is asked once: what is done may change who matches."""
    keys = list(chosen.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), AT_ONCE):
        if part := list(Contact.objects.filter(pk__in=keys[start : start + AT_ONCE])):
            yield part


def keep_withdrawals(business: Business, part: Sequence[Contact], now: datetime) -> None:
    """Put withdrawals that only these contacts know of on the list of opt-outs, before the contacts are deleted."""
    withdrawn = [contact for contact in part if contact.consent == Consent.WITHDRAWN]
    listed = Suppression.objects.filter(business=business, address__in=[contact.address for contact in withdrawn])
    known = set(listed.values_list("address", flat=True))
    Suppression.objects.bulk_create(
        (
            Suppression(
                business=business,
                address=contact.address,
                category=SuppressionCategory.MARKETING,
                source=_source_of(contact),
                note="" if contact.consent_source in SuppressionSource.values else contact.consent_source,
                created_at=contact.consent_changed_at or now,
            )
            for contact in withdrawn
            if contact.address not in known
        ),
        ignore_conflicts=True,
    )


def _source_of(contact: Contact) -> str:
    is_ours = contact.consent_source in SuppressionSource.values
    return contact.consent_source if is_ours else SuppressionSource.IMPORT.value
