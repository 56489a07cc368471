"""The admin's pages of opening hours and knowledge, which show; both are written on their web pages."""

from __future__ import annotations

from django.contrib import admin
from django.db import models
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from businesses.fence.fenced_admin import OWNERS, FencedAdmin
from businesses.fence.sections import Section
from businesses.hours import written
from businesses.models import KnowledgeEntry, SpecialDays, WeekHours
from businesses.models.hours import WEEKDAYS


class _HoursAdmin(FencedAdmin):
    """What both pages share."""

    section = Section.BUSINESS
    records = True
    view_roles = OWNERS
    list_select_related = ("business",)

    def web_page(self, obj: models.Model) -> str:
        """Returns the address of the page on which hours are written."""
        return reverse("hours", args=[obj.business.slug])  # type: ignore[attr-defined]


@admin.register(WeekHours)
class WeekHoursAdmin(_HoursAdmin):
    """The usual weeks."""

    about = _("When you are open in a usual week.")
    list_display = ("business", "days")
    fields = ("business", "days")

    @admin.display(description=_("opening hours of the week"))
    def days(self, row: WeekHours) -> SafeString:
        """Returns the days that have hours, a line each."""
        names = {field.name: field.verbose_name for field in row._meta.fields}
        lines = ((names[day], written.write(getattr(row, day))) for day in WEEKDAYS if getattr(row, day))
        return format_html_join("", "<div>{} <bdi>{}</bdi></div>", lines)


@admin.register(SpecialDays)
class SpecialDaysAdmin(_HoursAdmin):
    """Exceptions and holidays."""

    about = _("Days on which the usual week does not hold.")
    list_display = ("first_day", "last_day", "name", "kind", "written_hours")
    list_filter = ("kind",)
    fields = ("business", "kind", "first_day", "last_day", "name", "written_hours", "removed_on")

    @admin.display(description=_("opening hours"))
    def written_hours(self, row: SpecialDays) -> str:
        """Returns the hours in a line; a dash for closed."""
        return written.write(row.hours) or "–"

    @admin.display(description=_("removed"))
    def removed_on(self, row: SpecialDays) -> str:
        """Returns when the row was removed, which can be undone for an hour."""
        return date_format(row.removed_at, "SHORT_DATETIME_FORMAT") if row.removed_at else "–"


@admin.register(KnowledgeEntry)
class KnowledgeEntryAdmin(FencedAdmin):
    """Entries of knowledge."""

    section = Section.BUSINESS
    records = True
    view_roles = OWNERS
    about = _("What the assistant knows for callers' questions.")
    list_display = ("title", "is_on", "changed_at")
    list_filter = ("is_on",)
    list_select_related = ("business",)
    search_fields = ("title", "text")
    fields = ("business", "title", "text", "is_on", "changed_at")

    def web_page(self, obj: KnowledgeEntry) -> str:
        """Returns the address of the page on which it is written."""
        return reverse("knowledge", args=[obj.business.slug])
