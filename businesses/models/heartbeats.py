"""When the processes of the background were last seen at work."""

from __future__ import annotations

from django.db import models


class Heartbeat(models.Model):
    """A part of the background work, of the whole installation. All times are the database's."""

    class Part(models.TextChoices):
        """What is seen."""

        BEAT = "beat"  # the schedule: a task that it sent was run
        WORKER = "worker"  # a task was run, whoever sent it
        STAND_IN = "stand_in"  # a web process did beat's work

    part = models.CharField(primary_key=True, max_length=20, choices=Part.choices)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.part} {self.at:%H:%M:%S}"
