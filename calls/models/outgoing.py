"""Calls that the assistant makes: what waits, what became of each, and what the owner has chosen."""

from __future__ import annotations

import uuid
from datetime import time
from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from businesses.models import Appointment, Business
from businesses.tenancy import BusinessManager
from calls.models.calls import Call
from calls.models.tasks import Task


class AtMachine(models.TextChoices):
    """What happens when an answering machine takes the call."""

    HANG_UP = "hang_up", _("Hang up without a message")
    SAY = "say", _("Leave a message after the tone")


class OutgoingChoices(models.Model):
    """A business's choices. A business without a row has the defaults: nobody is called."""

    business = models.OneToOneField(Business, models.CASCADE, verbose_name=_("business"), related_name="+")
    enabled = models.BooleanField(
        _("let the assistant call people back"),
        default=False,
        help_text=_(
            "Members get a button that has the assistant call somebody who left a message, asked to be called back, "
            "called lately, or agreed to be contacted. Whoever is blocked or opted out is never called."
        ),
    )
    earliest = models.TimeField(
        _("not before"), default=time(9), help_text=_("By your clock. It is never before 8:00 where the person is.")
    )
    latest = models.TimeField(
        _("not after"), default=time(20), help_text=_("By your clock. It is never after 21:00 where the person is.")
    )
    only_on_open_days = models.BooleanField(
        _("not on days off"), default=True, help_text=_("Days on which your opening hours say that you are closed.")
    )
    words = models.TextField(
        _("first words"),
        blank=True,
        max_length=500,
        validators=[MaxLengthValidator(500)],
        help_text=_(
            "What the assistant says first: who calls, and why. {business} and {name} are filled in. "
            "Empty: the usual words."
        ),
    )
    at_machine = models.CharField(
        _("at an answering machine"), max_length=10, choices=AtMachine.choices, default=AtMachine.HANG_UP
    )
    machine_words = models.TextField(
        _("message for answering machines"),
        blank=True,
        max_length=500,
        validators=[MaxLengthValidator(500)],
        help_text=_("Say who called and how to reach you. Others may hear it, so leave out what it is about."),
    )
    retries = models.PositiveSmallIntegerField(
        _("further tries"),
        default=1,
        validators=[MaxValueValidator(2)],
        help_text=_("When the line is busy or nobody answers: 0, 1 or 2."),
    )
    retry_minutes = models.PositiveSmallIntegerField(
        _("minutes between tries"), default=30, validators=[MinValueValidator(5), MaxValueValidator(1440)]
    )
    most_a_day = models.PositiveSmallIntegerField(
        _("calls a day"), default=20, validators=[MinValueValidator(1), MaxValueValidator(1000)]
    )
    most_per_person = models.PositiveSmallIntegerField(
        _("calls a day to one person"),
        default=2,
        validators=[MinValueValidator(1), MaxValueValidator(5)],
        help_text=_("Tries are counted, too."),
    )

    objects = BusinessManager()

    class Meta:
        verbose_name = _("choices for outgoing calls")
        verbose_name_plural = _("choices for outgoing calls")

    def __str__(self) -> str:
        return str(_("Outgoing calls"))

    def clean(self) -> None:
        """Refuse hours without a minute in them, placeholders that nothing fills, and an empty message."""
        super().clean()
        if self.earliest and self.latest and self.earliest >= self.latest:
            raise ValidationError({"latest": _("Choose a time after the first one.")})
        left_over = self.words.replace("{business}", "").replace("{name}", "")
        if "{" in left_over or "}" in left_over:
            raise ValidationError({"words": _("Only {business} and {name} can be filled in.")})
        if self.at_machine == AtMachine.SAY and not self.machine_words.strip():
            raise ValidationError({"machine_words": _("Write the message, or choose to hang up.")})


class OutgoingState(models.TextChoices):
    """Where an outgoing call is. `calls/outgoing/states.py` says what leads where."""

    WAITING = "waiting", _("Waiting")
    DIALLING = "dialling", _("Being dialled")
    RINGING = "ringing", _("Ringing")
    TALKING = "talking", _("Talking")
    TALKED = "talked", _("Talked")
    MACHINE = "machine", _("Answering machine")
    BUSY = "busy", _("Busy")
    NO_ANSWER = "no_answer", _("Nobody answered")
    FAILED = "failed", _("Failed")
    UNKNOWN = "unknown", _("Unknown")
    NOT_ALLOWED = "not_allowed", _("Not allowed")
    CANCELLED = "cancelled", _("Cancelled")


OPEN_STATES = (OutgoingState.WAITING, OutgoingState.DIALLING, OutgoingState.RINGING, OutgoingState.TALKING)


class OutgoingCall(models.Model):
    """One try to call somebody: a row is dialled at most once, and another try is another row.

    `why`: a `Why` of calls/outgoing/rules.py, or Twilio's number of an error. `basis`: a `Basis` of
    calls/outgoing/consent.py. `answered_by`: what Twilio's machine detection says, as it says it. `appointment_at`: the
    start of the appointment of which the call reminds; null for every other call.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, verbose_name=_("business"), related_name="+")
    task = models.ForeignKey(Task, models.SET_NULL, null=True, blank=True, related_name="outgoing_calls")
    appointment = models.ForeignKey(
        Appointment, models.SET_NULL, null=True, blank=True, db_index=False, related_name="+",
        verbose_name=_("appointment"),
    )  # fmt: skip
    appointment_at = models.DateTimeField(_("appointment at"), null=True, blank=True)
    call = models.OneToOneField(
        Call, models.SET_NULL, null=True, blank=True, related_name="outgoing", verbose_name=_("the call")
    )
    try_number = models.PositiveSmallIntegerField(_("try"), default=1)
    number = models.CharField(_("phone number"), max_length=16)
    who = models.CharField(_("who"), max_length=120, blank=True)
    about = models.TextField(_("about what"), max_length=1000, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=OutgoingState.choices, default=OutgoingState.WAITING)
    why = models.CharField(_("why"), max_length=20, blank=True)
    basis = models.CharField(_("agreement"), max_length=12, blank=True)
    answered_by = models.CharField(_("answered by"), max_length=24, blank=True)
    from_number = models.CharField(_("from the number"), max_length=16, blank=True)
    twilio_call_sid = models.CharField(max_length=64, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("asked for by")
    )
    asked_at = models.DateTimeField(_("asked for"))
    due_at = models.DateTimeField(
        null=True, blank=True, help_text="waiting: when it may be dialled; else: when its state is looked at again"
    )
    dialled_at = models.DateTimeField(_("dialled"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = BusinessManager()

    class Meta:
        verbose_name = _("outgoing call")
        verbose_name_plural = _("outgoing calls")
        ordering: ClassVar[list[str]] = ["-asked_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["business", "number"],
                name="one_waiting_outgoing_call",
                condition=models.Q(state="waiting"),
            ),
            models.UniqueConstraint(
                fields=["appointment", "appointment_at", "try_number"], name="one_call_per_appointment_and_time"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["due_at"], name="outgoing_due", condition=models.Q(due_at__isnull=False)),
            models.Index(fields=["business", "-asked_at"], name="outgoing_by_time"),
            models.Index(fields=["business", "number", "-dialled_at"], name="outgoing_by_number"),
        ]

    def __str__(self) -> str:
        return f"{self.asked_at:%Y-%m-%d %H:%M} {self.get_state_display()}"

    @property
    def is_reminder(self) -> bool:
        """Whether it reminds of an appointment."""
        return self.appointment_at is not None
