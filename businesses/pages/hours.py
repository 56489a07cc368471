"""The page of a business's opening hours: the week, exceptions and holidays."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from businesses.forms.hours_form import SpecialDaysForm, WeekForm
from businesses.hours import editing, hours_of
from businesses.hours.public_holidays import PublicHoliday, public_holidays
from businesses.models import DayKind, SpecialDays, WeekHours
from businesses.pages.access import OWNERS, PageRequest, business_page
from businesses.pages.hours_words import standing_in_words

_AHEAD = timedelta(days=365)


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="hours", roles=OWNERS)
def hours(request: PageRequest) -> HttpResponse:
    """Show the hours, and save the week on POST."""
    if request.method != "POST":
        return _page(request)
    form = WeekForm(request.POST)
    if not form.is_valid():
        return _page(request, week=form, status=422)
    editing.change_week(request.business, form.cleaned_data)
    if any(form.cleaned_data.values()):
        messages.success(request, _("Saved. The next call follows it."))
    else:
        messages.warning(request, _("No day has hours, so the assistant tells callers your text alone."))
    return _done(request)


@business_page(section="hours", roles=OWNERS, action_of="hours")
def add(request: PageRequest) -> HttpResponse:
    """Add an exception or a holiday."""
    form = SpecialDaysForm(request.POST, business=request.business, today=_today())
    if not form.is_valid():
        return _page(request, special=form, status=422)
    editing.add(request.business, **form.cleaned_data)
    messages.success(request, _("Saved. The next call follows it."))
    return _done(request)


@business_page(section="hours", roles=OWNERS, action_of="hours")
def add_holidays(request: PageRequest) -> HttpResponse:
    """Add the chosen ones of the suggested holidays, as closed days."""
    chosen = set(request.POST.getlist("day"))
    added = [each for each in _suggested(request) if each.first_day.isoformat() in chosen]
    for each in added:
        editing.add(
            request.business, kind=DayKind.HOLIDAY, first_day=each.first_day, last_day=each.last_day, name=each.name
        )
    if added:
        messages.success(request, _("Saved: you are closed on these holidays."))
    else:
        messages.warning(request, _("No holiday was chosen."))
    return _done(request)


@business_page(section="hours", roles=OWNERS, action_of="hours")
def remove(request: PageRequest, special_id: UUID) -> HttpResponse:
    """Remove an exception or a holiday. The page then offers to undo it."""
    editing.remove(_row(request, special_id), now=timezone.now())
    return _done(request)


@business_page(section="hours", roles=OWNERS, action_of="hours")
def restore(request: PageRequest, special_id: UUID) -> HttpResponse:
    """Undo a removal."""
    if editing.restore(_row(request, special_id)):
        messages.success(request, _("It is back."))
    else:
        messages.error(request, _("Something else is on these days by now. Remove that first."))
    return _done(request)


def _row(request: PageRequest, special_id: UUID) -> SpecialDays:
    return get_object_or_404(SpecialDays.objects.select_related("business"), business=request.business, pk=special_id)


def _done(request: PageRequest) -> HttpResponse:
    return redirect("hours", slug=request.business.slug)


def _today() -> date:
    return timezone.localdate()


def _suggested(request: PageRequest) -> list[PublicHoliday]:
    """Returns the public holidays of the next year on which the business has nothing of its own yet."""
    country = request.business.region()
    if not country:
        return []
    today = _today()
    rows = SpecialDays.objects.filter(business=request.business, removed_at=None, last_day__gte=today)
    taken = list(rows.values_list("first_day", "last_day"))
    found = public_holidays(country, get_language() or "en", first_day=today, last_day=today + _AHEAD)
    return [each for each in found if not any(a <= each.last_day and b >= each.first_day for a, b in taken)]


def _page(
    request: PageRequest, *, week: WeekForm | None = None, special: SpecialDaysForm | None = None, status: int = 200
) -> HttpResponse:
    now = timezone.localtime()
    row = WeekHours.objects.filter(business=request.business).first()
    known = hours_of(request.business, since=now.date() - timedelta(days=2))
    rows = SpecialDays.objects.filter(business=request.business)
    recently = Q(removed_at__gt=now - editing.UNDO_FOR)
    context = {
        "week": week or WeekForm(instance=row),
        "special": special or SpecialDaysForm(business=request.business, today=now.date()),
        "standing": standing_in_words(known.standing(now), now=now) if known else "",
        "specials": list(rows.filter(removed_at=None, last_day__gte=now.date())),
        "removed": list(rows.filter(recently).order_by("-removed_at")[:5]),
        "suggested": _suggested(request),
    }
    return render(request, "pages/hours.html", context, status=status)
