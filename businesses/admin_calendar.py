"""The admin's pages of appointments. They show; the web pages change, with all that belongs to it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from businesses.fence.fenced_admin import MEMBERS, FencedAdmin
from businesses.fence.sections import Section
from businesses.models import Appointment, Calendar, Service


@admin.register(Appointment)
class AppointmentAdmin(FencedAdmin):
    """Appointments, those that were cancelled included."""

    section = Section.CALLS
    about = _("What is booked, by callers and by members. Book, move and cancel on the web pages.")
    records = True
    view_roles = MEMBERS
    list_display = ("starts_at", "name", "service", "calendar", "status", "made_by")
    list_filter = ("status", "made_by")
    list_select_related = ("service", "calendar", "business")
    search_fields = ("name", "number")
    date_hierarchy = "starts_at"
    fields = (
        *("business", "service", "calendar", "starts_at", "ends_at", "name", "number", "note"),
        *("status", "made_by", "call", "made_at", "cancelled_at"),
    )

    def web_page(self, obj: Any) -> str:
        """Returns the address of the appointment's page."""
        return reverse("appointment", args=[obj.business.slug, obj.pk])


@admin.register(Calendar)
class CalendarAdmin(FencedAdmin):
    """Calendars of people and rooms."""

    section = Section.CALLS
    about = _("People and rooms that can be booked. Owners change them on the web pages.")
    records = True
    view_roles = MEMBERS
    list_display = ("name", "is_active")
    list_filter = ("is_active",)
    list_select_related = ("business",)
    search_fields = ("name",)
    fields = ("business", "name", "hours", "is_active")

    def web_page(self, obj: Any) -> str:
        """Returns the address of the page on which an owner changes it."""
        return reverse("one-calendar", args=[obj.business.slug, obj.pk])


@admin.register(Service)
class ServiceAdmin(FencedAdmin):
    """What can be booked."""

    section = Section.CALLS
    about = _("What people can book. Owners change it on the web pages.")
    records = True
    view_roles = MEMBERS
    list_display = ("name", "minutes", "is_active")
    list_filter = ("is_active",)
    list_select_related = ("business",)
    search_fields = ("name",)
    fields = (
        *("business", "name", "minutes", "before_minutes", "after_minutes", "step_minutes"),
        *("notice_hours", "ahead_days", "is_active"),
    )

    def web_page(self, obj: Any) -> str:
        """Returns the address of the page on which an owner changes it."""
        return reverse("service", args=[obj.business.slug, obj.pk])
