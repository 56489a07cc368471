"""Names of contacts for pages that only know a phone number, such as those of calls."""

from __future__ import annotations

from collections.abc import Collection

from django.urls import reverse

from businesses.known_people import KnownPerson
from businesses.models import Business
from whatsapp.models import Contact

MOST_FOUND = 200
"""A search by name looks for the calls of so many people."""


def find(business: Business, numbers: Collection[str]) -> dict[str, KnownPerson]:
    """Returns the contacts with a name, by phone number. One query."""
    rows = Contact.objects.filter(business=business, phone__in=numbers).exclude(name="")
    return {
        phone or "": KnownPerson(name, reverse("contact", kwargs={"slug": business.slug, "contact_id": pk}))
        for pk, phone, name in rows.values_list("pk", "phone", "name")
    }


def search(business: Business, words: str) -> list[str]:
    """Returns the phone numbers of contacts whose name has these words. One query."""
    rows = Contact.objects.filter(business=business, name__icontains=words, phone__isnull=False)
    return [phone or "" for phone in rows.values_list("phone", flat=True)[:MOST_FOUND]]
