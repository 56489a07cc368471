"""What the time line of a call is drawn of."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from businesses.models import Business
from businesses.tenancy import BusinessManager
from calls.models.calls import Call


class CallTimeline(models.Model):
    """Made once of a call's trace, by `calls/records/timelines.py`, whose format `data` has; empty: not made yet.

    It holds no words and no numbers of people, and is removed with the trace that it was made of.
    """

    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    call = models.OneToOneField(Call, models.CASCADE, related_name="timeline")
    due_at = models.DateTimeField(null=True, help_text="when it is made (again); empty: no need")
    attempts = models.PositiveSmallIntegerField(default=0)
    data = models.BinaryField(default=b"")

    objects = BusinessManager()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["due_at"], name="timeline_due", condition=models.Q(due_at__isnull=False))
        ]

    def __str__(self) -> str:
        return f"time line of call {self.call_id}"
