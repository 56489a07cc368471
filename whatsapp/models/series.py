"""Recurring broadcasts, and what became of each of their occurrences."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from businesses.tenancy import BusinessManager
from whatsapp.models.broadcasts import AudienceKind, Broadcast
from whatsapp.models.budget import budget_field
from whatsapp.models.segments import Segment
from whatsapp.models.senders import Sender, WindowZone
from whatsapp.models.templates import MessageTemplate
from whatsapp.states import TemplateCategory


class SeriesStatus(models.TextChoices):
    """The state of a recurring broadcast."""

    READY = "ready", _("Not started yet")
    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused")
    STOPPED = "stopped", _("Stopped")
    ENDED = "ended", _("Ended")


class SeriesPause(models.TextChoices):
    """Why a recurring broadcast is paused."""

    USER = "user", _("Paused by a person")
    CATEGORY = "category", _("WhatsApp moved the template to another category")
    TEMPLATE = "template", _("The template's content has changed")
    PEOPLE = "people", _("Its people can't be found any more")


class BroadcastSeries(models.Model):
    """A plan from which a broadcast is made again and again, with people who are found anew each time.

    `template_category` and `template_hash` are the template as somebody last agreed to it. `audience` is a choice as in
    a broadcast, `segment` its segment. `repeat` is the rule (`series.repeats`). `next_on` and `next_at` are the next
    occurrence; `try_at` is when to look at it (later than `next_at` while `is_waiting`: it can't be sent right now).
    `made` counts the broadcasts that were made.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="broadcast_series")
    name = models.CharField(_("name"), max_length=180)
    status = models.CharField(_("status"), max_length=8, choices=SeriesStatus.choices, default=SeriesStatus.READY)
    pause_reason = models.CharField(_("why it is paused"), max_length=10, choices=SeriesPause.choices, blank=True)

    sender = models.ForeignKey(Sender, models.RESTRICT, related_name="series", verbose_name=_("sender"))
    template = models.ForeignKey(MessageTemplate, models.RESTRICT, related_name="series", verbose_name=_("template"))
    template_category = models.CharField(_("category"), max_length=20, choices=TemplateCategory.choices)
    template_hash = models.CharField(max_length=64)

    audience_kind = models.CharField(_("people"), max_length=10, choices=AudienceKind.choices)
    audience: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(_("which people"), default=dict)
    segment = models.ForeignKey(Segment, models.RESTRICT, null=True, blank=True, related_name="series")
    only_new = models.BooleanField(_("only people who have not had it before"), default=False)

    repeat: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(_("when"), default=dict)
    next_on = models.DateField(_("next date"), null=True, editable=False)
    next_at = models.DateTimeField(_("next time"), null=True, editable=False)
    try_at = models.DateTimeField(null=True, editable=False)
    is_waiting = models.BooleanField(default=False, editable=False)
    late_after_minutes = models.PositiveIntegerField(_("latest start (minutes after that)"), null=True, blank=True)
    send_from = models.TimeField(_("messages from"), null=True, blank=True)
    send_until = models.TimeField(_("messages until"), null=True, blank=True)
    window_zone = models.CharField(
        _("whose local time"), max_length=10, choices=WindowZone.choices, default=WindowZone.BUSINESS
    )
    budget = budget_field(_("budget"), help_text=_("The most that each of its broadcasts may cost."))
    made = models.PositiveIntegerField(_("broadcasts so far"), default=0, editable=False)

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = BusinessManager()

    class Meta:
        db_table = "whatsapp_broadcast_series"
        verbose_name = _("recurring broadcast")
        verbose_name_plural = _("recurring broadcasts")
        ordering: ClassVar[list[str]] = ["-created_at", "id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["try_at"], name="series_due", condition=Q(status=SeriesStatus.ACTIVE)),
        ]

    def __str__(self) -> str:
        return self.name


class Outcome(models.TextChoices):
    """What became of an occurrence."""

    MADE = "made", _("Sent")
    LATE = "late", _("Skipped: its time had passed when it could have been sent")
    UNSENDABLE = "unsendable", _("Skipped: the template or the number could not send until its time had passed")
    NOBODY = "nobody", _("Nobody to send to")


class Occurrence(models.Model):
    """One date of a recurring broadcast that has been dealt with, once and for all; `broadcast` is what was made."""

    business = models.ForeignKey(Business, models.CASCADE, related_name="+", db_index=False)
    series = models.ForeignKey(BroadcastSeries, models.CASCADE, related_name="occurrences", db_index=False)
    on = models.DateField(_("date"))
    at = models.DateTimeField(_("time"))
    outcome = models.CharField(_("what became of it"), max_length=12, choices=Outcome.choices)
    broadcast = models.ForeignKey(Broadcast, models.SET_NULL, null=True, related_name="occurrences", db_index=False)

    objects = BusinessManager()

    class Meta:
        db_table = "whatsapp_occurrences"
        verbose_name = _("occurrence of a recurring broadcast")
        verbose_name_plural = _("occurrences of recurring broadcasts")
        ordering: ClassVar[list[str]] = ["-on"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["series", "on"], name="one_occurrence_per_date"),
            models.UniqueConstraint(fields=["broadcast"], name="one_occurrence_per_broadcast"),
        ]

    def __str__(self) -> str:
        return f"{self.on}"
