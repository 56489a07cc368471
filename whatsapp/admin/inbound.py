"""Messages from people, messages to one person, and the raw webhooks of providers."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from businesses.fence.fenced_admin import MEMBERS, FencedAdmin
from businesses.fence.sections import Section
from whatsapp.broadcasts.reasons import reason_of
from whatsapp.models import DirectMessage, InboundMessage, WebhookNews


@admin.register(InboundMessage)
class InboundMessageAdmin(FencedAdmin):
    """Messages from people, newest first."""

    records = True
    section = Section.PEOPLE
    about = _("What people wrote to you. Answer them in the inbox on the web pages.")
    view_roles = MEMBERS
    labels: ClassVar[dict[str, Any]] = {
        "contact": _("contact"),
        "sender": _("sender"),
        "recipient": _("recipient"),
        "action": _("effect"),
    }
    list_display = ("received_at", "address", "contact", "kind", "text", "action")
    fields = ("received_at", "address", "contact", "sender", "recipient", "kind", "text", "action", "business")
    list_filter = ("action", "kind")
    list_select_related = ("contact",)
    search_fields = ("address", "text")
    show_full_result_count = False


@admin.register(DirectMessage)
class DirectMessageAdmin(FencedAdmin):
    """Replies and tests that members wrote, newest first."""

    records = True
    section = Section.PEOPLE
    about = _("Replies and test messages that your team sent to one person.")
    view_roles = MEMBERS
    labels: ClassVar[dict[str, Any]] = {"created_by": _("by"), "answers": _("answer to")}
    list_display = ("created_at", "address", "kind", "text", "status", "why", "created_by")
    fields = (
        "created_at",
        "created_by",
        "address",
        "sender",
        "kind",
        "template",
        "text",
        "answers",
        "status",
        "why",
        "business",
    )
    list_filter = ("kind", "status")
    list_select_related = ("created_by",)
    search_fields = ("address", "text")
    readonly_fields = ("why",)
    show_full_result_count = False

    @admin.display(description=_("why"))
    def why(self, message: DirectMessage) -> str:
        """Returns why it failed, in words."""
        return reason_of(message)


@admin.register(WebhookNews)
class WebhookNewsAdmin(FencedAdmin):
    """For operators: webhooks as they came, and those that could not be applied."""

    records = True
    about = _("What WhatsApp reported, and what could not be applied.")
    list_display = ("received_at", "provider", "number_id", "kind", "applied_at", "tries", "problem")
    labels: ClassVar[dict[str, Any]] = {"number_id": _("number")}
    list_filter = ("provider", "kind", ("applied_at", admin.EmptyFieldListFilter))
    show_full_result_count = False
