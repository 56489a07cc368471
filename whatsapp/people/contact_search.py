"""Finding contacts by text, tag and consent."""

from __future__ import annotations

import re

from django.db.models import Q, QuerySet

from businesses.models import Business
from whatsapp.models import Consent, Contact, PersonAddress

FEWEST_DIGITS = 3


def find_contacts(business: Business, *, text: str = "", tag: str = "", consent: str = "") -> QuerySet[Contact]:
    """Returns the matching contacts, newest first. `text` is part of a name, or of a number in any notation."""
    found = Contact.objects.filter(business=business)
    text = text.replace("\0", "").strip()[:100]
    if text:
        digits = re.sub(r"\D", "", text).lstrip("0")
        is_number = len(digits) >= FEWEST_DIGITS and not re.search(r"[^\W\d_]", text)
        found = found.filter(_by_number(business, digits) if is_number else Q(name__icontains=text) | Q(bsuid=text))
    if tag.isdecimal() and len(tag) < 19:
        found = found.filter(contact_tags__tag=int(tag))
    if consent in Consent.values:
        found = found.filter(consent=consent)
    return found.order_by("-created_at", "id")


def _by_number(business: Business, digits: str) -> Q:
    """Returns the condition of a contact with a number that holds these digits, as its own or as its person's."""
    ours = PersonAddress.objects.filter(business=business)
    people = ours.filter(address__startswith="+", address__contains=digits).values("person")
    tied = ours.filter(person__in=people).values("address")
    return Q(phone__contains=digits) | Q(phone__in=tied) | Q(bsuid__in=tied)
