"""The inbox: people who wrote, latest first; which of them are shown, and finding one."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from businesses.models import Business, User
from businesses.pages.access import PageRequest, business_page
from businesses.pages.listing import Listing, listing
from whatsapp.models import Contact
from whatsapp.pages.conversations import in_short, threads, waiting, with_last_messages
from whatsapp.pages.thread_search import asked_for, with_words

MOST_BESIDE = 40
"""People in the list beside a thread."""


@dataclass(frozen=True, slots=True)
class _Filter:
    words: Promise
    people: Callable[[Business, User, datetime], QuerySet[Contact]]


_FILTERS = {
    "": _Filter(gettext_lazy("All"), lambda business, _user, _now: threads(business)),
    "unanswered": _Filter(
        gettext_lazy("Unanswered"), lambda business, _user, _now: threads(business, only_unanswered=True)
    ),
    "waiting": _Filter(gettext_lazy("Waiting for a reply"), lambda business, _user, now: waiting(business, now=now)),
    "mine": _Filter(
        gettext_lazy("Mine"), lambda business, user, _now: threads(business).filter(assigned_to__user=user)
    ),
    "nobodys": _Filter(
        gettext_lazy("Nobody's"), lambda business, _user, _now: threads(business).filter(assigned_to=None)
    ),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Which part of the inbox a member looks at. It goes with every link into a thread and back."""

    show: str = ""
    text: str = ""

    @classmethod
    def of(cls, request: PageRequest) -> Self:
        """Returns the place that the address names."""
        show = request.GET.get("show", "")
        return cls(show if show in _FILTERS else "", asked_for(request.GET.get("q", "")))

    @property
    def query(self) -> str:
        """The place as the query of an address; empty for the whole inbox."""
        return self._query(self.show)

    @property
    def more(self) -> str:
        """The place as a further part of a query."""
        return self.query.replace("?", "&", 1)

    @property
    def filters(self) -> list[tuple[str, Promise, bool]]:
        """The query, the words, and whether it is chosen, of each filter."""
        return [(self._query(name), each.words, name == self.show) for name, each in _FILTERS.items()]

    def people(self, business: Business, user: User, now: datetime) -> QuerySet[Contact]:
        """Returns the people who are shown, latest first."""
        people = _FILTERS[self.show].people(business, user, now).select_related("assigned_to__user")
        return with_words(business, people, self.text) if self.text else people

    def beside(self, business: Business, user: User, now: datetime) -> list[Contact]:
        """Returns the first of the people, for the list beside a thread, with what `in_short` adds."""
        return list(in_short(business, self.people(business, user, now))[:MOST_BESIDE])

    def _query(self, show: str) -> str:
        given = {name: value for name, value in (("show", show), ("q", self.text)) if value}
        return f"?{urlencode(given)}" if given else ""


@require_safe
@business_page(section="inbox")
def inbox(request: PageRequest) -> HttpResponse:
    """Show the people who wrote, latest first."""
    place = Place.of(request)
    shown: Listing = listing(request, place.people(request.business, request.user, timezone.now()))
    context = {"listing": shown, "threads": with_last_messages(shown.rows), "place": place}
    name = "whatsapp/inbox_list.html" if request.htmx else "whatsapp/inbox.html"
    return render(request, name, context)


@require_safe
@business_page(section="inbox")
def beside(request: PageRequest, contact_id: uuid.UUID) -> HttpResponse:
    """Answer a thread that asks for news of the list beside it."""
    get_object_or_404(Contact, business=request.business, pk=contact_id)
    place = Place.of(request)
    people = place.beside(request.business, request.user, timezone.now())
    context = {"beside": people, "place": place, "current": contact_id}
    return render(request, "whatsapp/inbox_beside_rows.html", context)
