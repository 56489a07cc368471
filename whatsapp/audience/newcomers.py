"""Who has not had a recurring broadcast yet: the people of its next occurrence, if it is for newcomers only."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet

from businesses.models import Business
from whatsapp.audience.choice import FromContacts
from whatsapp.models import Contact, Occurrence, Recipient
from whatsapp.states import PASSING_ERRORS, RecipientStatus


def new_to_series(business: Business, choice: FromContacts, found: QuerySet[Contact]) -> QuerySet[Contact]:
    """Returns the contacts without those who have had another occurrence of the series that the choice names.

    Whom a message could not reach for a passing reason has not had it. One that may still leave counts as had. When the
    people of an occurrence are no longer kept, whoever was a contact then counts as having had it.
    """
    if not choice.new_to:
        return found
    rows = Recipient.objects.filter(business=business, broadcast__occurrences__series=UUID(choice.new_to))
    if choice.besides:
        rows = rows.exclude(broadcast__occurrences__on=date.fromisoformat(choice.besides))
    not_had = Q(status__in=(RecipientStatus.SKIPPED, RecipientStatus.CANCELLED)) | Q(
        status=RecipientStatus.FAILED, error_class__in=PASSING_ERRORS
    )
    emptied = Occurrence.objects.filter(series=UUID(choice.new_to), broadcast__people_removed_at__isnull=False)
    if last := emptied.order_by("-on").first():
        found = found.exclude(created_at__lt=last.at)
    had = rows.exclude(not_had).order_by()
    addresses = had.filter(address__isnull=False).values("address")
    return (
        found.exclude(pk__in=had.filter(contact__isnull=False).values("contact"))
        .exclude(phone__in=addresses)
        .exclude(bsuid__in=addresses)
    )
