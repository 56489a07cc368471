"""Names that the files of broadcasts give to people whose contact has none. A name that a person gave stays."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import OuterRef, Subquery

from businesses.models import Business
from whatsapp.models import Broadcast, Contact, Recipient
from whatsapp.people import identity


def fill(broadcast: Broadcast) -> int:
    """Name the contacts without a name as the broadcast's file does. Returns their number."""
    named = Recipient.objects.filter(broadcast=broadcast, contact__isnull=False).exclude(given_name="")
    first = named.filter(contact=OuterRef("pk")).order_by("pk").values("given_name")[:1]
    unnamed = Contact.objects.filter(business=broadcast.business_id, name="", pk__in=named.values("contact"))
    return unnamed.update(name=Subquery(first))


def known(business: Business, addresses: Sequence[str]) -> str:
    """Returns the name that the last broadcast's file gave to the person with these addresses, "" if none did."""
    everyone = identity.addresses_of(business, *addresses)
    rows = Recipient.objects.filter(business=business, address__in=everyone).exclude(given_name="")
    return rows.order_by("-accepted_at", "-pk").values_list("given_name", flat=True).first() or ""
