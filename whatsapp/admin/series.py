"""Recurring broadcasts: read-only here, since they are made, changed and paused on the web."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from businesses.fence.fenced_admin import MEMBERS, FencedAdmin
from businesses.fence.sections import Section
from whatsapp.models import BroadcastSeries, Occurrence
from whatsapp.pages.repeat_words import repeat_words
from whatsapp.series.dates import repeat_of

MOST_SHOWN = 30


@admin.register(BroadcastSeries)
class BroadcastSeriesAdmin(FencedAdmin):
    """Recurring broadcasts, with what became of their last occurrences."""

    records = True
    section = Section.MESSAGES
    about = _("Broadcasts that are made again and again from one plan. They are made and changed on the web.")
    view_roles = MEMBERS
    list_display = ("name", "status", "pause_reason", "next_at", "made")
    list_filter = ("status",)
    search_fields = ("name",)
    fields = (
        *("business", "name", "status", "pause_reason", "in_words", "next_at", "made", "occurred"),
        *(
            "template",
            "sender",
            "audience_kind",
            "segment",
            "only_new",
            "send_from",
            "send_until",
            "window_zone",
            "budget",
        ),
    )
    readonly_fields = ("in_words", "occurred")

    def web_page(self, obj: BroadcastSeries) -> str:
        """Returns the address of its page."""
        return reverse("series", args=[obj.business.slug, obj.pk])

    @admin.display(description=_("when"))
    def in_words(self, series: BroadcastSeries) -> str:
        """Returns the rule."""
        repeat = repeat_of(series)
        return "; ".join(repeat_words(repeat)) if repeat else "–"

    @admin.display(description=_("occurrences so far"))
    def occurred(self, series: BroadcastSeries) -> str:
        """Returns the last occurrences with what became of them."""
        last = Occurrence.objects.filter(series=series)[:MOST_SHOWN]
        return "; ".join(f"{each.on}: {each.get_outcome_display()}" for each in last) or "–"
