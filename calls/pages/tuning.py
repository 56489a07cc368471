"""Trying other settings on recorded calls, for owners: `/b/<slug>/tuning/`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from businesses.forms.plain_words import plain_formfield
from businesses.models import Business
from businesses.pages.access import OWNERS, PageRequest, business_page
from calls import tasks
from calls.models import Call, Tuning
from calls.pages import tuning_words
from calls.records import tunings

if TYPE_CHECKING:
    _Form = forms.ModelForm[Business]
else:
    _Form = forms.ModelForm

REFRESH_S = 1


class TuningForm(_Form):
    """The settings that can be tried, and the one call to try them on, if it is to be one."""

    call = forms.UUIDField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Business
        formfield_callback = plain_formfield
        fields = tunings.TRIED

    def changes(self) -> dict[str, Any]:
        """Returns the settings that differ from the business's own."""
        own = Business.objects.get(pk=self.instance.pk)
        return {
            name: self.cleaned_data[name] for name in tunings.TRIED if self.cleaned_data[name] != getattr(own, name)
        }


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="figures", roles=OWNERS)
def tuning(request: PageRequest) -> HttpResponse:
    """Show the settings to try and what was tried; begin to try them on POST."""
    instance = Business.objects.get(pk=request.business.pk)
    form = TuningForm(request.POST or None, instance=instance, initial=_suggested(request))
    if request.method == "POST" and form.is_valid():
        begun = _begin(request, form)
        if begun is not None:
            return redirect("tuning-run", slug=request.business.slug, tuning_id=begun.pk)
    asked = form.data.get("call") if form.is_bound else request.GET.get("call")
    context = {
        "form": form,
        "one_call": _call_of(request, asked),
        "tried": [
            (each, tuning_words.changes(each.changes)) for each in Tuning.objects.filter(business=request.business)
        ],
    }
    return render(request, "calls/tuning.html", context, status=422 if form.is_bound and form.errors else 200)


def _begin(request: PageRequest, form: TuningForm) -> Tuning | None:
    """Begin to try the settings; None, with an error in the form, if there is nothing to try."""
    changes = form.changes()
    if not changes:
        form.add_error(None, _("Change at least one setting to see what it would do."))
        return None
    call = _call_of(request, form.cleaned_data["call"])
    begun = tunings.start(request.business, changes, person=request.user, call=call, now=timezone.now())
    if begun is None:
        form.add_error(
            None, _("No call has a recording of its events. They are kept for the days that you have chosen.")
        )
        return None
    tasks.ring_for_tunings()
    return begun


def _call_of(request: PageRequest, asked: object) -> Call | None:
    """Returns the one call to try them on; None for the last ones."""
    try:
        key = UUID(str(asked))
    except ValueError:
        return None
    return get_object_or_404(Call, pk=key, business=request.business)


def _suggested(request: PageRequest) -> dict[str, Any]:
    """Returns the values that the address suggests: numbers, and the call."""
    given = {name: request.GET[name] for name in tunings.TRIED if request.GET.get(name, "").isdecimal()}
    return {**given, "call": request.GET.get("call", "")}


@require_safe
@business_page(section="figures", roles=OWNERS)
def run(request: PageRequest, tuning_id: UUID) -> HttpResponse:
    """Show what would have changed, or how far the trial is. Pages poll this while it runs."""
    found = get_object_or_404(Tuning, pk=tuning_id, business=request.business)
    rows = list(found.calls.select_related("call").order_by("-call__started_at"))
    done = [row for row in rows if row.is_done]
    context = {
        "tuning": found,
        "changes": tuning_words.changes(found.changes),
        "done": len(done),
        "number": len(rows),
        "is_over": len(done) == len(rows),
        "sentences": tuning_words.sentences(done),
        "calls": [(row, tuning_words.of_call(row)) for row in done if tuning_words.of_call(row)],
        "failed": sum(1 for row in done if row.failure),
        "refresh_s": REFRESH_S,
    }
    page = "calls/tuning_state.html" if request.htmx and not request.htmx.boosted else "calls/tuning_run.html"
    return render(request, page, context)


@business_page(section="figures", roles=OWNERS, action_of="tuning-run")
def apply(request: PageRequest, tuning_id: UUID) -> HttpResponse:
    """Make the settings the business's own."""
    found = get_object_or_404(Tuning, pk=tuning_id, business=request.business)
    if tunings.apply(found, now=timezone.now()):
        messages.success(request, _("Applied. The next call follows it."))
    return redirect("tuning-run", slug=request.business.slug, tuning_id=found.pk)


@business_page(section="figures", roles=OWNERS, action_of="tuning-run")
def undo(request: PageRequest, tuning_id: UUID) -> HttpResponse:
    """Give the business its settings back."""
    found = get_object_or_404(Tuning, pk=tuning_id, business=request.business)
    if tunings.undo(found, now=timezone.now()):
        messages.success(request, _("The settings are as they were before."))
    else:
        messages.error(request, _("Somebody has changed these settings since. Change them on the settings page."))
    return redirect("tuning-run", slug=request.business.slug, tuning_id=found.pk)
