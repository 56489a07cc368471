"""The audit log's page, for owners: who did what, when and from where. Nobody can change an entry."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from businesses.forms.day_range import DayRangeForm
from businesses.models import AuditEntry, AuditKind, Business
from businesses.pages.access import OWNERS, PageRequest, business_page
from businesses.pages.audit_words import details_of
from businesses.pages.csv_export import csv_answer
from businesses.pages.listing import listing


class AuditFilters(DayRangeForm):
    """Which entries to show. All of it is optional."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Event"), required=False, choices=[("", gettext_lazy("Any")), *AuditKind.choices]
    )
    person = forms.CharField(
        label=gettext_lazy("Person"),
        required=False,
        max_length=254,
        widget=forms.TextInput(attrs={"type": "search", "dir": "auto"}),
    )

    def chosen(self, business: Business) -> QuerySet[AuditEntry]:
        """Returns the matching entries, newest first; none if the form is invalid."""
        found = AuditEntry.objects.filter(business=business)
        if not self.is_valid():
            return found.none()
        wanted: dict[str, Any] = self.cleaned_data
        found = self.within(found, "at")
        if wanted["kind"]:
            found = found.filter(kind=wanted["kind"])
        if wanted["person"]:
            found = found.filter(person_name__icontains=wanted["person"])
        return found


@require_safe
@business_page(section="audit", roles=OWNERS)
def audit(request: PageRequest) -> HttpResponse:
    """List the entries, newest first, with filters."""
    filters = AuditFilters(request.GET)
    found = listing(request, filters.chosen(request.business))
    context = {
        "filters": filters,
        "listing": found,
        "rows": [(entry, details_of(entry)) for entry in found.rows],
        "query": request.GET.urlencode(),
        "is_filtered": any(request.GET.get(name) for name in filters.fields),
    }
    return render(request, "pages/audit.html", context, status=422 if filters.errors else 200)


@require_safe
@business_page(section="audit", roles=OWNERS)
def export(request: PageRequest) -> HttpResponseBase:
    """Send the entries that the filters choose as CSV."""
    header = [
        f"{_('When')} ({request.business.time_zone})",
        _("Event"),
        _("Person"),
        _("network address"),
        _("Details"),
    ]
    found = AuditFilters(request.GET).chosen(request.business)
    return csv_answer("audit-log", header, (_cells(entry) for entry in found.iterator(chunk_size=2_000)))


def _cells(entry: AuditEntry) -> list[object]:
    lines = [
        f"{each.label}: {each.value}" if each.before is None else f"{each.label}: {each.before} → {each.value}"
        for each in details_of(entry)
    ]
    at = timezone.localtime(entry.at).strftime("%Y-%m-%d %H:%M:%S")
    return [at, entry.get_kind_display(), entry.person_name, entry.address, "; ".join(lines)]
