"""What is kept, and for how long: the page on which an owner chooses, and finds a person to export or erase."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from businesses.forms.plain_words import speak_plainly
from businesses.keeping import kinds, retention
from businesses.keeping.kinds import Kind
from businesses.models import Business, Erasure, Retention
from businesses.pages.access import OWNERS, PageRequest, business_page
from businesses.pages.persons import PersonForm

SHOWN = 20


class DaysForm(forms.Form):
    """The days of each kind, within the operator's bounds."""

    def __init__(self, *args: object, business: Business, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        chosen = kinds.retention_of(business)
        for kind in Kind:
            bounds = kinds.bounds_of(kind)
            model_field = Business if kind is Kind.RECORDINGS else Retention
            column = "recordings_kept_days" if kind is Kind.RECORDINGS else f"{kind.value}_days"
            described: Any = model_field._meta.get_field(column)
            field = forms.IntegerField(
                label=kind.label,
                min_value=bounds.shortest,
                max_value=bounds.longest,
                initial=bounds.nearest(kinds.chosen_days(business, chosen, kind)),
                help_text=format_lazy(
                    gettext_lazy("{what} From {shortest} to {longest} days."),
                    what=described.help_text,
                    shortest=bounds.shortest,
                    longest=bounds.longest,
                ),
            )
            speak_plainly(field)
            self.fields[kind.value] = field


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="settings", roles=OWNERS)
def keeping(request: PageRequest) -> HttpResponse:
    """Show the days, and save them on POST."""
    form = DaysForm(request.POST or None, business=request.business)
    if form.is_valid():
        retention.choose(request.business, {Kind(name): days for name, days in form.cleaned_data.items()})
        messages.success(request, _("Saved. What is older is removed tonight."))
        return redirect("keeping", slug=request.business.slug)
    context = {
        "form": form,
        "person_form": PersonForm(region=request.business.region()),
        "erasures": Erasure.objects.filter(business=request.business)[:SHOWN],
    }
    return render(request, "pages/keeping.html", context, status=422 if form.errors else 200)
