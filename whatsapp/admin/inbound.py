"""What people write, what members write to them, and the raw news of providers."""

from __future__ import annotations

from django.contrib import admin

from businesses.admin_fence import MEMBERS, FencedAdmin
from whatsapp.models import DirectMessage, InboundMessage, WebhookNews


@admin.register(InboundMessage)
class InboundMessageAdmin(FencedAdmin):
    """Messages from people, newest first."""

    records = True
    view_roles = MEMBERS
    list_display = ("received_at", "address", "contact", "kind", "text", "action")
    list_filter = ("action", "kind")
    list_select_related = ("contact",)
    search_fields = ("address", "text")
    show_full_result_count = False


@admin.register(DirectMessage)
class DirectMessageAdmin(FencedAdmin):
    """Replies and tests that members wrote, newest first."""

    records = True
    view_roles = MEMBERS
    list_display = ("created_at", "address", "kind", "text", "status", "error_text", "created_by")
    list_filter = ("kind", "status")
    list_select_related = ("created_by",)
    search_fields = ("address", "text")
    show_full_result_count = False


@admin.register(WebhookNews)
class WebhookNewsAdmin(FencedAdmin):
    """For operators: what came, and what could not be applied."""

    records = True
    list_display = ("received_at", "provider", "kind", "applied_at", "tries", "problem")
    list_filter = ("provider", "kind", ("applied_at", admin.EmptyFieldListFilter))
    show_full_result_count = False
