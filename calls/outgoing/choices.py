"""What an owner has chosen for outgoing calls. Expects the business to be set (`acting_for`)."""

from __future__ import annotations

from django.db import transaction

from businesses.audit import AuditKind, record
from businesses.changes import changes
from businesses.models import Business
from calls.models import OutgoingChoices


def choices_of(business: Business) -> OutgoingChoices:
    """Returns what a business has chosen; the defaults (unsaved: nobody is called) if it has chosen nothing."""
    return OutgoingChoices.objects.filter(business=business).first() or OutgoingChoices(business=business)


def choose(business: Business, chosen: OutgoingChoices) -> None:
    """Store what an owner has chosen, and note in the audit log what has changed."""
    with transaction.atomic():
        before = choices_of(business)
        chosen.pk, chosen.business = before.pk, business
        chosen.save()
        if differences := changes(before, chosen):
            record(business, AuditKind.SETTINGS_CHANGED, of="calls.OutgoingChoices", changes=differences)
