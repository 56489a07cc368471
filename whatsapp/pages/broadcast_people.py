"""The people of a broadcast: the state of each, with its reason in plain words. Also as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from businesses.keeping.person import ERASED
from businesses.models import Permission
from businesses.pages.access import PageRequest, business_page
from businesses.pages.csv_export import people_answer
from businesses.pages.listing import listing
from whatsapp.broadcasts.reasons import reason_of
from whatsapp.models import Broadcast, Recipient
from whatsapp.pages.broadcast_page import find
from whatsapp.states import RecipientStatus


@require_safe
@business_page(section="broadcasts")
def people(request: PageRequest, broadcast_id: UUID) -> HttpResponse:
    """Show one page of the people, filtered by state."""
    found = find(request, broadcast_id)
    status, words = request.GET.get("status", ""), request.GET.get("q", "").strip()
    rows = _rows(found, status, words).select_related("contact").defer("params", "contact__attributes")
    shown = listing(request, rows.order_by("pk"))
    context = {
        "broadcast": found,
        "listing": shown,
        "reasons": {row.pk: reason_of(row) for row in shown.rows},
        "states": RecipientStatus.choices,
        "status": status,
        "words": words,
    }
    return render(request, "whatsapp/broadcast_people.html", context)


@require_safe
@business_page(section="broadcasts", needs=Permission.EXPORT_CONTACTS)
def export(request: PageRequest, broadcast_id: UUID) -> HttpResponseBase:
    """Send the people as CSV, filtered by state."""
    found = find(request, broadcast_id)
    header = [_("phone"), _("row"), _("state"), _("reason"), _("attempts"), _("sent"), _("delivered"), _("read")]
    rows = _rows(found, request.GET.get("status", ""), "").order_by("pk")
    return people_answer(
        request.business,
        request.user,
        "recipients",
        name=f"broadcast-{found.created_at:%Y-%m-%d}",
        header=header,
        rows=_cells(rows),
        broadcast=str(found.pk),
    )


def _rows(found: Broadcast, status: str, words: str) -> QuerySet[Recipient]:
    rows = Recipient.objects.filter(broadcast=found)
    if status in RecipientStatus.values:
        rows = rows.filter(status=status)
    if words:
        number = "".join(words.split()).replace("-", "")
        rows = rows.filter(Q(address__contains=number) | Q(given_address__icontains=words))
    return rows


def _cells(rows: QuerySet[Recipient]) -> Iterator[list[str]]:
    for row in rows.iterator(chunk_size=2_000):
        times = [f"{moment:%Y-%m-%d %H:%M:%S}" if moment else "" for moment in _times(row)]
        address = _("erased") if (row.address or "").startswith(ERASED) else row.address or row.given_address
        number = "" if row.row_number is None else str(row.row_number)
        yield [address, number, row.get_status_display(), reason_of(row), str(row.attempt_no), *times]


def _times(row: Recipient) -> tuple[object, object, object]:
    return row.accepted_at, row.delivered_at, row.read_at
