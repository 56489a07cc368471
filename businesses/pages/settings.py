"""The settings page of a business, for owners."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib import messages
from django.db import transaction
from django.forms import BoundField
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from businesses import usage
from businesses.forms.settings_form import SECTIONS, SettingsForm
from businesses.last_calls import last_calls
from businesses.models import Business
from businesses.pages.access import OWNERS, PageRequest, business_page
from businesses.registration import save_business


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the form, with its heading."""

    key: str
    heading: str
    intro: str
    fields: list[BoundField]


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="settings", roles=OWNERS)
def settings(request: PageRequest) -> HttpResponse:
    """Show the settings, and save changes on POST."""
    form = _saved(request) if request.method == "POST" else SettingsForm(instance=_copy(request))
    business = form.instance
    if form.is_valid():
        for sentence in business.advice():
            messages.warning(request, sentence)
        messages.success(request, _("Saved. The next call follows it."))
        return redirect("settings", slug=business.slug)
    called = last_calls(request.business)
    numbers = [(each, called.get(each.number)) for each in business.phone_numbers.order_by("pk")]
    context = {
        "form": form,
        "sections": list(_sections(form)),
        "numbers": numbers,
        "countries": request.business.countries_to_dial(),
        "daily_use": usage.overview(request.business, now=timezone.now()),
    }
    return render(request, "pages/settings.html", context, status=422 if form.errors else 200)


@transaction.atomic
def _saved(request: PageRequest) -> SettingsForm:
    """Returns the form, its changes saved if it is valid. The lock makes two who save at once see each other."""
    Business.objects.select_for_update(no_key=True).filter(pk=request.business.pk).values("pk").first()
    form = SettingsForm(request.POST, instance=_copy(request))
    if form.is_valid():
        save_business(form.instance, changed=form.changed_data)
    return form


def _copy(request: PageRequest) -> Business:
    """Returns the business, for the form to change."""
    return Business.objects.get(pk=request.business.pk)


def _sections(form: SettingsForm) -> Iterator[Section]:
    for key, heading, intro, names in SECTIONS:
        yield Section(key, str(heading), str(intro), [form[name] for name in names])
