"""Messages that callers leave after the beep, and when a business wants them."""

from __future__ import annotations

import uuid
from typing import ClassVar, Final

from django.core.validators import MaxLengthValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from businesses.tenancy import BusinessManager
from calls.models.calls import Call
from calls.models.tasks import Task

LONGEST_WORDS: Final = 500


class LongestMessage(models.IntegerChoices):
    """How long a message may be, in seconds."""

    ONE_MINUTE = 60, _("One minute")
    TWO_MINUTES = 120, _("Two minutes")
    THREE_MINUTES = 180, _("Three minutes")
    FIVE_MINUTES = 300, _("Five minutes")


class VoicemailChoices(models.Model):
    """When callers of a business are asked for a message after the beep. A business without a row has no voicemail."""

    business = models.OneToOneField(
        Business, models.CASCADE, verbose_name=_("business"), related_name="voicemail_choices"
    )
    is_on = models.BooleanField(
        _("callers can leave a voice message"), default=False,
        help_text=_(
            "When the assistant can't take a call and no person answers either: it is away, all lines are busy, or the "
            "limit of the day is reached. Switched off, callers hear that they should call again."
        ),
    )  # fmt: skip
    after_transfers = models.BooleanField(
        _("also when nobody takes a call that the assistant puts through"), default=False,
        help_text=_("Switched off, these callers come back to the assistant, which takes a message."),
    )  # fmt: skip
    while_closed = models.BooleanField(
        _("instead of the assistant while you are closed"), default=False,
        help_text=_("Outside the hours of the page Opening hours the assistant takes no calls, and costs nothing."),
    )  # fmt: skip
    words = models.TextField(
        _("words before the beep"), blank=True, default="", max_length=LONGEST_WORDS,
        validators=[MaxLengthValidator(LONGEST_WORDS)],
        help_text=_("Spoken in the language of your calls. Empty: the words that are shown here."),
    )  # fmt: skip
    longest_s = models.PositiveSmallIntegerField(
        _("longest message"), choices=LongestMessage.choices, default=LongestMessage.TWO_MINUTES
    )

    objects = BusinessManager()

    class Meta:
        verbose_name = _("voicemail")
        verbose_name_plural = _("voicemail")

    def __str__(self) -> str:
        return str(_("Voicemail"))


class VoicemailState(models.TextChoices):
    """What became of a caller who was asked for a message."""

    OFFERED = "offered", _("Was asked for a message")
    RECORDED = "recorded", _("Left a message, which is being fetched")
    KEPT = "kept", _("Left a message")
    SILENT = "silent", _("Said nothing after the beep")
    NONE = "none", _("Left no message")
    LOST = "lost", _("Left a message, which could not be fetched")
    ERASED = "erased", _("Erased")


class TranscriptState(models.TextChoices):
    """Whether what was said is there in words."""

    WAITING = "waiting", _("The transcript is being written.")
    DONE = "done", _("Written down")
    NO_WORDS = "no_words", _("No words were understood.")
    NO_MODEL = "no_model", _("There is no transcript: this installation has no transcription model.")
    NO_ACCESS = "no_access", _("There is no transcript: OpenAI does not accept this installation's key.")
    NO_CREDIT = "no_credit", _("There is no transcript: this installation's OpenAI account has no credit.")
    FAILED = "failed", _("There is no transcript: OpenAI could not write one.")


class Voicemail(models.Model):
    """A caller is asked for a message: one row from the question to what became of it.

    `settled_at`: when the business was told, or when there was nothing to tell; empty: more is coming. `due_at`: when
    Twilio is asked (again), for the recording or to delete it; `transcript_due_at`: when OpenAI is; empty: no need.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="+", verbose_name=_("business"))
    call = models.ForeignKey(Call, models.CASCADE, related_name="voicemails", verbose_name=_("call"))
    task = models.OneToOneField(Task, models.SET_NULL, null=True, related_name="voicemail")
    state = models.CharField(
        _("what became of it"), max_length=10, choices=VoicemailState.choices, default=VoicemailState.OFFERED
    )
    recording_sid = models.CharField(max_length=34, blank=True)
    offered_at = models.DateTimeField(_("time"))
    longest_s = models.PositiveSmallIntegerField()
    seconds = models.DecimalField(_("seconds"), max_digits=7, decimal_places=2, null=True, help_text="of what is kept")
    has_sound = models.BooleanField(default=False, help_text="there is a file")
    is_at_twilio = models.BooleanField(default=False, help_text="there is a recording that is not deleted yet")
    settled_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="of the step that is due")
    problem = models.CharField(
        _("problem"), max_length=20, blank=True, help_text="`RecordingProblem` of telephone/recordings.py"
    )
    transcript = models.TextField(_("transcript"), blank=True)
    transcript_state = models.CharField(_("transcript"), max_length=10, choices=TranscriptState.choices, blank=True)
    transcript_due_at = models.DateTimeField(null=True)
    transcript_attempts = models.PositiveSmallIntegerField(default=0)

    objects = BusinessManager()

    class Meta:
        verbose_name = _("voice message")
        verbose_name_plural = _("voice messages")
        ordering: ClassVar[list[str]] = ["offered_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["recording_sid"], name="one_voicemail_per_recording", condition=~models.Q(recording_sid="")
            ),
            models.UniqueConstraint(
                fields=["call"], name="one_open_voicemail_per_call", condition=models.Q(state="offered")
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["business", "-offered_at"], name="voicemail_by_time"),
            models.Index(fields=["due_at"], name="voicemail_due", condition=models.Q(due_at__isnull=False)),
            models.Index(
                fields=["transcript_due_at"],
                name="voicemail_to_transcribe",
                condition=models.Q(transcript_due_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.offered_at:%Y-%m-%d %H:%M} {self.get_state_display()}"
