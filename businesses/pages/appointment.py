"""Pages of one appointment: book it, look at it, move it, cancel it and take that back."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from businesses.calendar import booking, reminders
from businesses.calendar.booking import Guest
from businesses.errors import SlotNotOffered, SlotTaken
from businesses.forms.appointment_forms import AppointmentForm, MoveForm
from businesses.known_people import people_with
from businesses.models import Appointment, Calendar, Reminder, Service
from businesses.pages.access import PageRequest, business_page
from businesses.pages.reminders import shown
from businesses.reminder_calls import calls_about


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="calendar")
def new(request: PageRequest) -> HttpResponse:
    """Ask for what is to be booked, starting from the time in the address, and book it on POST."""
    if request.method != "POST":
        return _new_page(request, AppointmentForm(business=request.business, initial=_started(request)))
    form = AppointmentForm(_with_picked(request), business=request.business)
    if not form.is_valid():
        return _new_page(request, form, status=422)
    given = form.cleaned_data
    try:
        made = booking.book(
            request.business,
            given["service"],
            Guest(given["name"], given["number"], given["note"], bool(given.get("reminder"))),
            start=form.start(),
            now=timezone.now(),
            calendar=given["calendar"],
            key=given["key"],
        )
    except SlotTaken as taken:
        form.add_error("time", _("This time is taken."))
        return _new_page(request, form, free=taken.free, status=422)
    except SlotNotOffered as refused:
        form.add_error("time", _("This can't be booked: choose another calendar or time."))
        return _new_page(request, form, free=refused.free, status=422)
    messages.success(request, _("Booked."))
    return redirect("appointment", slug=request.business.slug, appointment_id=made.pk)


@require_safe
@business_page(section="calendar")
def appointment(request: PageRequest, appointment_id: UUID) -> HttpResponse:
    """Show an appointment, with what can be done with it."""
    found = _found(request, appointment_id)
    return _page(request, found, _move_form(request, found))


@business_page(section="calendar", action_of="appointment")
def move(request: PageRequest, appointment_id: UUID) -> HttpResponse:
    """Move it to another time or calendar."""
    found = _found(request, appointment_id)
    form = MoveForm(_with_picked(request), business=request.business)
    if not form.is_valid():
        return _page(request, found, form, status=422)
    try:
        booking.move(found, start=form.start(), now=timezone.now(), calendar=form.cleaned_data["calendar"])
    except SlotTaken as taken:
        form.add_error("time", _("This time is taken."))
        return _page(request, found, form, free=taken.free, status=422)
    except SlotNotOffered as refused:
        is_cancelled = refused.reason == booking.Reason.CANCELLED
        form.add_error("time", _("It is cancelled by now.") if is_cancelled else _("Choose another time."))
        return _page(request, _found(request, appointment_id), form, free=refused.free, status=422)
    messages.success(request, _("Moved."))
    return redirect("appointment", slug=request.business.slug, appointment_id=found.pk)


@business_page(section="calendar", action_of="appointment")
def cancel(request: PageRequest, appointment_id: UUID) -> HttpResponse:
    """Cancel it. The page then offers to take that back."""
    booking.cancel(_found(request, appointment_id), now=timezone.now())
    return redirect("appointment", slug=request.business.slug, appointment_id=appointment_id)


@business_page(section="calendar", action_of="appointment")
def restore(request: PageRequest, appointment_id: UUID) -> HttpResponse:
    """Take a cancellation back."""
    found = _found(request, appointment_id)
    try:
        booking.restore(found, now=timezone.now())
    except SlotTaken as taken:
        messages.error(request, _("Somebody else has this time by now. Book another one."))
        return _page(request, found, _move_form(request, found), free=taken.free, status=409)
    messages.success(request, _("The appointment is booked again."))
    return redirect("appointment", slug=request.business.slug, appointment_id=appointment_id)


def _found(request: PageRequest, appointment_id: UUID) -> Appointment:
    rows = Appointment.objects.select_related("service", "calendar", "business")
    return get_object_or_404(rows, business=request.business, pk=appointment_id)


def _move_form(request: PageRequest, found: Appointment) -> MoveForm:
    local = timezone.localtime(found.starts_at)
    initial = {"day": local.date(), "time": local.time(), "calendar": found.calendar_id}
    return MoveForm(business=request.business, initial=initial)


def _page(
    request: PageRequest, found: Appointment, form: MoveForm, *, free: Any = (), status: int = 200
) -> HttpResponse:
    context = {
        "appointment": found,
        "form": form,
        "free": free,
        "person": people_with(request.business, [found.number]).get(found.number),
        **_reminders(request, found),
        "is_over": found.ends_at < timezone.now(),
    }
    return render(request, "pages/appointment.html", context, status=status)


def _reminders(request: PageRequest, found: Appointment) -> dict[str, Any]:
    choices = reminders.choices_of(request.business)
    rows = list(Reminder.objects.filter(appointment=found, business=request.business))
    return {
        "reminds": choices.is_on,
        "reminders": shown(request.business, rows),
        "reminder_calls": calls_about(found),
        "next_reminders": reminders.next_moments(found, choices, now=timezone.now()),
    }


def _new_page(request: PageRequest, form: AppointmentForm, *, free: Any = (), status: int = 200) -> HttpResponse:
    has_calendars = Calendar.objects.filter(business=request.business, is_active=True).exists()
    has_services = Service.objects.filter(business=request.business, is_active=True).exists()
    context = {"form": form, "free": free, "can_book": has_calendars and has_services, "has_calendars": has_calendars}
    return render(request, "pages/appointment_new.html", context, status=status)


def _with_picked(request: PageRequest) -> Any:
    """Returns what was posted; a time that was picked from those that are free stands for the day and the time."""
    posted = request.POST.copy()
    if (picked := _moment(posted.get("pick", ""))) is not None:
        local = timezone.localtime(picked)
        posted["day"], posted["time"] = local.date().isoformat(), f"{local:%H:%M}"
    return posted


def _started(request: PageRequest) -> dict[str, Any]:
    """Returns what the address says: a time, a calendar, and the only service if there is one."""
    start = timezone.localtime(_moment(request.GET.get("start", "")) or timezone.now())
    initial: dict[str, Any] = {"day": start.date(), "calendar": request.GET.get("calendar")}
    if "start" in request.GET:
        initial["time"] = start.time()
    services = Service.objects.filter(business=request.business, is_active=True).values_list("pk", flat=True)[:2]
    if len(services) == 1:
        initial["service"] = services[0]
    return initial


def _moment(written: str) -> datetime | None:
    """Returns a moment as an address has it; None for none, and for those that no calendar shows."""
    try:
        found = parse_datetime(written)
    except ValueError:
        return None
    if found is None or not 1900 < found.year < 2200:
        return None
    return found if timezone.is_aware(found) else timezone.make_aware(found)
