"""Finding threads by a name, a number, or words that either side wrote."""

from __future__ import annotations

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from businesses.models import Business
from whatsapp.models import Contact, DirectMessage, InboundMessage
from whatsapp.people.contact_search import find_contacts

LONGEST = 100
BEFORE, AFTER = 40, 80


def with_words(business: Business, people: QuerySet[Contact], text: str) -> QuerySet[Contact]:
    """Returns those who match, each with `hit`: the newest message with these words, of either side."""
    theirs = InboundMessage.objects.filter(business=business, text__icontains=text).order_by("-received_at")
    ours = DirectMessage.objects.filter(business=business, text__icontains=text).order_by("-created_at")
    matching = (
        Q(pk__in=find_contacts(business, text=text).order_by().values("pk"))
        | Q(pk__in=theirs.filter(contact__isnull=False).order_by().values("contact"))
        | Q(phone__in=ours.order_by().values("address"))
        | Q(bsuid__in=ours.order_by().values("address"))
    )
    hit = Coalesce(
        Subquery(theirs.filter(contact=OuterRef("pk")).values("text")[:1]),
        Subquery(ours.filter(Q(address=OuterRef("phone")) | Q(address=OuterRef("bsuid"))).values("text")[:1]),
    )
    return people.filter(matching).annotate(hit=hit)


def asked_for(given: str) -> str:
    """Returns what is searched for: no NUL, which PostgreSQL takes for no text, and not endless."""
    return given.replace("\0", "").strip()[:LONGEST]


def around(text: str, words: str) -> str:
    """Returns the part of a text around the words that were searched for; its beginning if they aren't in it."""
    at = max(text.lower().find(words.lower()), 0)
    start, end = max(at - BEFORE, 0), at + len(words) + AFTER
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")
