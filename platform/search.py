"""One search over a business's contacts, calls and broadcasts, from every page: `/b/<slug>/search/?q=`.

A number is found in any notation, a person by a part of the name, a call by its number, its caller's name or words of
its summary, a broadcast by its name. Calls are searched among the newest `NEWEST_CALLS`, so that a search costs the
same however long a business has been here; the list of calls searches all of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from businesses.known_people import KnownPerson, numbers_of, people_with
from businesses.models import Business
from businesses.pages.access import PageRequest, business_page
from businesses.phone_numbers import NotDialable, dialable_e164
from calls.models import Call
from whatsapp.models import Broadcast, Contact
from whatsapp.people.contact_search import FEWEST_DIGITS, find_contacts

MOST_SHOWN = 10
"""Of each kind; the lists show the rest."""
NEWEST_CALLS = 2_000
LONGEST = 100


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, the newest first."""

    contacts: list[Contact]
    calls: list[tuple[Call, KnownPerson | None]]
    broadcasts: list[Broadcast]

    @property
    def is_empty(self) -> bool:
        """Returns whether nothing was found."""
        return not (self.contacts or self.calls or self.broadcasts)


@require_safe
@business_page(section="search")
def search(request: PageRequest) -> HttpResponse:
    """Show what was found."""
    words = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST]
    found = find(request.business, words) if words else None
    context = {"words": words, "found": found, "number": number_in(request.business, words)}
    return render(request, "pages/search.html", context)


def find(business: Business, words: str) -> Found:
    """Returns what matches. Six queries."""
    number = number_in(business, words)
    contacts = list(find_contacts(business, text=number or words)[:MOST_SHOWN])
    newest = Call.objects.filter(business=business).order_by("-started_at").values("pk")[:NEWEST_CALLS]
    wanted = Q(caller_number__contains=number) if number else _by_words(business, words)
    calls = Call.objects.filter(wanted, business=business, pk__in=newest).order_by("-started_at")
    shown = list(calls.defer("settings", "usage", "latencies", "measured")[:MOST_SHOWN])
    known = people_with(business, {call.caller_number for call in shown})
    broadcasts = Broadcast.objects.filter(business=business, name__icontains=words).order_by("-created_at")
    return Found(contacts, [(call, known.get(call.caller_number)) for call in shown], list(broadcasts[:MOST_SHOWN]))


def number_in(business: Business, words: str) -> str:
    """Returns the digits of a number, or of a part of one, as they stand in a number's E.164; "" for other words."""
    if re.search(r"[^\W\d_]", words):
        return ""
    try:
        return dialable_e164(words, business.region()).removeprefix("+")
    except NotDialable:
        digits = re.sub(r"\D", "", words).lstrip("0")
    return digits if len(digits) >= FEWEST_DIGITS else ""


def _by_words(business: Business, words: str) -> Q:
    said = Q(summary__icontains=words) | Q(wishes__icontains=words)
    return said | Q(caller_number__in=numbers_of(business, words))
