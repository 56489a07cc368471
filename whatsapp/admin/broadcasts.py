"""Broadcasts in the admin: shown and controlled here, created on the web pages of a business."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db import models
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from businesses.fence.fenced_admin import MEMBERS, FencedAdmin, FencedInline
from businesses.fence.sections import Section
from whatsapp.broadcasts import lifecycle
from whatsapp.broadcasts.counts import Counts, counts_of
from whatsapp.broadcasts.reasons import why_it_stands
from whatsapp.broadcasts.tallies import counts_of_broadcasts
from whatsapp.control import starting
from whatsapp.control.preflight import preflight
from whatsapp.control.reports import preflight_report
from whatsapp.errors import WhatsappError
from whatsapp.models import Broadcast, BroadcastEvent, ParameterFormat
from whatsapp.pages import history
from whatsapp.pages.bubble import bubble
from whatsapp.states import RecipientStatus


class CountedList(ChangeList):
    """A page of broadcasts whose counts are all read in one query."""

    def get_results(self, request: HttpRequest) -> None:
        """Add `people` to each broadcast of the page, so that the columns need no query of their own."""
        super().get_results(request)
        shown = list(self.result_list)
        counts = counts_of_broadcasts(shown)
        for broadcast in shown:
            broadcast.people = counts[broadcast.pk]
        self.result_list = shown


class EventInline(FencedInline):
    """The broadcast's history, oldest entry first."""

    model = BroadcastEvent
    records = True
    view_roles = MEMBERS
    fields = readonly_fields = ("at", "what", "in_detail", "actor")
    labels: ClassVar[dict[str, Any]] = {
        "at": _("when"),
        "actor": _("by"),
    }

    @admin.display(description=_("what"))
    def what(self, event: BroadcastEvent) -> str:
        """Returns the kind of event in words."""
        return history.what(event)

    @admin.display(description=_("in detail"))
    def in_detail(self, event: BroadcastEvent) -> str:
        """Returns what the event's data says beyond its kind."""
        return history.detail(event)


@admin.register(Broadcast)
class BroadcastAdmin(FencedAdmin):
    """What the web page of a broadcast shows, field by field; actions start, pause, resume and cancel."""

    records = True
    section = Section.MESSAGES
    about = _("One message to many people: watched, started and stopped here, created on the business's pages.")
    view_roles = MEMBERS
    list_display = ("name", "status", "pause_reason", "total_people", "to_send", "delivered", "failed", "created_at")
    list_filter = ("status", "template_name")
    search_fields = ("name", "template_name")
    date_hierarchy = "created_at"
    inlines: ClassVar[list[Any]] = [EventInline]
    actions = ("start", "pause", "resume", "cancel")
    fieldsets = (
        (None, {"fields": ("name", "business", "status", "pause_reason", "why", "resume_at")}),
        (_("People"), {"fields": ("people_by_state", "what_will_happen", "audience_kind")}),
        (_("Message"), {"fields": ("as_people_see_it", "template", "sender")}),
        (
            _("Times"),
            {
                "fields": (
                    *("scheduled_wall_time", "scheduled_zone", "scheduled_at", "not_after", "is_late"),
                    *("send_from", "send_until", "window_zone", "canary_size"),
                    *("created_at", "started_at", "completed_at", "settled_at"),
                )
            },
        ),
        (_("Technical details"), {"fields": ("audience",), "classes": ("collapse",)}),
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Returns the change list that reads all counts at once."""
        return CountedList

    def has_steer_permission(self, request: HttpRequest) -> bool:
        """Returns whether the person may start, pause, resume and cancel the broadcasts that they see."""
        return self.has_view_permission(request)

    def web_page(self, obj: Broadcast) -> str:
        """Returns the address of the page on which it is started, watched and controlled."""
        return reverse("broadcast", args=[obj.business.slug, obj.pk])

    @admin.display(description=_("why"))
    def why(self, broadcast: Broadcast) -> str:
        """Returns why it is paused or has failed."""
        return why_it_stands(broadcast)

    @admin.display(description=_("people"))
    def total_people(self, broadcast: Broadcast) -> int:
        """Returns the number of all rows, skipped ones included."""
        return _people(broadcast).total

    @admin.display(description=_("to send"))
    def to_send(self, broadcast: Broadcast) -> int:
        """Returns the number of people who are still to be sent to."""
        return _people(broadcast).open

    @admin.display(description=_("delivered"))
    def delivered(self, broadcast: Broadcast) -> int:
        """Returns the number of people it was delivered to, whether or not they read it."""
        counts = _people(broadcast).by_state
        return counts[RecipientStatus.DELIVERED] + counts[RecipientStatus.READ]

    @admin.display(description=_("failed"))
    def failed(self, broadcast: Broadcast) -> int:
        """Returns the number of people who were not reached."""
        counts = _people(broadcast).by_state
        return counts[RecipientStatus.FAILED] + counts[RecipientStatus.EXPIRED]

    @admin.display(description=_("people by state"))
    def people_by_state(self, broadcast: Broadcast) -> SafeString:
        """Returns the counts as a list; each links to the people in that state."""
        page = reverse("admin:whatsapp_recipient_changelist")
        counts = counts_of(broadcast.pk).by_state
        lines = ((page, broadcast.pk, state.value, state.label, number) for state, number in counts.items() if number)
        row = '<li><a href="{}?broadcast={}&amp;status={}"><span>{}</span> <span class="number">{}</span></a></li>'
        return format_html('<ul class="counts">{}</ul>', format_html_join("", row, lines))

    @admin.display(description=_("as people see it"))
    def as_people_see_it(self, broadcast: Broadcast) -> str:
        """Returns the message with placeholders in place of values."""
        named = broadcast.template_format == ParameterFormat.NAMED
        shown = bubble(broadcast.template_components, {}, named=named)
        return render_to_string("whatsapp/bubble.html", {"bubble": shown})

    @admin.display(description=_("what will happen"))
    def what_will_happen(self, broadcast: Broadcast) -> SafeString:
        """Returns the pre-flight of a broadcast that is not started yet, else a dash."""
        if broadcast.status not in lifecycle.NOT_STARTED:
            return SafeString("–")
        report = preflight_report(preflight(broadcast, now=timezone.now()))
        lines = [*report["problems"], *report["warnings"]]
        cost = report["cost"]
        lines.append(
            _("%(people)d messages, about %(cost)s %(currency)s, done by %(end)s UTC")
            % {
                "people": report["valid"],
                "cost": cost["estimate"],
                "currency": cost["currency"],
                "end": f"{report['expected_end']:%Y-%m-%d %H:%M}",
            }
        )
        return format_html_join("", "<div>{}</div>", ((line,) for line in lines))

    @admin.action(description=_("Start"), permissions=["steer"])
    def start(self, request: HttpRequest, queryset: models.QuerySet[Broadcast]) -> None:
        """Start the marked broadcasts now, or at their scheduled time."""
        _each(request, queryset, starting.start)

    @admin.action(description=_("Pause"), permissions=["steer"])
    def pause(self, request: HttpRequest, queryset: models.QuerySet[Broadcast]) -> None:
        """Pause the marked broadcasts: nothing more is sent for now."""
        _each(request, queryset, lifecycle.pause)

    @admin.action(description=_("Resume"), permissions=["steer"])
    def resume(self, request: HttpRequest, queryset: models.QuerySet[Broadcast]) -> None:
        """Resume the marked broadcasts."""
        _each(request, queryset, starting.resume)

    @admin.action(description=_("Cancel"), permissions=["steer"])
    def cancel(self, request: HttpRequest, queryset: models.QuerySet[Broadcast]) -> None:
        """Cancel the marked broadcasts for good."""
        _each(request, queryset, lifecycle.cancel)


def _people(broadcast: Broadcast) -> Counts:
    counts: Counts = broadcast.people  # type: ignore[attr-defined]
    return counts


def _each(request: HttpRequest, queryset: models.QuerySet[Broadcast], change: Callable[..., None]) -> None:
    for broadcast in queryset.select_related("business", "sender", "template"):
        try:
            change(broadcast, now=timezone.now(), actor=request.user)
        except WhatsappError as error:
            messages.error(request, f"{broadcast}: {error}")
        else:
            messages.success(request, f"{broadcast}: {broadcast.get_status_display()}")
