"""Giving contacts a tag and taking it from them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from businesses.models import Business
from whatsapp.models import Contact, ContactTag, Tag

LONGEST = 60


def tidy(name: str) -> str:
    """A tag's name as it is kept."""
    return " ".join(name.split())[:LONGEST]


def tag(business: Business, contacts: Iterable[Contact], name: str) -> None:
    """Give them the tag, which is made if there is none. Who has it keeps it."""
    with transaction.atomic():
        given, _is_new = Tag.objects.get_or_create(business=business, name=tidy(name))
        pairs = [ContactTag(business=business, contact=contact, tag=given) for contact in contacts]
        ContactTag.objects.bulk_create(pairs, ignore_conflicts=True)


def untag(business: Business, contacts: Iterable[Contact], name: str) -> None:
    """Take the tag from them. A tag that nobody has is forgotten."""
    with transaction.atomic():
        ContactTag.objects.filter(business=business, contact__in=list(contacts), tag__name=tidy(name)).delete()
        Tag.objects.filter(business=business, name=tidy(name), contact_tags=None).delete()
