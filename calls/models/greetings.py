"""The audio of greetings."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from businesses.tenancy import BusinessManager


class GreetingState(models.TextChoices):
    """The state of a greeting's rendering."""

    PENDING = "pending", _("Waiting")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Failed")
    TO_HEAR = "to_hear", _("Waits until its owner has listened")
    REPLACED = "replaced", _("Kept, to go back to")


class GreetingSource(models.TextChoices):
    """How a greeting's audio was made."""

    ENDPOINT = "endpoint", _("The assistant's voice")
    REALTIME = "realtime", _("The assistant's voice, live")
    OWN = "own", _("Your own recording")


class GreetingPart(models.TextChoices):
    """Which of a business's texts a person has recorded."""

    GREETING = "greeting", _("Greeting")
    CLOSED = "closed", _("Greeting while you are closed")
    NOTICE = "notice", _("Notice that calls are recorded")
    TOGETHER = "together", _("Greeting and notice, recorded together")


class GreetingAudio(models.Model):
    """A business's greeting, or a part of what callers hear first, as audio.

    One row for each content: text, voice and language.

    With `rendered_at` the audio is good: these words are said in it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="greeting_audio")
    content_hash = models.CharField(max_length=64)
    text = models.TextField()
    voice = models.CharField(max_length=30)
    language = models.CharField(max_length=5)
    state = models.CharField(max_length=10, choices=GreetingState.choices, default=GreetingState.PENDING)
    failure = models.CharField(
        max_length=20, blank=True, default="", db_default="", help_text="`SpeechFault` of calls/errors.py"
    )
    failure_detail = models.JSONField(default=dict, db_default={}, blank=True)
    # The column of version 0.1, which wrote sentences; removed in the next release.
    error = models.CharField(max_length=300, blank=True, default="", editable=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    audio = models.BinaryField(default=bytes, help_text="G.711 µ-law, 8,000 bytes a second, no header")
    created_at = models.DateTimeField(auto_now_add=True)
    rendered_at = models.DateTimeField(null=True)
    replaced_at = models.DateTimeField(null=True, help_text="of an own recording: when callers heard it last")
    source = models.CharField(
        _("made by"),
        max_length=10,
        choices=GreetingSource.choices,
        default=GreetingSource.ENDPOINT,
        db_default=GreetingSource.ENDPOINT,
    )
    part = models.CharField(
        _("which text"),
        max_length=10,
        choices=GreetingPart.choices,
        default=GreetingPart.GREETING,
        db_default=GreetingPart.GREETING,
        help_text="of an own recording, also after its words were changed",
    )
    model = models.CharField(max_length=60, blank=True, default="", db_default="")
    heard_text = models.TextField(
        _("words heard in it"), blank=True, default="", db_default="", help_text="empty: nobody could tell"
    )

    objects = BusinessManager()

    class Meta:
        verbose_name = _("greeting audio")
        verbose_name_plural = _("greeting audio")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["business", "content_hash"], name="one_audio_per_greeting_content")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["next_attempt_at"], name="greeting_waiting", condition=models.Q(state="pending"))
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()}: {self.text[:40]}"

    @property
    def is_own(self) -> bool:
        """Whether a person of the business has recorded it."""
        return self.source == GreetingSource.OWN
