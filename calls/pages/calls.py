"""The list of a business's calls."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from businesses.forms.day_range import DayRangeForm
from businesses.pages.access import PageRequest, business_page
from businesses.pages.listing import listing
from calls.models import Call, CallOutcome
from calls.records.todays_calls import MISSED


class CallFilters(DayRangeForm):
    """Which calls to show. All of it is optional."""

    number = forms.CharField(
        label=_("Caller's number"),
        required=False,
        max_length=32,
        widget=forms.TextInput(attrs={"type": "search", "dir": "ltr", "inputmode": "tel"}),
    )
    outcome = forms.ChoiceField(label=_("Outcome"), required=False, choices=[("", _("Any")), *CallOutcome.choices])
    missed = forms.BooleanField(label=_("Missed calls only"), required=False)

    def __init__(self, data: Any) -> None:
        data = data.copy()
        if data.get("day") == "today":
            data["since"] = data["until"] = timezone.localdate().isoformat()
        super().__init__(data)

    def clean_number(self) -> str:
        """Returns the digits without the leading zero of a local number."""
        written = str(self.cleaned_data["number"])
        digits = re.sub(r"\D", "", written).lstrip("0")
        if written and not digits:
            raise forms.ValidationError(_("Write some digits of the number."))
        return digits

    def chosen(self) -> QuerySet[Call]:
        """Returns the matching calls, newest first; none if the form is invalid."""
        if not self.is_valid():
            return Call.objects.none()
        wanted = self.cleaned_data
        found = Call.objects.order_by("-started_at").defer("settings", "usage", "latencies")
        found = self.within(found, "started_at")
        if wanted["number"]:
            found = found.filter(caller_number__contains=wanted["number"])
        if wanted["outcome"]:
            found = found.filter(outcome=wanted["outcome"])
        return found.filter(outcome__in=MISSED) if wanted["missed"] else found


@require_safe
@business_page(section="calls")
def calls(request: PageRequest) -> HttpResponse:
    """List the calls, newest first, with filters."""
    filters = CallFilters(request.GET)
    found = listing(request, filters.chosen().filter(business=request.business))
    is_filtered = any(request.GET.get(name) for name in (*filters.fields, "day"))
    context = {"filters": filters, "listing": found, "is_filtered": is_filtered}
    if not found.rows and not is_filtered:
        context["numbers"] = request.business.phone_numbers.filter(is_active=True).order_by("pk")
    return render(request, "calls/calls.html", context, status=422 if filters.errors else 200)
