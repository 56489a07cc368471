"""Joining calendars with those of other programs: an address to subscribe to, and one of a person's busy times."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from businesses import tasks
from businesses.calendar import setting_up
from businesses.ics import feeds, sources
from businesses.mail import can_mail
from businesses.models import BusyTime, Calendar, CalendarMail, CalendarSource
from businesses.pages.access import OWNERS, PageRequest, business_page
from businesses.pages.mailed_form import MailedForm
from businesses.pages.source_form import SourceForm, reason
from businesses.public_address import public_url


@require_safe
@business_page(section="calendar", roles=OWNERS)
def links_of_all(request: PageRequest) -> HttpResponse:
    """Show the address of all calendars of the business."""
    return _page(request, None)


@require_safe
@business_page(section="calendar", roles=OWNERS)
def links(request: PageRequest, calendar_id: UUID) -> HttpResponse:
    """Show what a calendar is joined with."""
    return _page(request, _calendar(request, calendar_id))


@business_page(section="calendar", roles=OWNERS, action_of="all-links")
def make_feed_of_all(request: PageRequest) -> HttpResponse:
    """Make the address of all calendars, in place of the one before it. It is in this answer only."""
    return _with_new_feed(request, None)


@business_page(section="calendar", roles=OWNERS, action_of="calendar-links")
def make_feed(request: PageRequest, calendar_id: UUID) -> HttpResponse:
    """Make the address to subscribe to, in place of the one before it. It is in this answer only."""
    return _with_new_feed(request, _calendar(request, calendar_id))


@business_page(section="calendar", roles=OWNERS, action_of="all-links")
def revoke_feed_of_all(request: PageRequest) -> HttpResponse:
    """Take the address of all calendars back."""
    return _without_feed(request, None)


@business_page(section="calendar", roles=OWNERS, action_of="calendar-links")
def revoke_feed(request: PageRequest, calendar_id: UUID) -> HttpResponse:
    """Take the address back."""
    return _without_feed(request, _calendar(request, calendar_id))


@business_page(section="calendar", roles=OWNERS, action_of="calendar-links")
def choose_mailed(request: PageRequest, calendar_id: UUID) -> HttpResponse:
    """Store who gets the calendar's appointments by mail, or that nobody does."""
    calendar = _calendar(request, calendar_id)
    form = MailedForm(request.POST, business=request.business)
    if not form.is_valid():
        return _page(request, calendar, mailed_form=form)
    setting_up.mail_to(calendar, form.cleaned_data["member"])
    messages.success(request, _("Saved."))
    return _to(request, calendar)


@business_page(section="calendar", roles=OWNERS, action_of="calendar-links")
def enter_source(request: PageRequest, calendar_id: UUID) -> HttpResponse:
    """Store the address of another calendar, and have it read."""
    calendar = _calendar(request, calendar_id)
    form = SourceForm(request.POST)
    if not form.is_valid():
        return _page(request, calendar, form=form)
    sources.enter(calendar, form.cleaned_data["url"], now=timezone.now())
    tasks.ring_for_calendars()
    messages.success(request, _("Saved. It is being read. Load this page again to see what came of it."))
    return _to(request, calendar)


@business_page(section="calendar", roles=OWNERS, action_of="calendar-links")
def fetch_source(request: PageRequest, calendar_id: UUID) -> HttpResponse:
    """Read the other calendar now."""
    source = _source(request, calendar_id)
    sources.fetch_now(source, now=timezone.now())
    tasks.ring_for_calendars()
    messages.success(request, _("It is being read. Load this page again to see what came of it."))
    return _to(request, source.calendar)


@business_page(section="calendar", roles=OWNERS, action_of="calendar-links")
def remove_source(request: PageRequest, calendar_id: UUID) -> HttpResponse:
    """Forget the address and its busy times."""
    source = _source(request, calendar_id)
    sources.remove(source)
    messages.success(request, _("Removed. The times can be booked again."))
    return _to(request, source.calendar)


def _with_new_feed(request: PageRequest, calendar: Calendar | None) -> HttpResponse:
    _row, token = feeds.make(request.business, calendar, by=request.user, now=timezone.now())
    return _page(request, calendar, token=token)


def _without_feed(request: PageRequest, calendar: Calendar | None) -> HttpResponse:
    if row := feeds.of(request.business, calendar):
        feeds.revoke(row)
    messages.success(request, _("The address is revoked. Whoever had it sees nothing new."))
    return _to(request, calendar)


def _calendar(request: PageRequest, calendar_id: UUID) -> Calendar:
    return get_object_or_404(Calendar, business=request.business, pk=calendar_id)


def _source(request: PageRequest, calendar_id: UUID) -> CalendarSource:
    rows = CalendarSource.objects.select_related("calendar", "business")
    return get_object_or_404(rows, business=request.business, calendar=calendar_id)


def _to(request: PageRequest, calendar: Calendar | None) -> HttpResponse:
    if calendar is None:
        return redirect("all-links", slug=request.business.slug)
    return redirect("calendar-links", slug=request.business.slug, calendar_id=calendar.pk)


def _page(
    request: PageRequest,
    calendar: Calendar | None,
    *,
    form: SourceForm | None = None,
    mailed_form: MailedForm | None = None,
    token: str = "",
) -> HttpResponse:
    slug, now = request.business.slug, timezone.now()
    source = sources.of(calendar) if calendar else None
    context: dict[str, Any] = {
        "row": calendar,
        "feed": feeds.of(request.business, calendar),
        "source": source,
        "problem": reason(source) if source else "",
        "busy": BusyTime.objects.filter(business=request.business, source=source, ends_at__gt=now).count()
        if source
        else 0,
        "form": form or SourceForm(),
    }
    if calendar is None:
        context |= {"make": reverse("all-feed-make", args=[slug]), "revoke": reverse("all-feed-revoke", args=[slug])}
    else:
        context |= {
            "mailed_form": mailed_form or MailedForm(business=request.business, initial={"member": calendar.mailed_id}),
            "can_mail": can_mail(),
            "last_mail": CalendarMail.objects.filter(business=request.business, calendar=calendar)
            .order_by("-created_at")
            .first(),
            "make": reverse("feed-make", args=[slug, calendar.pk]),
            "revoke": reverse("feed-revoke", args=[slug, calendar.pk]),
        }
    if token:
        address = public_url() + reverse("calendar-feed", args=[token])
        context |= {"address": address, "webcal": f"webcal:{address.partition(':')[2]}"}
    return render(request, "pages/calendar_links.html", context, status=422 if form or mailed_form else 200)
