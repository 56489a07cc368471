"""Addresses that must not be messaged: the list with reasons, adding, removing, exporting."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from businesses.audit import AuditKind, record
from businesses.pages.access import PageRequest, business_page
from businesses.pages.listing import listing
from whatsapp.models import Consent, Contact, Suppression, SuppressionCategory, SuppressionSource
from whatsapp.pages.contact_forms import SuppressionForm
from whatsapp.pages.csv_export import csv_answer
from whatsapp.people import suppressions


@require_safe
@business_page(section="contacts")
def suppression_list(request: PageRequest) -> HttpResponse:
    """Show the list, and a form to add to it."""
    return _page(request, SuppressionForm(business=request.business))


@require_POST
@business_page(section="contacts")
def add(request: PageRequest) -> HttpResponse:
    """Stop messages to an address."""
    form = SuppressionForm(request.POST, business=request.business)
    if not form.is_valid():
        return _page(request, form, status=422)
    added = suppressions.suppress(
        request.business,
        form.cleaned_data["address"],
        category=SuppressionCategory(form.cleaned_data["category"]),
        source=SuppressionSource.STAFF,
        now=timezone.now(),
        note=form.cleaned_data["note"],
        by=request.user,
    )
    messages.success(request, _("Added.") if added else _("It was already on the list."))
    return redirect("suppressions", slug=request.business.slug)


@require_POST
@business_page(section="contacts")
def remove(request: PageRequest, suppression_id: int) -> HttpResponse:
    """Allow messages to an address again."""
    entry = get_object_or_404(Suppression, pk=suppression_id)
    suppressions.lift(
        request.business,
        entry.address,
        now=timezone.now(),
        categories=[SuppressionCategory(entry.category)],
        consent=Consent.UNKNOWN,
        source=SuppressionSource.STAFF,
        by=request.user,
    )
    messages.success(request, _("Removed from the list."))
    return redirect("suppressions", slug=request.business.slug)


@require_safe
@business_page(section="contacts")
def export(request: PageRequest) -> HttpResponseBase:
    """Send the whole list as CSV."""
    rows = (
        [
            entry.address,
            entry.get_category_display(),
            entry.get_source_display(),
            entry.note,
            timezone.localtime(entry.created_at).strftime("%Y-%m-%d %H:%M"),
        ]
        for entry in _entries(request).iterator()
    )
    header = [_("Phone number"), _("What they opted out of"), _("Why"), _("Note"), _("Since")]
    record(request.business, AuditKind.CONTACTS_EXPORTED, what="suppressions")
    return csv_answer("not-to-be-messaged", header, rows)


def _entries(request: PageRequest) -> QuerySet[Suppression]:
    entries = Suppression.objects.filter(business=request.business)
    asked = request.GET.get("q", "").replace("\0", "").strip()[:140]
    digits = "".join(filter(str.isdigit, asked)).lstrip("0")
    return entries.filter(address__contains=digits or asked) if asked else entries


def _page(request: PageRequest, form: SuppressionForm, *, status: int = 200) -> HttpResponse:
    shown = listing(request, _entries(request))
    known = Contact.objects.filter(business=request.business, phone__in=[entry.address for entry in shown.rows])
    context = {
        "listing": shown,
        "contacts": {contact.phone: contact for contact in known},
        "form": form,
        "text": request.GET.get("q", ""),
    }
    return render(request, "whatsapp/suppressions.html", context, status=status)
