"""The admin's pages of calls and greetings: records to read, and a greeting to hear and render again."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from businesses.fence.fenced_admin import MEMBERS, OWNERS, FencedAdmin
from businesses.fence.sections import Section
from calls import (
    admin_outgoing,  # noqa: F401 - it registers its own
    admin_transfers,  # noqa: F401 - it registers its own
    admin_voicemail,  # noqa: F401 - as above
    tasks,
)
from calls.followups import rescue
from calls.greetings import recordings
from calls.models import AfterCalls, Call, GreetingAudio, GreetingSource, NewsChoice, Rescue, Task, ToolSwitch, Turn
from calls.pages import words
from calls.records.recording import recording_of
from calls.tools import switches
from calls.tools.registry import TOOLS


@admin.register(Call)
class CallAdmin(FencedAdmin):
    """A call's record."""

    records = True
    section = Section.CALLS
    about = _("Who called, what was said and heard, how it ended, and the recording.")
    view_roles = MEMBERS
    list_display = ("started_at", "caller_number", "status", "outcome", "how_it_ended", "is_recorded")
    list_filter = ("outcome", "sentiment", "status")
    list_select_related = ("business",)
    search_fields = ("caller_number", "called_number", "twilio_call_sid")
    date_hierarchy = "started_at"
    fieldsets = (
        (None, {"fields": ("business", "caller_number", "called_number", "started_at", "ended_at")}),
        (_("What was said"), {"fields": ("summary", "wishes", "sentiment", "recording", "conversation")}),
        (
            _("How it went"),
            {
                "fields": (
                    "status",
                    "outcome",
                    "how_it_ended",
                    "user_has_spoken",
                    "fallback_result",
                    "transfer_number",
                    "minutes_charged",
                )
            },
        ),
        (
            _("Technical details"),
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
    readonly_fields = ("recording", "conversation", "how_it_ended")
    labels: ClassVar[dict[str, Any]] = {
        "twilio_call_sid": _("Twilio's id of the call"),
        "stream_sid": _("Twilio's id of the stream"),
        "stream_opened_at": _("stream opened"),
    }

    def web_page(self, obj: Call) -> str:
        """Returns the call's page on the web, which also shows waits and cost."""
        return reverse("call", args=[obj.business.slug, obj.pk])

    def get_form(self, request: HttpRequest, obj: Call | None = None, change: bool = False, **options: Any) -> Any:
        """Leave out the notes for programmers."""
        notes = dict.fromkeys(("fallback_result", "transfer_number", "wishes"), "")
        return super().get_form(request, obj, change, **{**options, "help_texts": notes})

    @admin.display(description=_("why it ended"), ordering="end_reason")
    def how_it_ended(self, call: Call) -> str:
        """Show why the call ended, in words."""
        return words.end_reason(call) or "-"

    @admin.display(description=_("recording"))
    def recording(self, call: Call) -> str:
        """Show a player once the call is over."""
        if not call.ended_at or recording_of(call) is None:
            return "-"
        address = reverse("call-recording", args=[call.business.slug, call.pk])
        return render_to_string("calls/player.html", {"address": address})

    @admin.display(description=_("conversation"))
    def conversation(self, call: Call) -> str:
        """Show who said what, and what of it was heard."""
        turns = Turn.objects.filter(call=call)
        return render_to_string("calls/turns.html", {"call": call, "lines": words.shown_turns(turns)})


@admin.register(GreetingAudio)
class GreetingAudioAdmin(FencedAdmin):
    """How far a greeting's recording is; owners hear it and have it rendered again."""

    records = True
    section = Section.CALLS
    about = _("All recordings of greetings, older ones too; callers hear the one that matches the current text.")
    labels: ClassVar[dict[str, Any]] = {
        "text": _("text"),
        "voice": _("voice"),
        "language": _("language"),
        "state": _("state"),
        "attempts": _("attempts"),
        "rendered_at": _("recorded"),
        "model": _("model"),
    }
    view_roles = OWNERS
    list_display = ("text", "voice", "language", "state", "why_failed", "rendered_at", "listen")
    list_filter = ("state",)
    list_select_related = ("business",)
    fields = (
        "business",
        "text",
        "voice",
        "language",
        "state",
        "why_failed",
        "attempts",
        "rendered_at",
        "source",
        "model",
        "heard_text",
        "listen",
    )
    readonly_fields = ("listen", "why_failed")
    actions = ("render_again",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Defer the audio: a list of recordings would be megabytes."""
        return super().get_queryset(request).defer("audio")

    def web_page(self, obj: GreetingAudio) -> str:
        """Returns the page of the current greeting."""
        return reverse("greeting-state", args=[obj.business.slug])

    @admin.display(description=_("error"))
    def why_failed(self, greeting: GreetingAudio) -> str:
        """Show why the last try failed, in words."""
        return words.speech_failure(greeting) or "-"

    @admin.display(description=_("recording"))
    def listen(self, greeting: GreetingAudio) -> str:
        """Show a player once there is a recording."""
        if greeting.rendered_at is None:
            return "-"
        address = reverse("calls:greeting-audio", args=[greeting.pk])
        return format_html('<audio controls preload="none" src="{}" aria-label="{}"></audio>', address, greeting.text)

    @admin.action(description=_("Render again"), permissions=["view"])
    def render_again(self, request: HttpRequest, chosen: models.QuerySet[GreetingAudio]) -> None:
        """Ask for new recordings of the marked greetings."""
        for row in chosen.exclude(source=GreetingSource.OWN):
            recordings.request_again(row, now=timezone.now())
            tasks.ring_for(row.pk)
        messages.success(request, _("New recordings are on their way. Reload this page in a minute."))


@admin.register(ToolSwitch)
class ToolSwitchAdmin(FencedAdmin):
    """Which tools the assistant has, and what it should mind about them."""

    section = Section.CALLS
    about = _("Which tools the assistant may use in calls. A tool that is not listed is as it is at first.")
    view_roles = add_roles = change_roles = delete_roles = OWNERS
    list_display = ("tool", "is_on", "guidance")
    fields = ("business", "tool", "is_on", "guidance")
    list_select_related = ("business",)

    def formfield_for_dbfield(
        self, db_field: models.Field[Any, Any], request: HttpRequest, **options: Any
    ) -> forms.Field | None:
        """Offer the tools that there are."""
        if db_field.name == "tool":
            return forms.ChoiceField(label=db_field.verbose_name, choices=[(tool.name, tool.title) for tool in TOOLS])
        return super().formfield_for_dbfield(db_field, request, **options)

    def save_model(self, request: HttpRequest, obj: ToolSwitch, form: Any, change: bool) -> None:
        """Save the switch, and note what has changed."""
        switches.save(obj)

    def web_page(self, obj: ToolSwitch) -> str:
        """Returns the page on which owners switch tools."""
        return reverse("assistant-tools", args=[obj.business.slug])


@admin.register(Task)
class TaskAdmin(FencedAdmin):
    """What is to be done after calls; it is done on the web page."""

    records = True
    section = Section.CALLS
    about = _("Messages that callers left, people to call back, and what was promised.")
    view_roles = MEMBERS
    list_display = ("created_at", "kind", "who", "number", "state", "assigned_to")
    list_filter = ("state", "kind")
    list_select_related = ("business", "assigned_to__user")
    search_fields = ("who", "number", "about")
    date_hierarchy = "created_at"

    def web_page(self, obj: Task) -> str:
        """Returns the page on which tasks are given and done."""
        return reverse("tasks", args=[obj.business.slug])


@admin.register(AfterCalls)
class AfterCallsAdmin(FencedAdmin):
    """What a business wants to happen after its calls."""

    section = Section.CALLS
    about = _("Whether callers whom nobody served are written to, and with what; and what becomes of follow-ups.")
    view_roles = MEMBERS
    add_roles = change_roles = OWNERS
    list_display = ("__str__", "rescue_enabled", "rescue_template", "follow_up_tasks")
    list_select_related = ("business",)

    def save_model(self, request: HttpRequest, obj: AfterCalls, form: Any, change: bool) -> None:
        """Save the choices, and note what has changed."""
        rescue.choose(obj.business, obj)


@admin.register(Rescue)
class RescueAdmin(FencedAdmin):
    """What was decided about each missed call."""

    records = True
    section = Section.CALLS
    about = _("Which callers whom nobody served were written to, and why the others were not.")
    view_roles = MEMBERS
    list_display = ("at", "number", "result")
    list_filter = ("result",)
    list_select_related = ("business", "call")
    search_fields = ("number",)
    date_hierarchy = "at"


@admin.register(NewsChoice)
class NewsChoiceAdmin(FencedAdmin):
    """Who gets mails about calls; each member chooses on the web page."""

    records = True
    section = Section.CALLS
    about = _("Which members get mails about calls, and when.")
    view_roles = OWNERS
    list_display = ("membership", "mail", "digest_hour")
    list_filter = ("mail",)
    list_select_related = ("business", "membership__user")

    def web_page(self, obj: NewsChoice) -> str:
        """Returns the page on which a member chooses."""
        return reverse("news", args=[obj.business.slug])
