"""The people of broadcasts, one by one, with the outcome of each in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from businesses.fence.fenced_admin import MEMBERS, FencedAdmin, FencedInline
from businesses.fence.sections import Section
from whatsapp.broadcasts.reasons import reason_of
from whatsapp.models import Attempt, Recipient
from whatsapp.reasons import Cause, reason
from whatsapp.sending import doubts
from whatsapp.states import RecipientStatus


class AttemptInline(FencedInline):
    """The attempts for one person: one for each request to the provider."""

    model = Attempt
    records = True
    view_roles = MEMBERS
    fields = ("no", "started_at", "finished_at", "outcome", "http_status", "provider_message_id", "error")
    readonly_fields = fields


@admin.register(Recipient)
class RecipientAdmin(FencedAdmin):
    """Rows that sending writes. Only messages whose answer was lost can be changed here, by a decision."""

    records = True
    section = Section.MESSAGES
    about = _("Each person of each broadcast: whether the message arrived, and if not, why.")
    view_roles = MEMBERS
    inlines: ClassVar[list[Any]] = [AttemptInline]
    list_display = ("__str__", "broadcast", "status", "why", "attempt_no", "accepted_at", "delivered_at", "read_at")
    labels: ClassVar[dict[str, Any]] = {"broadcast": _("broadcast"), "contact": _("contact"), "provider": _("provider")}
    list_filter = ("status", "skip_reason", "error_class")
    list_select_related = ("broadcast",)
    search_fields = ("address", "given_address", "provider_message_id")
    fieldsets = (
        (None, {"fields": ("business", "broadcast", "contact", "address", "given_address", "row_number", "params")}),
        (_("Result"), {"fields": ("status", "why", "attempt_no", "next_attempt_at", "error_text")}),
        (_("Times"), {"fields": ("accepted_at", "sent_at", "delivered_at", "read_at", "failed_at")}),
        (_("Cost"), {"fields": ("billable", "price_category", "price_type", "cost_estimate")}),
        (
            _("Technical details"),
            {
                "fields": ("provider", "provider_message_id", "error_code", "error_class", "country", "attempt_id"),
                "classes": ("collapse",),
            },
        ),
    )
    readonly_fields = ("why",)
    show_full_result_count = False
    list_per_page = 50
    actions = ("assume_sent", "send_again")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Returns whether the person may decide about messages whose answer was lost."""
        return self.has_view_permission(request)

    def web_page(self, obj: Recipient) -> str:
        """Returns the address of the page with the people of its broadcast."""
        return reverse("broadcast-people", args=[obj.business.slug, obj.broadcast_id])

    @admin.display(description=_("why"))
    def why(self, row: Recipient) -> str:
        """Returns the reason for a skip or failure in words."""
        return reason_of(row)

    @admin.action(description=_("No answer: count as sent"), permissions=["decide"])
    def assume_sent(self, request: HttpRequest, queryset: models.QuerySet[Recipient]) -> None:
        """Take the marked messages as delivered to WhatsApp."""
        self._decide(request, queryset, doubts.assume_sent)

    @admin.action(description=_("No answer: send again (some people may get it twice)"), permissions=["decide"])
    def send_again(self, request: HttpRequest, queryset: models.QuerySet[Recipient]) -> None:
        """Send the marked messages again, at the risk that some people get them twice."""
        self._decide(request, queryset, _send_again)

    def _decide(self, request: HttpRequest, queryset: models.QuerySet[Recipient], decide: Callable[..., int]) -> None:
        rows = list(queryset.filter(status=RecipientStatus.UNKNOWN).select_related("broadcast"))
        moved = decide(rows, now=timezone.now(), actor=request.user)
        messages.info(request, _("%(number)d messages without an answer were decided.") % {"number": moved})


def _send_again(rows: list[Recipient], **how: Any) -> int:
    return doubts.requeue(rows, why=reason(Cause.PERSON_ASKED), **how)
