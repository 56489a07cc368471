"""The admin's pages of calls and greetings: records to read, and a greeting to hear and render again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from businesses.admin_fence import MEMBERS, OWNERS, FencedAdmin, FencedInline
from calls import greetings, tasks
from calls.models import Call, GreetingAudio, Turn

if TYPE_CHECKING:
    from django.contrib.admin.options import InlineModelAdmin


class TurnInline(FencedInline):
    """What was said, in order."""

    model = Turn
    records = True
    view_roles = MEMBERS
    fields = ("started_ms", "speaker", "text", "heard_text", "interrupted_ms")


@admin.register(Call)
class CallAdmin(FencedAdmin):
    """A call's record."""

    records = True
    view_roles = MEMBERS
    inlines: ClassVar[list[type[InlineModelAdmin[Any, Any]]]] = [TurnInline]
    list_display = ("started_at", "caller_number", "called_number", "status", "outcome", "end_reason", "business")
    list_filter = ("outcome", "status", "business")
    list_select_related = ("business",)
    search_fields = ("caller_number", "called_number", "twilio_call_sid")
    date_hierarchy = "started_at"
    fieldsets = (
        (None, {"fields": ("business", "caller_number", "called_number", "started_at", "ended_at")}),
        (
            _("How it went"),
            {"fields": ("status", "outcome", "end_reason", "user_has_spoken", "fallback_result", "transfer_number")},
        ),
        (_("What is left of it"), {"fields": ("summary", "is_recorded", "minutes_charged")}),
        (
            _("For whoever looks for a fault"),
            {
                "fields": (
                    "twilio_call_sid",
                    "stream_sid",
                    "stream_opened_at",
                    "stream_error",
                    "model",
                    "latencies",
                    "usage",
                    "settings",
                ),
                "classes": ("collapse",),
            },
        ),
    )


@admin.register(GreetingAudio)
class GreetingAudioAdmin(FencedAdmin):
    """How far a greeting's recording is; owners hear it and have it rendered again."""

    records = True
    view_roles = OWNERS
    list_display = ("business", "text", "voice", "language", "state", "error", "rendered_at", "listen")
    list_filter = ("state", "business")
    list_select_related = ("business",)
    fields = ("business", "text", "voice", "language", "state", "error", "attempts", "rendered_at", "listen")
    readonly_fields = ("listen",)
    actions = ("render_again",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Leave the recordings themselves in the database: a list of them would be megabytes."""
        return super().get_queryset(request).defer("audio")

    @admin.display(description=_("recording"))
    def listen(self, greeting: GreetingAudio) -> str:
        """A link to the recording, once there is one."""
        if greeting.rendered_at is None:
            return "-"
        address = reverse("calls:greeting-audio", args=[greeting.pk])
        return format_html('<a href="{}" target="_blank">{}</a>', address, _("Listen"))

    @admin.action(description=_("Render again"), permissions=["view"])
    def render_again(self, request: HttpRequest, chosen: models.QuerySet[GreetingAudio]) -> None:
        """Ask for new recordings of the marked greetings."""
        for row in chosen:
            greetings.request_again(row, now=timezone.now())
            tasks.ring_for(row.pk)
        messages.success(request, _("New recordings are on their way. Reload this page in a minute."))
