"""Other settings that a business has tried on its recorded calls."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings as django_settings
from django.db import models

from businesses.models import Business
from businesses.tenancy import BusinessManager
from calls.models.calls import Call


class Tuning(models.Model):
    """Settings that are tried, and whether they were applied."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    asked_by = models.ForeignKey(django_settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField()
    changes = models.JSONField(default=dict, help_text="{setting: value}, only those that differ from the business's")
    before = models.JSONField(default=dict, help_text="the values that applying them replaced")
    applied_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    objects = BusinessManager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-asked_at"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["business", "-asked_at"], name="tuning_by_business_and_time")
        ]

    def __str__(self) -> str:
        return f"{self.asked_at:%Y-%m-%d %H:%M} {self.changes}"


class TuningFailure(models.TextChoices):
    """Why settings could not be tried on a call."""

    UNREADABLE = "unreadable"  # a damaged trace, or another version's
    GIVEN_UP = "given_up"  # begun several times, and never ended


class TuningCall(models.Model):
    """A call on which settings are tried. The rows are the queue: those without an end wait, or are claimed."""

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    tuning = models.ForeignKey(Tuning, models.CASCADE, related_name="calls")
    call = models.ForeignKey(Call, models.CASCADE, related_name="+")
    is_done = models.BooleanField(default=False)
    moments = models.JSONField(default=list, help_text="`Moment` of calls/records/trying.py, those of an interruption")
    failure = models.CharField(max_length=20, blank=True, default="", choices=TuningFailure.choices)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_until = models.DateTimeField(null=True)

    objects = BusinessManager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tuning", "call"], name="one_trial_per_call_of_a_tuning")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["id"], name="tuning_call_waiting", condition=models.Q(is_done=False))
        ]

    def __str__(self) -> str:
        return f"call {self.call_id}"
