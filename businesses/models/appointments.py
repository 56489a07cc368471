"""What is booked in a calendar, and when it is busy with something else."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from businesses.models.business import Business
from businesses.models.calendar_links import CalendarSource
from businesses.models.calendars import Calendar, Service
from businesses.tenancy import BusinessManager
from businesses.validators import validate_e164


class AppointmentStatus(models.TextChoices):
    """Whether an appointment holds its time."""

    BOOKED = "booked", _("Booked")
    CANCELLED = "cancelled", _("Called off")


class MadeBy(models.TextChoices):
    """Who booked."""

    CALL = "call", _("On the phone, with the assistant")
    PERSON = "person", _("By a member")
    PROGRAM = "program", _("By a program of yours")


class Appointment(models.Model):
    """A time that is kept for somebody.

    `held_from` to `held_until` is what it takes of the calendar: the appointment with what is kept free around it.
    The database refuses two booked ones of a calendar whose held times overlap (migration `appointments`).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, verbose_name=_("business"), related_name="appointments")
    calendar = models.ForeignKey(Calendar, models.RESTRICT, verbose_name=_("calendar"), related_name="appointments")
    service = models.ForeignKey(Service, models.RESTRICT, verbose_name=_("service"), related_name="appointments")
    starts_at = models.DateTimeField(_("start"))
    ends_at = models.DateTimeField(_("end"))
    held_from = models.DateTimeField(editable=False)
    held_until = models.DateTimeField(editable=False)
    name = models.CharField(_("name"), max_length=120, blank=True)
    number = models.CharField(_("phone number"), max_length=16, blank=True, validators=[validate_e164])
    note = models.CharField(_("note"), max_length=500, blank=True)
    status = models.CharField(
        _("status"), max_length=10, choices=AppointmentStatus.choices, default=AppointmentStatus.BOOKED
    )
    made_by = models.CharField(_("booked"), max_length=10, choices=MadeBy.choices, default=MadeBy.PERSON)
    call = models.UUIDField(_("call"), null=True, blank=True, editable=False, help_text=_("The call that booked it."))
    made_at = models.DateTimeField(_("booked at"))
    moved_at = models.DateTimeField(_("moved at"), null=True, blank=True, editable=False)
    reminder_agreed_at = models.DateTimeField(
        _("agreed to be reminded by WhatsApp"), null=True, blank=True, editable=False
    )
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True, editable=False)
    changed_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="when it was moved, cancelled or rebooked last"
    )

    objects = BusinessManager()

    class Meta:
        verbose_name = _("appointment")
        verbose_name_plural = _("appointments")
        ordering: ClassVar[list[str]] = ["starts_at", "id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["calendar", "held_from"], name="appointment_of_calendar", condition=Q(status="booked")
            ),
            models.Index(fields=["business", "starts_at"], name="appointment_by_time"),
            models.Index(fields=["business", "number", "starts_at"], name="appointment_of_number"),
            models.Index(fields=["starts_at"], name="appointment_booked", condition=Q(status="booked")),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M}"

    @property
    def is_booked(self) -> bool:
        """Whether it holds its time."""
        return self.status == AppointmentStatus.BOOKED


class BusyTime(models.Model):
    """A time in which a calendar takes no appointments: lunch, holidays, a meeting.

    With a `source` it comes from there, and the next fetch may take it back.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="busy_times")
    starts_at = models.DateTimeField(_("start"))
    ends_at = models.DateTimeField(_("end"))
    note = models.CharField(_("note"), max_length=120, blank=True)
    source = models.ForeignKey(CalendarSource, models.CASCADE, null=True, editable=False, related_name="busy_times")

    objects = BusinessManager()

    class Meta:
        verbose_name = _("busy time")
        verbose_name_plural = _("busy times")
        ordering: ClassVar[list[str]] = ["starts_at", "id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["calendar", "starts_at"], name="busy_time_of_calendar")
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M}"
