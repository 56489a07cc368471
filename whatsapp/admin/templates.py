"""Message templates: read here, written at the provider."""

from __future__ import annotations

from django.contrib import admin

from businesses.admin_fence import MEMBERS, FencedAdmin
from whatsapp.models import MessageTemplate


@admin.register(MessageTemplate)
class MessageTemplateAdmin(FencedAdmin):
    """Templates as the provider last told us. The action of the numbers' page fetches them."""

    records = True
    view_roles = MEMBERS
    list_display = ("name", "language", "category", "status", "quality", "version", "synced_at")
    list_filter = ("status", "category", "language")
    search_fields = ("name",)
