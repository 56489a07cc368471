"""Imports of contacts: shown here, started and cancelled on the business's own pages."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from businesses.fence.fenced_admin import MEMBERS, FencedAdmin
from businesses.fence.sections import Section
from whatsapp.broadcasts.reasons import reason_words
from whatsapp.models import ContactImport


@admin.register(ContactImport)
class ContactImportAdmin(FencedAdmin):
    """Imports, newest first; read-only."""

    records = True
    section = Section.PEOPLE
    about = _("Imported contact files: when, by whom, and how many contacts were taken.")
    view_roles = MEMBERS
    list_display = ("created_at", "file_name", "status", "rows_read", "added", "updated", "unchanged", "rejected")
    list_filter = ("status",)
    search_fields = ("file_name",)
    show_full_result_count = False
    exclude = ("file", "samples", "row_cursor", "lease_token", "lease_until", "claims")
    readonly_fields = ("why",)

    @admin.display(description=_("why"))
    def why(self, contact_import: ContactImport) -> str:
        """Returns why it was stopped, in words."""
        return reason_words(contact_import)
