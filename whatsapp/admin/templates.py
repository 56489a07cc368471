"""Message templates: read-only, since they are written at the provider."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from businesses.fence.fenced_admin import MEMBERS, FencedAdmin
from businesses.fence.sections import Section
from whatsapp.models import MessageTemplate, ParameterFormat
from whatsapp.pages.bubble import bubble


@admin.register(MessageTemplate)
class MessageTemplateAdmin(FencedAdmin):
    """Templates as the provider last reported them. An action on the numbers' page fetches them."""

    records = True
    section = Section.MESSAGES
    about = _("The texts that WhatsApp has approved. They are written in WhatsApp Manager and fetched from there.")
    view_roles = MEMBERS
    list_display = ("name", "language", "category", "status", "quality", "version", "synced_at")
    list_filter = ("status", "category", "language")
    search_fields = ("name",)
    fieldsets = (
        (None, {"fields": ("as_people_see_it", "name", "language", "category", "status", "status_detail")}),
        (
            _("From WhatsApp"),
            {"fields": ("business", "provider", "account_id", "quality", "paused_until", "synced_at")},
        ),
        (
            _("Technical details"),
            {"fields": ("provider_template_id", "parameter_format", "version", "components"), "classes": ("collapse",)},
        ),
    )
    labels: ClassVar[dict[str, Any]] = {"paused_until": _("paused until")}
    readonly_fields = ("as_people_see_it",)

    def web_page(self, obj: MessageTemplate) -> str:
        """Returns the address of the template's page, which has the button for a test message."""
        return reverse("template", args=[obj.business.slug, obj.pk])

    @admin.display(description=_("as people see it"))
    def as_people_see_it(self, template: MessageTemplate) -> str:
        """Returns the message with placeholders in place of values."""
        named = template.parameter_format == ParameterFormat.NAMED
        shown = bubble(template.components, {}, named=named)
        return render_to_string("whatsapp/bubble.html", {"bubble": shown})
