"""The people of a broadcast: the state of each, with its reason in plain words. Also as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Self
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from businesses.keeping.person import ERASED
from businesses.models import Permission
from businesses.pages.access import PageRequest, business_page
from businesses.pages.csv_export import people_answer
from businesses.pages.listing import listing
from whatsapp.audience.choice import Group
from whatsapp.audience.groups import people_of
from whatsapp.broadcasts.figures import Figure, people_in
from whatsapp.broadcasts.reasons import reason_of
from whatsapp.broadcasts.span import span_of
from whatsapp.models import Broadcast, Contact, Recipient
from whatsapp.pages.broadcast_page import find
from whatsapp.states import RecipientStatus

_WITHOUT_FIELD = ("group", "error", "skip")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which people are asked for: by state, figure, group of a follow-up, error (its code or class), why skipped."""

    status: str = ""
    figure: str = ""
    group: str = ""
    error: str = ""
    skip: str = ""

    @classmethod
    def of(cls, request: PageRequest) -> Self:
        """Returns what the query string asks for; what it can't be is not asked."""
        known: dict[str, Sequence[str]] = {
            "status": RecipientStatus.values,
            "figure": Figure.values,
            "group": list(Group),
        }
        given = {field.name: request.GET.get(field.name, "")[:40] for field in fields(cls)}
        return cls(**{name: value for name, value in given.items() if name not in known or value in known[name]})

    def rows(self, found: Broadcast, words: str = "") -> QuerySet[Recipient]:
        """Returns the people, of whom each must also have `words` in the number, as it was entered or as it is."""
        if self.group:
            rows = people_of(found, Group(self.group))
        else:
            rows = people_in(found, Figure(self.figure)) if self.figure else Recipient.objects.filter(broadcast=found)
        if self.status:
            rows = rows.filter(status=self.status)
        if self.error:
            rows = rows.filter(Q(error_code=self.error) | Q(error_code="", error_class=self.error))
        if self.skip:
            rows = rows.filter(skip_reason=self.skip)
        if words:
            number = "".join(words.split()).replace("-", "")
            rows = rows.filter(Q(address__contains=number) | Q(given_address__icontains=words))
        return rows


@require_safe
@business_page(section="broadcasts")
def people(request: PageRequest, broadcast_id: UUID) -> HttpResponse:
    """Show one page of the people, filtered by state or figure."""
    found = find(request, broadcast_id)
    asked, words = Asked.of(request), request.GET.get("q", "").strip()
    rows = asked.rows(found, words).filter(pk__range=span_of(found))
    # Contacts apart: PostgreSQL takes the people for few, and would join each before it sorts them.
    rows = rows.defer("params").prefetch_related(Prefetch("contact", Contact.objects.defer("attributes")))
    shown = listing(request, rows.order_by("pk"))
    context = {
        "broadcast": found,
        "listing": shown,
        "reasons": {row.pk: reason_of(row) for row in shown.rows},
        "states": RecipientStatus.choices,
        "figures": Figure.choices,
        "asked": asked,
        "hidden": [(name, value) for name, value in asdict(asked).items() if name in _WITHOUT_FIELD and value],
        "export": urlencode(asdict(asked)),
        "words": words,
    }
    return render(request, "whatsapp/broadcast_people.html", context)


@require_safe
@business_page(section="broadcasts", needs=Permission.EXPORT_CONTACTS)
def export(request: PageRequest, broadcast_id: UUID) -> HttpResponseBase:
    """Send the people as CSV, filtered by state or figure."""
    found = find(request, broadcast_id)
    moments = [f"{name} ({request.business.time_zone})" for name in (_("sent"), _("delivered"), _("read"))]
    header = [_("phone"), _("row"), _("state"), _("reason"), _("attempts"), *moments]
    rows = Asked.of(request).rows(found).order_by("pk")
    return people_answer(
        request.business,
        request.user,
        "recipients",
        name=f"broadcast-{found.created_at:%Y-%m-%d}",
        header=header,
        rows=_cells(rows),
        broadcast=str(found.pk),
    )


def _cells(rows: QuerySet[Recipient]) -> Iterator[list[str]]:
    for row in rows.iterator(chunk_size=2_000):
        times = [f"{localtime(moment):%Y-%m-%d %H:%M:%S}" if moment else "" for moment in _times(row)]
        address = _("erased") if (row.address or "").startswith(ERASED) else row.address or row.given_address
        number = "" if row.row_number is None else str(row.row_number)
        yield [address, number, row.get_status_display(), reason_of(row), str(row.attempt_no), *times]


def _times(row: Recipient) -> tuple[datetime | None, datetime | None, datetime | None]:
    return row.accepted_at, row.delivered_at, row.read_at
