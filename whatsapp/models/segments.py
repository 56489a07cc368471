"""Saved filters of contacts."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from businesses.tenancy import BusinessManager


class Segment(models.Model):
    """Conditions on contacts under a name (`audience.conditions`). Who fulfils them is asked whenever it is used."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="segments")
    name = models.CharField(_("name"), max_length=60)
    conditions: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(_("conditions"), default=dict)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = BusinessManager()

    class Meta:
        db_table = "whatsapp_segments"
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        ordering: ClassVar[list[str]] = ["name"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["business", "name"],
                name="one_segment_per_name",
                violation_error_message=_("There is a segment of this name already."),
            )
        ]

    def __str__(self) -> str:
        return self.name
