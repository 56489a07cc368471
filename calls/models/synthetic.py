"""How the installation's last call to itself went."""

from __future__ import annotations

from django.db import models


class SyntheticFault(models.TextChoices):
    """What a caller would have met. "" is a call in which all was well."""

    UNREACHABLE = "unreachable"  # nothing answers at PUBLIC_URL
    REFUSED = "refused"  # the webhook's answer connects to no assistant
    NO_RECORDING = "no_recording"  # the greeting could not be recorded, so no call was made
    NO_GREETING = "no_greeting"  # nothing was heard
    GREETING_CUT = "greeting_cut"  # not the whole greeting was heard, or something else
    NO_ANSWER = "no_answer"
    NOT_INTERRUPTED = "not_interrupted"  # the assistant talked on
    BROKE_OFF = "broke_off"  # the call ended by itself, or Twilio would have complained


class SyntheticSkip(models.TextChoices):
    """Why no call was made the last time that one was due."""

    FULL = "full"
    DRAINING = "draining"


class SyntheticCall(models.Model):
    """The last of them. One row, of the whole installation. Times that nobody measured are null."""

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY, editable=False)
    claimed_at = models.DateTimeField(help_text="when a worker began with the newest one")
    ended_at = models.DateTimeField(null=True)
    fault = models.CharField(max_length=20, blank=True, default="", help_text="`SyntheticFault`")
    skipped = models.CharField(max_length=20, blank=True, default="", help_text="`SyntheticSkip`")
    greeting_whole = models.BooleanField(null=True)
    first_sound_ms = models.PositiveIntegerField(null=True)
    answer_ms = models.PositiveIntegerField(null=True)
    interruption_ms = models.PositiveIntegerField(null=True)

    def __str__(self) -> str:
        return f"{self.claimed_at:%Y-%m-%d %H:%M} {self.fault}".strip()
