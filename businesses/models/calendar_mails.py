"""Mails that enter an appointment into a person's own calendar, or take it out. See `businesses/ics/mailing.py`."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from businesses.models.appointments import Appointment
from businesses.models.business import Business
from businesses.models.calendars import Calendar
from businesses.tenancy import BusinessManager


class MailState(models.TextChoices):
    """How far a mail is. `SENDING` that lasts means that its process died: nobody knows whether it left.

    `NOTHING`: a later change overtook it, or nobody is mailed any more.
    """

    WAITING = "waiting", _("Waiting")
    SENDING = "sending", _("Sending")
    SENT = "sent", _("Sent")
    NOTHING = "nothing", _("There was nothing to tell")
    FAILED = "failed", _("Not sent")
    UNKNOWN = "unknown", _("Unknown whether it was sent")


class MailAbout(models.TextChoices):
    """What has happened to the appointment, as far as this calendar goes."""

    MADE = "made", _("Booked")
    MOVED = "moved", _("Moved")
    GONE = "gone", _("Called off")
    ELSEWHERE = "elsewhere", _("Moved to another calendar")


class CalendarMail(models.Model):
    """One mail about one change. The row is the queue; its text is made when it is sent.

    `version` is the appointment's `changed_at` of that change (or `made_at`).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="+")
    appointment = models.ForeignKey(Appointment, models.CASCADE, related_name="+")
    about = models.CharField(max_length=10, choices=MailAbout.choices)
    version = models.DateTimeField()
    state = models.CharField(max_length=10, choices=MailState.choices, default=MailState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True, help_text="when it is tried (again), or when its sending has failed")
    created_at = models.DateTimeField()

    objects = BusinessManager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["appointment", "calendar", "version"], name="one_mail_for_each_change")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["due_at"], name="calendar_mail_due", condition=Q(due_at__isnull=False))
        ]

    def __str__(self) -> str:
        return self.about
