"""Pictures, voice notes, videos and documents in people's messages, and how far fetching them has come."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from businesses.tenancy import BusinessManager
from whatsapp.models.inbound import InboundMessage
from whatsapp.states import MediaProblem


class MediaStatus(models.TextChoices):
    """How far a file has come. A file that waits may have been tried before (`tries`, `problem`)."""

    WAITING = "waiting", _("Being fetched")
    KEPT = "kept", _("Stored here")
    FAILED = "failed", _("Not here")


class InboundMedia(models.Model):
    """One file of a message. The file's name in the storage is its id (`media.files`).

    `reference` is what the provider knows it by: Meta's media id, Twilio's address. `told_type`, `told_sha256` (hex)
    and `file_name` are what its message said. `content_type` is what the content is, of `media.kinds`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="inbound_media")
    message = models.ForeignKey(InboundMessage, models.CASCADE, related_name="media")
    position = models.PositiveSmallIntegerField(default=0)
    reference = models.CharField(max_length=500)
    told_type = models.CharField(max_length=120, blank=True)
    told_sha256 = models.CharField(max_length=64, blank=True)
    file_name = models.CharField(max_length=240, blank=True)
    is_voice = models.BooleanField(default=False)

    status = models.CharField(max_length=8, choices=MediaStatus.choices, default=MediaStatus.WAITING)
    problem = models.CharField(max_length=14, choices=MediaProblem.choices, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)

    content_type = models.CharField(max_length=100, blank=True)
    size = models.BigIntegerField(default=0, help_text="bytes")
    kept_at = models.DateTimeField(null=True)

    objects = BusinessManager()

    class Meta:
        db_table = "whatsapp_inbound_media"
        verbose_name = _("file in a message")
        verbose_name_plural = _("files in messages")
        ordering: ClassVar[list[str]] = ["position"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["message", "position"], name="one_media_per_position_of_a_message")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["next_attempt_at"], name="media_to_fetch", condition=Q(status=MediaStatus.WAITING))
        ]

    def __str__(self) -> str:
        return f"{self.get_status_display()} {self.content_type or self.told_type}"
