"""The admin's page of those to whom callers can be put through: to read; it is changed on the web."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from businesses.fence.fenced_admin import OWNERS, FencedAdmin
from businesses.fence.sections import Section
from calls.models import TransferTarget
from calls.pages import transfer_words


@admin.register(TransferTarget)
class TransferTargetAdmin(FencedAdmin):
    """To whom callers can be put through; owners change it on the web page, which checks each number."""

    records = True
    section = Section.CALLS
    about = _("People and departments to whom the assistant puts callers through. They are changed on the web page.")
    view_roles = OWNERS
    list_display = ("name", "about", "when", "asks_for_key", "is_on")
    list_filter = ("is_on",)
    list_select_related = ("business",)
    search_fields = ("name",)
    fields = ("business", "name", "about", "numbers_in_order", "when", "asks_for_key", "is_on")
    readonly_fields = ("numbers_in_order", "when")

    def web_page(self, obj: TransferTarget) -> str:
        """Returns the page on which it is changed."""
        return reverse("transfer-target", args=[obj.business.slug, obj.pk])

    @admin.display(description=_("phone numbers"))
    def numbers_in_order(self, target: TransferTarget) -> str:
        """Show the numbers."""
        return ", ".join(target.numbers)

    @admin.display(description=_("When"))
    def when(self, target: TransferTarget) -> str:
        """Show when they take calls, in words."""
        return transfer_words.reached_when(target)
