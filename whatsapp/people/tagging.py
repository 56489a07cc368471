"""Adding tags to contacts and removing them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from businesses.models import Business
from whatsapp.models import Contact, ContactTag, Tag

LONGEST = 60


def tidy(name: str) -> str:
    """Returns a tag's name as it is stored."""
    return " ".join(name.split())[:LONGEST]


def tag(business: Business, contacts: Iterable[Contact], name: str) -> None:
    """Add a tag to contacts; it is created if needed. Contacts that already have the tag are unchanged."""
    with transaction.atomic():
        given, _is_new = Tag.objects.get_or_create(business=business, name=tidy(name))
        pairs = [ContactTag(business=business, contact=contact, tag=given) for contact in contacts]
        ContactTag.objects.bulk_create(pairs, ignore_conflicts=True)


def untag(business: Business, contacts: Iterable[Contact], name: str) -> None:
    """Remove a tag from contacts. A tag without contacts is deleted."""
    with transaction.atomic():
        ContactTag.objects.filter(business=business, contact__in=list(contacts), tag__name=tidy(name)).delete()
        Tag.objects.filter(business=business, name=tidy(name), contact_tags=None).delete()
