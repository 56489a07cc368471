"""Broadcasts: what is sent to whom and when, and the history of each."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from businesses.tenancy import BusinessManager
from whatsapp.models.budget import budget_field
from whatsapp.models.reasons import KeepsReason
from whatsapp.models.senders import Sender, WindowZone
from whatsapp.models.templates import MessageTemplate, ParameterFormat
from whatsapp.states import LIVE_BROADCASTS, BroadcastStatus, NextStep, PauseReason, TemplateCategory


class AudienceKind(models.TextChoices):
    """Where a broadcast's people come from."""

    FILE = "file", _("A file")
    CONTACTS = "contacts", _("Contacts, by tags and filters")
    SEGMENT = "segment", _("People of a segment")
    EARLIER = "earlier", _("People of an earlier broadcast")


class Broadcast(KeepsReason):
    """One template sent to many people.

    Template, language, category and content are frozen here when it is created. `epoch` grows with every change of
    `status`, so that a process can tell that it was paused and resumed meanwhile. The audience is frozen in recipient
    rows before the first message: `audience_cursor` says how far, `audience_ready_at` when that was complete.
    `edition` grows with each change of its people or their values: whoever reads people or starts it means one edition.
    `next_step` is what its makers have still to enter ("" once all is there: nothing else can be started), `file_name`
    their name for the file, and `file_answers` what they have said about it (`tables.readings.Answers`).
    `burst_codes` are the errors for which it paused because they met so many: they say nothing against those people.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="broadcasts")
    sender = models.ForeignKey(Sender, models.RESTRICT, related_name="broadcasts", verbose_name=_("sender"))
    template = models.ForeignKey(
        MessageTemplate, models.RESTRICT, related_name="broadcasts", verbose_name=_("template")
    )
    name = models.CharField(_("name"), max_length=200)
    status = models.CharField(
        _("status"), max_length=12, choices=BroadcastStatus.choices, default=BroadcastStatus.DRAFT
    )
    epoch = models.PositiveIntegerField(default=0, editable=False)
    pause_reason = models.CharField(_("why it is paused"), max_length=16, choices=PauseReason.choices, blank=True)
    resume_at = models.DateTimeField(_("resumes automatically at"), null=True, blank=True)

    template_name = models.CharField(_("template name"), max_length=512)
    template_language = models.CharField(_("language"), max_length=15)
    template_category = models.CharField(_("category"), max_length=20, choices=TemplateCategory.choices)
    template_format = models.CharField(max_length=10, choices=ParameterFormat.choices)
    template_components = models.JSONField(default=list)
    template_hash = models.CharField(max_length=64)
    burst_codes = models.JSONField(default=list, db_default=[], editable=False)

    next_step = models.CharField(max_length=10, choices=NextStep.choices, blank=True, default="", db_default="")
    edition = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    audience_kind = models.CharField(_("people"), max_length=10, choices=AudienceKind.choices, blank=True)
    audience = models.JSONField(_("which people"), default=dict)
    audience_file = models.FileField(upload_to="audiences/", max_length=200, blank=True)
    file_name = models.CharField(max_length=120, blank=True, default="", db_default="", editable=False)
    file_answers = models.JSONField(default=dict, db_default={}, blank=True, editable=False)
    audience_cursor = models.CharField(max_length=60, blank=True)
    audience_ready_at = models.DateTimeField(null=True, editable=False)
    total = models.PositiveIntegerField(_("people"), null=True, editable=False)

    scheduled_wall_time = models.CharField(
        _("local time of its start"), max_length=16, blank=True, help_text=_("Like 2026-11-30T09:00.")
    )
    scheduled_zone = models.CharField(_("time zone"), max_length=60, blank=True)
    scheduled_at = models.DateTimeField(_("starts at"), null=True, blank=True)
    not_after = models.DateTimeField(_("latest start"), null=True, blank=True)
    is_late = models.BooleanField(_("started late"), default=False, editable=False)
    send_from = models.TimeField(_("messages from"), null=True, blank=True)
    send_until = models.TimeField(_("messages until"), null=True, blank=True)
    window_zone = models.CharField(
        _("whose local time"), max_length=10, choices=WindowZone.choices, default=WindowZone.BUSINESS
    )
    canary_size = models.PositiveIntegerField(
        _("trial run (messages)"),
        null=True,
        blank=True,
        help_text=_("After this many messages the broadcast waits until you resume it. Leave empty for no trial run."),
    )
    budget = budget_field(
        _("budget"),
        help_text=_(
            "The most that it may cost, by WhatsApp's published prices and in their currency. "
            "The broadcast pauses before it costs more. Leave empty for no limit."
        ),
    )
    canary_reviewed_at = models.DateTimeField(null=True, editable=False)

    edits_series = models.ForeignKey(
        "whatsapp.BroadcastSeries",
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        help_text="the recurring broadcast that this draft will change",
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    started_at = models.DateTimeField(_("started"), null=True, editable=False)
    completed_at = models.DateTimeField(_("completed"), null=True, editable=False)
    settled_at = models.DateTimeField(_("all delivery reports in"), null=True, editable=False)
    people_removed_at = models.DateTimeField(null=True, editable=False, help_text="since when its rows name nobody")

    objects = BusinessManager()

    class Meta:
        db_table = "whatsapp_broadcasts"
        verbose_name = _("broadcast")
        verbose_name_plural = _("broadcasts")
        ordering: ClassVar[list[str]] = ["-created_at"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["business", "-created_at"], name="broadcast_by_time"),
            models.Index(
                fields=["status", "scheduled_at"],
                name="broadcast_live",
                condition=Q(status__in=[*LIVE_BROADCASTS, BroadcastStatus.CANCELLING]),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class EventKind(models.TextChoices):
    """What happened to a broadcast."""

    CREATED = "created", _("Created")
    EDITING = "editing", _("Taken back for editing")
    UNDONE = "undone", _("Start undone")
    EDITED = "edited", _("Edited")
    TESTED = "tested", _("Test message sent")
    SCHEDULED = "scheduled", _("Scheduled")
    STARTED = "started", _("Started")
    MISSED = "missed", _("Missed its time")
    FAILED = "failed", _("Could not be prepared")
    RUNNING = "running", _("Sending began")
    PAUSED = "paused", _("Paused")
    RESUMED = "resumed", _("Resumed")
    CANCELLED = "cancelled", _("Cancelled")
    ENDED = "ended", _("Ended")
    COMPLETED = "completed", _("Ended")
    REOPENED = "reopened", _("Reopened")
    RETRIED = "retried", _("Failed messages sent again")
    SENT_AGAIN = "sent_again", _("Messages without an answer are sent again")
    ASSUMED_SENT = "assumed_sent", _("Messages without an answer count as sent")
    GIVEN_UP = "given_up", _("Ended without those who waited for another try")
    CATEGORY_ACCEPTED = "category", _("The template's new category accepted")
    OTHER = "other", _("Changed")


class BroadcastEvent(models.Model):
    """An entry in a broadcast's history: what happened, when, and who did it (NULL: the program itself).

    `data` holds what `pages.history` shows beyond the kind, each key only where it applies: `wall_time` and `zone` of
    a schedule, `late_s` of a scheduled start, `not_after` (ISO 8601, UTC) of a missed one, `people` (how many),
    `pause_reason`, `category` that somebody accepted, `message` (the id of a test), and `cause` with `cause_data` as
    rows keep them.
    """

    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    broadcast = models.ForeignKey(Broadcast, models.CASCADE, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(_("what"), max_length=16, choices=EventKind.choices, db_default="")
    data = models.JSONField(default=dict, db_default={}, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    objects = BusinessManager()

    class Meta:
        db_table = "whatsapp_broadcast_events"
        ordering: ClassVar[list[str]] = ["id"]
        verbose_name = _("broadcast event")
        verbose_name_plural = _("broadcast events")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.kind}"
