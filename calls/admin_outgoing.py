"""The admin's pages of outgoing calls: to read; they are asked for and steered on the web."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from businesses.fence.fenced_admin import MEMBERS, OWNERS, FencedAdmin
from businesses.fence.sections import Section
from calls.models import OutgoingCall, OutgoingChoices


@admin.register(OutgoingCall)
class OutgoingCallAdmin(FencedAdmin):
    """Who was called, and what became of it."""

    records = True
    section = Section.CALLS
    about = _("People whom the assistant called back or is to call, and what became of it.")
    view_roles = MEMBERS
    list_display = ("asked_at", "number", "who", "state", "answered_by", "try_number")
    list_filter = ("state",)
    list_select_related = ("business", "task", "appointment", "call", "asked_by")
    search_fields = ("number", "who")
    date_hierarchy = "asked_at"

    def web_page(self, obj: OutgoingCall) -> str:
        """Returns the page on which calls are asked for and cancelled."""
        return reverse("outgoing-calls", args=[obj.business.slug])


@admin.register(OutgoingChoices)
class OutgoingChoicesAdmin(FencedAdmin):
    """What a business has chosen for outgoing calls; owners change it on the web page."""

    records = True
    section = Section.CALLS
    about = _("Whether the assistant may call people back, when, and what it says first.")
    view_roles = OWNERS
    list_display = ("__str__", "enabled", "earliest", "latest")
    list_select_related = ("business",)

    def web_page(self, obj: OutgoingChoices) -> str:
        """Returns the page on which owners choose."""
        return reverse("outgoing-settings", args=[obj.business.slug])
