"""Recordings that members make by calling their business."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from businesses.tenancy import BusinessManager
from calls.models.greetings import GreetingPart


class DictationState(models.TextChoices):
    """How far it is."""

    WAITING = "waiting", _("Waits for the call")
    SPEAKING = "speaking", _("The member is on the line")
    RECORDED = "recorded", _("The recording is being fetched")
    READY = "ready", _("The member listens to it")
    REFUSED = "refused", _("The recording can't be taken")
    KEPT = "kept", _("Kept")
    OVER = "over", _("Ended without a recording")


class Dictation(models.Model):
    """A member records one text by telephone: a code on the page, a call from a number that was named, a recording."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    part = models.CharField(max_length=10, choices=GreetingPart.choices)
    text = models.TextField(help_text="the words to be said, as they were when the code was made")
    from_number = models.CharField(max_length=16, help_text="E.164: the telephone that the member calls from")
    code_hash = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=DictationState.choices, default=DictationState.WAITING)
    wrong_codes = models.PositiveSmallIntegerField(default=0)
    call_sid = models.CharField(max_length=64, blank=True, default="")
    takes = models.PositiveSmallIntegerField(default=0, help_text="how many recordings were begun")
    recording_sid = models.CharField(max_length=64, blank=True, default="")
    recorded_at = models.DateTimeField(null=True)
    is_at_twilio = models.BooleanField(default=False, help_text="it is to be deleted there")
    audio = models.BinaryField(default=bytes, help_text="G.711 µ-law, as callers would hear it")
    fault = models.CharField(max_length=20, blank=True, default="", help_text="`SpeechFault` of calls/errors.py")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="to fetch it, or to delete it at Twilio")
    due_at = models.DateTimeField(null=True, help_text="when Twilio is asked next")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="until then the code may be entered")

    objects = BusinessManager()

    class Meta:
        verbose_name = _("recording by telephone")
        verbose_name_plural = _("recordings by telephone")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["business", "from_number"], name="dictation_waiting", condition=models.Q(state="waiting")
            ),
            models.Index(fields=["due_at"], name="dictation_due", condition=models.Q(due_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M} {self.get_part_display()}"
