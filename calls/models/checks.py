"""What is known of OpenAI's models."""

from __future__ import annotations

from django.db import models


class ModelCheck(models.Model):
    """What OpenAI last said about the models that this installation uses. One row, of the whole installation."""

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY, editable=False)
    checked_at = models.DateTimeField()
    fault = models.CharField(
        max_length=20, blank=True, default="", help_text="`CheckFault` of calls/model_checks.py: no list was to be had"
    )
    findings = models.JSONField(default=list, help_text="`Finding` of calls/model_checks.py")

    def __str__(self) -> str:
        return f"{self.checked_at:%Y-%m-%d %H:%M} {self.fault}".strip()
