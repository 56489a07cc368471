"""Reminders of appointments: what a business wants, and what became of each."""

from __future__ import annotations

from datetime import time
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from businesses.models.appointments import Appointment
from businesses.models.business import Business
from businesses.tenancy import BusinessManager


class HoursBefore(models.IntegerChoices):
    """How long before an appointment its person is reminded."""

    ONE = 1, _("1 hour before")
    TWO = 2, _("2 hours before")
    DAY = 24, _("1 day before")
    TWO_DAYS = 48, _("2 days before")


class Filling(models.TextChoices):
    """What a value of the template can be filled with."""

    NAME = "name", _("The person's name")
    SERVICE = "service", _("Service")
    WHEN = "when", _("Day and time")
    DAY = "day", _("Day")
    TIME = "time", _("Time")
    CALENDAR = "calendar", _("Calendar")
    BUSINESS = "business_name", _("Name of the business")
    PHONE = "phone", _("The business's phone number")


class UndeliveredHours(models.IntegerChoices):
    """How long before the appointment a message that has not been delivered counts as one that won't be."""

    ONE = 1, _("1 hour before")
    TWO = 2, _("2 hours before")
    THREE = 3, _("3 hours before")
    SIX = 6, _("6 hours before")
    TWELVE = 12, _("12 hours before")


class ReminderChoices(models.Model):
    """A business's choices. A business without a row has the defaults: nobody is reminded.

    `fillings`: what fills each value of the template (`{"1": "name"}`). `since`: moments before it are past, as they
    were not chosen then. `calls_since`: nobody is called for a reminder from before it, for the same reason.
    """

    business = models.OneToOneField(Business, models.CASCADE, verbose_name=_("business"), related_name="+")
    is_on = models.BooleanField(
        _("remind people of their appointments"),
        default=False,
        help_text=_(
            "By a WhatsApp template. Only who has agreed gets it: when the appointment was booked, or with a recorded "
            "consent. Who opted out gets none. Who books or moves later than the reminder would come gets none either."
        ),
    )
    first_hours = models.PositiveSmallIntegerField(_("when"), choices=HoursBefore.choices, default=HoursBefore.DAY)
    second_hours = models.PositiveSmallIntegerField(
        _("and once more"), choices=HoursBefore.choices, null=True, blank=True
    )
    quiet_from = models.TimeField(
        _("no reminders from"),
        default=time(21),
        help_text=_("A reminder that would come in the night is sent in the evening before, half an hour before this."),
    )
    quiet_until = models.TimeField(_("until"), default=time(8), help_text=_("The same time twice: no such hours."))
    template = models.CharField(_("template"), max_length=512, blank=True)
    fillings: models.JSONField[Any, Any] = models.JSONField(_("values of the template"), default=dict, blank=True)
    since = models.DateTimeField(null=True, blank=True, editable=False)
    calls_unreached = models.BooleanField(
        _("call when WhatsApp could not be delivered"),
        default=False,
        db_default=False,
        help_text=_(
            "The assistant calls people whose message failed, could not be sent, or has not arrived in time: once for "
            "each appointment, in the hours and limits of your outgoing calls, and not in the last half hour before "
            "it. Calls cost money. They only go to people who agreed by having given their number for the appointment, "
            "and never to anyone who is blocked, opted out, or was to get no reminder."
        ),
    )
    undelivered_hours = models.PositiveSmallIntegerField(
        _("a message that has not arrived counts as undelivered"),
        choices=UndeliveredHours.choices,
        default=UndeliveredHours.THREE,
        db_default=UndeliveredHours.THREE,
        help_text=_("Sooner, if nobody may be called between this time and the appointment."),
    )
    calls_since = models.DateTimeField(null=True, blank=True, editable=False)

    objects = BusinessManager()

    class Meta:
        verbose_name = _("choices of reminders")
        verbose_name_plural = _("choices of reminders")

    def __str__(self) -> str:
        return str(_("Reminders of appointments"))

    @property
    def hours(self) -> list[int]:
        """How many hours before, the earliest reminder first."""
        found = {self.first_hours} | ({self.second_hours} if self.second_hours else set())
        return sorted(found, reverse=True)

    def clean(self) -> None:
        """Refuse to switch on what could send nothing."""
        super().clean()
        if self.is_on and not self.template:
            raise ValidationError({"template": _("Choose the template that people get.")})


class ReminderResult(models.TextChoices):
    """What became of a reminder. The values of refusals are those of `messenger.Refusal`."""

    SENT = "sent", _("Sent by WhatsApp")
    NOT_AGREED = "not_agreed", _("Has not agreed to reminders")
    TOO_LATE = "too_late", _("Not sent: it would have come too late")
    NO_WHATSAPP = "no_whatsapp", _("Not sent: no WhatsApp number of yours can send")
    NO_NUMBER = "no_number", _("Not sent: no number that WhatsApp can reach")
    OPTED_OUT = "opted_out", _("Opted out of messages")
    NO_TEMPLATE = "no_template", _("Not sent: the template can't be used")
    BAD_VALUES = "bad_values", _("Not sent: a value of the template is missing")


class Reminder(models.Model):
    """What was decided about reminding of one appointment at one time, so many hours before.

    The row and the message (`message` is its key) are written in one transaction.
    """

    business = models.ForeignKey(Business, models.CASCADE, verbose_name=_("business"), related_name="+")
    appointment = models.ForeignKey(
        Appointment, models.CASCADE, verbose_name=_("appointment"), related_name="reminders"
    )
    starts_at = models.DateTimeField(_("start"))
    hours = models.PositiveSmallIntegerField(_("when"), choices=HoursBefore.choices)
    result = models.CharField(_("what became of it"), max_length=20, choices=ReminderResult.choices)
    message = models.UUIDField(null=True, blank=True, editable=False)
    at = models.DateTimeField(_("when"))

    objects = BusinessManager()

    class Meta:
        verbose_name = _("reminder of an appointment")
        verbose_name_plural = _("reminders of appointments")
        ordering: ClassVar[list[str]] = ["-at", "-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["appointment", "starts_at", "hours"], name="one_reminder_per_appointment_and_time"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["business", "-at"], name="reminder_by_time")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.get_result_display()}"
