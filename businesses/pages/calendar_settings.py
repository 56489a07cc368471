"""Settings of services and calendars, for owners, and the times that calendars are kept free."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from businesses.calendar import setting_up
from businesses.forms.appointment_forms import BusyForm
from businesses.forms.hours_field import DAYS, DayHoursField
from businesses.forms.plain_words import plain_formfield
from businesses.hours import has_hours
from businesses.models import Business, BusyTime, Calendar, Service
from businesses.pages.access import OWNERS, PageRequest, business_page
from businesses.validators import one_line

if TYPE_CHECKING:
    _ServiceForm = forms.ModelForm[Service]
    _CalendarForm = forms.ModelForm[Calendar]
else:
    _ServiceForm = _CalendarForm = forms.ModelForm

MOST = 200
"""Of services, and of calendars, that a business can have."""
_SHOWN = 100
_USUAL = [["09:00", "17:00"]]


class ServiceForm(_ServiceForm):
    """A service, and the calendars that offer it."""

    offered_by = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Who or where"),
        queryset=Calendar.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("The calendars in which it can be booked."),
    )

    class Meta:
        model = Service
        fields = ("name", "minutes", "before_minutes", "after_minutes", "step_minutes", "notice_hours", "ahead_days")
        fields += ("offered_by", "is_active")  # type: ignore[assignment]
        formfield_callback = plain_formfield

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        calendars = Calendar.objects.filter(business=self.instance.business)
        self.fields["offered_by"].queryset = calendars  # type: ignore[attr-defined]
        self.fields["name"].widget.attrs["dir"] = "auto"
        is_new = self.instance._state.adding
        self.initial["offered_by"] = list(calendars if is_new else calendars.filter(offers__service=self.instance))

    def clean_name(self) -> str:
        """Returns the name on one line."""
        return one_line(self.cleaned_data["name"])


class CalendarForm(_CalendarForm):
    """A calendar, with its own weekly hours or the business's."""

    own_hours = forms.BooleanField(
        label=gettext_lazy("Hours of its own"),
        required=False,
        help_text=gettext_lazy(
            "Off: it can be booked while the business is open. On: at the hours below. Holidays of the business count "
            "either way."
        ),
    )

    class Meta:
        model = Calendar
        fields = ("name", "is_active")
        formfield_callback = plain_formfield

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["name"].widget.attrs["dir"] = "auto"
        kept = self.instance.hours
        if self.instance._state.adding and not has_hours(self.instance.business):
            kept = [*([_USUAL] * 4), [], [], _USUAL] if self.instance.business.language == "he" else [_USUAL] * 5
        self.initial["own_hours"] = kept is not None
        for number, (name, label) in enumerate(DAYS):
            self.fields[name] = DayHoursField(label=label)
            self.initial[name] = kept[number] if kept and number < len(kept) else []

    def clean_name(self) -> str:
        """Returns the name on one line."""
        return one_line(self.cleaned_data["name"])

    def days(self) -> list[Any]:
        """Returns the fields of the days."""
        return [self[name] for name, _label in DAYS]

    def clean(self) -> dict[str, Any]:
        """Put the hours together; hours of its own need at least one."""
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("own_hours"):
            self.instance.hours = None
        elif all(name in cleaned for name, _label in DAYS):
            self.instance.hours = [cleaned[name] for name, _label in DAYS]
            if not any(self.instance.hours):
                self.add_error("own_hours", _("Write when it is open, on one day at least."))
        return cleaned


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="calendar", roles=OWNERS)
def services(request: PageRequest) -> HttpResponse:
    """Show the services, and add one on POST."""
    form = _service_form(request, Service(business=request.business))
    if request.method == "POST" and _saved_service(request, form):
        return redirect("services", slug=request.business.slug)
    rows = Service.objects.filter(business=request.business).annotate(offering=Count("offers"))
    context = {"form": form, "rows": rows, "has_calendars": bool(form.fields["offered_by"].queryset)}  # type: ignore[attr-defined]
    return render(request, "pages/services.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="calendar", roles=OWNERS)
def service(request: PageRequest, service_id: UUID) -> HttpResponse:
    """Show one service, and save changes on POST."""
    found = get_object_or_404(Service, business=request.business, pk=service_id)
    form = _service_form(request, found)
    if request.method == "POST" and _saved_service(request, form):
        return redirect("services", slug=request.business.slug)
    return render(request, "pages/service.html", {"form": form, "row": found}, status=422 if form.errors else 200)


@business_page(section="calendar", roles=OWNERS, action_of="service")
def remove_service(request: PageRequest, service_id: UUID) -> HttpResponse:
    """Remove a service that was never booked."""
    found = get_object_or_404(Service, business=request.business, pk=service_id)
    return _removed(request, found, "services", {"service_id": service_id})


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="calendar", roles=OWNERS)
def calendars(request: PageRequest) -> HttpResponse:
    """Show the calendars, and add one on POST."""
    form = CalendarForm(request.POST or None, instance=Calendar(business=request.business))
    if request.method == "POST" and _saved_calendar(request, form):
        has_services = Service.objects.filter(business=request.business).exists()
        return redirect("calendars" if has_services else "services", slug=request.business.slug)
    rows = Calendar.objects.filter(business=request.business).annotate(offering=Count("offers"))
    context = {"form": form, "rows": rows, "has_hours": has_hours(request.business)}
    return render(request, "pages/calendars.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="calendar", roles=OWNERS)
def one_calendar(request: PageRequest, calendar_id: UUID) -> HttpResponse:
    """Show one calendar, and save changes on POST."""
    found = get_object_or_404(Calendar, business=request.business, pk=calendar_id)
    form = CalendarForm(request.POST or None, instance=found)
    if request.method == "POST" and _saved_calendar(request, form):
        return redirect("calendars", slug=request.business.slug)
    context = {"form": form, "row": found, "has_hours": has_hours(request.business)}
    return render(request, "pages/one_calendar.html", context, status=422 if form.errors else 200)


@business_page(section="calendar", roles=OWNERS, action_of="one-calendar")
def remove_calendar(request: PageRequest, calendar_id: UUID) -> HttpResponse:
    """Remove a calendar in which nothing was ever booked."""
    found = get_object_or_404(Calendar, business=request.business, pk=calendar_id)
    return _removed(request, found, "calendars", {"calendar_id": calendar_id})


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="calendar")
def busy(request: PageRequest) -> HttpResponse:
    """Show the times that are kept free from now on, and add one on POST."""
    initial = {"day": timezone.localdate(), "calendar": request.GET.get("calendar")}
    form = BusyForm(request.POST or None, business=request.business, initial=initial)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        _made, booked = setting_up.block(
            given["calendar"], starts_at=form.start(), ends_at=given["end"], note=one_line(given["note"])
        )
        messages.success(request, _("Saved. Nothing new is booked at this time."))
        if booked:
            words = ngettext(
                "%d appointment is booked then, and stays.", "%d appointments are booked then, and stay.", booked
            )
            messages.warning(request, words % booked)
        return redirect("busy-times", slug=request.business.slug)
    ahead = BusyTime.objects.filter(business=request.business, source=None, ends_at__gt=timezone.now())
    rows = ahead.select_related("calendar")
    context = {"form": form, "rows": rows[:_SHOWN], "has_calendars": bool(form.fields["calendar"].queryset)}  # type: ignore[attr-defined]
    return render(request, "pages/busy_times.html", context, status=422 if form.errors else 200)


@business_page(section="calendar", action_of="busy-times")
def remove_busy(request: PageRequest, busy_id: UUID) -> HttpResponse:
    """Let the time be booked again."""
    get_object_or_404(BusyTime, business=request.business, source=None, pk=busy_id).delete()
    messages.success(request, _("Removed. The time can be booked again."))
    return redirect("busy-times", slug=request.business.slug)


def _service_form(request: PageRequest, instance: Service) -> ServiceForm:
    return ServiceForm(request.POST or None, instance=instance)


def _saved_service(request: PageRequest, form: ServiceForm) -> bool:
    if not _is_room(request.business, form):
        return False
    return form.is_valid() and _kept(
        request, form, lambda: setting_up.save_service(form.instance, list(form.cleaned_data["offered_by"]))
    )


def _saved_calendar(request: PageRequest, form: CalendarForm) -> bool:
    if not _is_room(request.business, form):
        return False
    return form.is_valid() and _kept(request, form, lambda: setting_up.save_calendar(form.instance))


def _is_room(business: Business, form: forms.ModelForm[Any]) -> bool:
    rows = type(form.instance)._default_manager.filter(business=business)
    if form.instance._state.adding and rows.count() >= MOST:
        form.add_error(None, _("A business has at most %(most)s of them.") % {"most": MOST})
        return False
    return True


def _kept(request: PageRequest, form: forms.ModelForm[Any], save: Any) -> bool:
    """Save, unless another row has the name: also one that was added at this moment."""
    try:
        with transaction.atomic():
            save()
    except IntegrityError:
        form.add_error("name", _("There is one of this name already."))
        return False
    messages.success(request, _("Saved."))
    return True


def _removed(request: PageRequest, row: Calendar | Service, to: str, named: dict[str, Any]) -> HttpResponse:
    if setting_up.remove(row):
        messages.success(request, _("Removed."))
        return redirect(to, slug=request.business.slug)
    messages.error(request, _("Something was booked in it, so it can't be removed. Switch it off instead."))
    page = "service" if to == "services" else "one-calendar"
    return redirect(reverse(page, kwargs={"slug": request.business.slug, **named}))
