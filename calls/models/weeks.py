"""The figures of a business's calls, week by week."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from businesses.models import Business
from businesses.tenancy import BusinessManager


class WeekOfCalls(models.Model):
    """Sums of one week, from Monday by the business's clock. They outlast the calls that they are made of."""

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    monday = models.DateField()
    calls = models.PositiveIntegerField(default=0)
    greetings = models.PositiveIntegerField(default=0, help_text="to callers who stayed on the line until its end")
    greetings_heard = models.PositiveIntegerField(default=0, help_text="of them: whole, proved by returned marks")
    greetings_left = models.PositiveIntegerField(default=0, help_text="callers who hung up while it was said")
    pauses = models.PositiveIntegerField(default=0, help_text="times that the assistant fell silent for a voice")
    false_pauses = models.PositiveIntegerField(default=0, help_text="of them: it went on, nobody had spoken")
    caller_ms = models.PositiveBigIntegerField(default=0)
    assistant_ms = models.PositiveBigIntegerField(default=0)
    silence_ms = models.PositiveBigIntegerField(default=0)
    interruptions = models.JSONField(default=dict, help_text="how many took so long: {steps of 10 ms: times}")
    answers = models.JSONField(default=dict, help_text="likewise")
    is_below = models.BooleanField(default=False, db_default=False, help_text="it fell short of what it promises")

    objects = BusinessManager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["business", "monday"], name="one_row_per_week_of_calls")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["monday"], name="weeks_below", condition=models.Q(is_below=True))
        ]

    def __str__(self) -> str:
        return f"week of {self.monday}"
