"""The admin's pages of voice messages and of when callers are asked for one: to read; they are changed on the web."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from businesses.fence.fenced_admin import MEMBERS, OWNERS, FencedAdmin
from businesses.fence.sections import Section
from calls.models import Voicemail, VoicemailChoices


@admin.register(VoicemailChoices)
class VoicemailChoicesAdmin(FencedAdmin):
    """When callers are asked for a message after the beep."""

    records = True
    section = Section.CALLS
    about = _("When callers are asked for a message after the beep. It is changed on the web page.")
    view_roles = OWNERS
    list_display = ("__str__", "is_on", "after_transfers", "while_closed", "longest_s")
    list_select_related = ("business",)

    def web_page(self, obj: VoicemailChoices) -> str:
        """Returns the page on which owners choose."""
        return reverse("voicemail", args=[obj.business.slug])


@admin.register(Voicemail)
class VoicemailAdmin(FencedAdmin):
    """Callers who were asked for a message, and what became of it."""

    records = True
    section = Section.CALLS
    about = _("Callers who were asked for a message after the beep, and what became of it.")
    view_roles = MEMBERS
    list_display = ("offered_at", "state", "seconds", "transcript_state")
    list_filter = ("state",)
    list_select_related = ("business", "call")
    date_hierarchy = "offered_at"
    fields = ("business", "call", "offered_at", "state", "seconds", "problem", "transcript_state", "transcript")

    def web_page(self, obj: Voicemail) -> str:
        """Returns the page of the call, on which it can be heard."""
        return reverse("call", args=[obj.business.slug, obj.call_id])
