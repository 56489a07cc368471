"""The list of a business's calls."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from businesses.forms.day_range import DayRangeForm
from businesses.known_people import numbers_of, people_with
from businesses.models import Business
from businesses.pages.access import PageRequest, business_page
from businesses.pages.listing import listing
from calls.models import Call, CallOutcome, Turn
from calls.pages import gist_words
from calls.records.call_figures import CALLS_IN, CallFigure


class CallFilters(DayRangeForm):
    """Which calls to show. All of it is optional."""

    number = forms.CharField(
        label=_("Caller's number or name"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"type": "search", "dir": "auto"}),
    )
    said = forms.CharField(
        label=_("What was said"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"type": "search", "dir": "auto"}),
    )
    direction = forms.ChoiceField(
        label=_("Direction"),
        required=False,
        choices=[("", _("Any")), ("incoming", _("Incoming")), ("outgoing", _("Outgoing"))],
    )
    outcome = forms.ChoiceField(label=_("Outcome"), required=False, choices=[("", _("Any")), *CallOutcome.choices])
    sentiment = forms.ChoiceField(
        label=_("Caller's mood"), required=False, choices=[("", _("Any")), *gist_words.CHOICES]
    )
    figure = forms.ChoiceField(label=_("Counted as"), required=False, choices=[("", _("Any")), *CallFigure.choices])

    def __init__(self, data: Any, *, business: Business) -> None:
        self.business = business
        data = data.copy()
        if data.get("day") == "today":
            data["since"] = data["until"] = timezone.localdate().isoformat()
        super().__init__(data)

    def clean_number(self) -> Q | None:
        """Returns the condition on calls: by digits, without the leading zero of a local number, or by a name."""
        written = str(self.cleaned_data["number"])
        digits = re.sub(r"\D", "", written).lstrip("0")
        if any(letter.isalpha() for letter in written):
            return Q(caller_number__in=numbers_of(self.business, written.strip()))
        if written and not digits:
            raise forms.ValidationError(_("Write some digits of the number."))
        return Q(caller_number__contains=digits) if digits else None

    def chosen(self) -> QuerySet[Call]:
        """Returns the matching calls, newest first; none if the form is invalid."""
        if not self.is_valid():
            return Call.objects.none()
        wanted = self.cleaned_data
        found = Call.objects.filter(business=self.business).order_by("-started_at")
        found = found.defer("settings", "latencies")
        found = self.within(found, "started_at")
        if wanted["number"]:
            found = found.filter(wanted["number"])
        if wanted["said"]:
            said = Turn.objects.filter(call=OuterRef("pk"), text__icontains=wanted["said"])
            found = found.filter(
                Q(summary__icontains=wanted["said"]) | Q(wishes__icontains=wanted["said"]) | Q(Exists(said))
            )
        if wanted["direction"]:
            found = found.filter(is_outgoing=wanted["direction"] == "outgoing")
        if wanted["outcome"]:
            found = found.filter(outcome=wanted["outcome"])
        if wanted["sentiment"]:
            found = found.filter(sentiment=wanted["sentiment"])
        return found.filter(CALLS_IN[CallFigure(wanted["figure"])]) if wanted["figure"] else found


@require_safe
@business_page(section="calls")
def calls(request: PageRequest) -> HttpResponse:
    """List the calls, newest first, with filters."""
    filters = CallFilters(request.GET, business=request.business)
    found = listing(request, filters.chosen())
    is_filtered = any(request.GET.get(name) for name in (*filters.fields, "day"))
    context = {
        "filters": filters,
        "listing": found,
        "is_filtered": is_filtered,
        "known": people_with(request.business, {call.caller_number for call in found.rows}),
    }
    if not found.rows and not is_filtered:
        context["numbers"] = request.business.phone_numbers.filter(is_active=True).order_by("pk")
    return render(request, "calls/calls.html", context, status=422 if filters.errors else 200)
