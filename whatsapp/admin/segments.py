"""Segments: read-only here, since their conditions are put together on the web."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from businesses.fence.fenced_admin import MEMBERS, FencedAdmin
from businesses.fence.sections import Section
from whatsapp.audience.segments import conditions_of
from whatsapp.models import Segment
from whatsapp.pages.condition_words import names_of_broadcasts, words_of


@admin.register(Segment)
class SegmentAdmin(FencedAdmin):
    """Saved filters of contacts."""

    records = True
    section = Section.MESSAGES
    about = _("Saved filters of contacts. They are made and changed on the web, below the contacts.")
    view_roles = MEMBERS
    labels: ClassVar[dict[str, Any]] = {"created_by": _("by")}
    list_display = ("name", "created_at", "created_by")
    search_fields = ("name",)
    fields = ("business", "name", "in_words", "created_at", "created_by")
    readonly_fields = ("in_words",)

    def web_page(self, obj: Segment) -> str:
        """Returns the address of the segment's page."""
        return reverse("segment", args=[obj.business.slug, obj.pk])

    @admin.display(description=_("conditions"))
    def in_words(self, segment: Segment) -> str:
        """Returns whom it means."""
        known = conditions_of(segment)
        if known is None:
            return "–"
        return "; ".join(words_of(known, names_of_broadcasts(segment.business, [known])))
