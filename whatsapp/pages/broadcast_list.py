"""The list of a business's broadcasts."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from businesses.pages.access import PageRequest, business_page
from businesses.pages.listing import listing
from whatsapp.broadcasts.under_way import with_counts
from whatsapp.models import Broadcast
from whatsapp.states import BroadcastStatus

PER_PAGE = 25


@require_safe
@business_page(section="broadcasts")
def broadcasts(request: PageRequest) -> HttpResponse:
    """Show the broadcasts, newest first, filtered by state and name."""
    found = Broadcast.objects.filter(business=request.business).order_by("-created_at")
    status, words = request.GET.get("status", ""), request.GET.get("q", "").strip()
    if status in BroadcastStatus.values:
        found = found.filter(status=status)
    if words:
        found = found.filter(name__icontains=words)
    shown = listing(request, found, per_page=PER_PAGE)
    context = {
        "listing": replace(shown, rows=with_counts(shown.rows)),
        "states": BroadcastStatus.choices,
        "status": status,
        "words": words,
    }
    return render(request, "whatsapp/broadcasts.html", context)
