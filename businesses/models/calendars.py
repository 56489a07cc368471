"""What can be booked: services, and the calendars of people or rooms that offer them."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from businesses.models.business import Business
from businesses.models.members import Membership
from businesses.tenancy import BusinessManager


class Calendar(models.Model):
    """The time of one person or one room. Two appointments in it never overlap."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, verbose_name=_("business"), related_name="calendars")
    name = models.CharField(
        _("name"), max_length=80, help_text=_("A person or a room, as callers know it: Dr. Levi, Room 2.")
    )
    hours: models.JSONField[Any, Any] = models.JSONField(
        _("weekly hours"),
        null=True,
        blank=True,
        default=None,
        help_text=_("Seven lists of hours, Monday first. Empty: the hours of the business."),
    )
    is_active = models.BooleanField(
        _("can be booked"), default=True, help_text=_("Off: nothing new is booked. What is booked stays.")
    )
    mailed = models.ForeignKey(
        Membership, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("mailed to")
    )

    objects = BusinessManager()

    class Meta:
        verbose_name = _("calendar")
        verbose_name_plural = _("calendars")
        ordering: ClassVar[list[str]] = ["name", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["business", "name"],
                name="one_calendar_per_name",
                violation_error_message=_("There is a calendar of this name already."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Service(models.Model):
    """Something that people book: how long it takes, and how early and late it can be booked."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, verbose_name=_("business"), related_name="services")
    name = models.CharField(
        _("name"), max_length=80, help_text=_("As callers would say it: haircut, first consultation.")
    )
    minutes = models.PositiveSmallIntegerField(
        _("duration (minutes)"), default=30, validators=[MinValueValidator(5), MaxValueValidator(720)]
    )
    before_minutes = models.PositiveSmallIntegerField(
        _("kept free before (minutes)"),
        default=0,
        validators=[MaxValueValidator(240)],
        help_text=_("For preparing. Nothing else is booked then."),
    )
    after_minutes = models.PositiveSmallIntegerField(
        _("kept free afterwards (minutes)"),
        default=0,
        validators=[MaxValueValidator(240)],
        help_text=_("For cleaning up or a rest. Nothing else is booked then."),
    )
    step_minutes = models.PositiveSmallIntegerField(
        _("can start every (minutes)"),
        default=15,
        validators=[MinValueValidator(5), MaxValueValidator(240)],
        help_text=_("Counted from the opening: 30 offers 9:00, 9:30, 10:00."),
    )
    notice_hours = models.PositiveSmallIntegerField(
        _("booked at the latest (hours before)"),
        default=2,
        validators=[MaxValueValidator(720)],
        help_text=_("Callers can't book, move or cancel later than this. Members can."),
    )
    ahead_days = models.PositiveSmallIntegerField(
        _("booked at the earliest (days before)"),
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
    )
    calendars: models.ManyToManyField[Calendar, ServiceCalendar] = models.ManyToManyField(
        Calendar, through="ServiceCalendar", related_name="services", verbose_name=_("who or where"), blank=True
    )
    is_active = models.BooleanField(
        _("can be booked"), default=True, help_text=_("Off: nothing new is booked. What is booked stays.")
    )

    objects = BusinessManager()

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")
        ordering: ClassVar[list[str]] = ["name", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["business", "name"],
                name="one_service_per_name",
                violation_error_message=_("There is a service of this name already."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class ServiceCalendar(models.Model):
    """A calendar that offers a service."""

    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    service = models.ForeignKey(Service, models.CASCADE, related_name="offers")
    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="offers")

    objects = BusinessManager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["service", "calendar"], name="one_offer_per_calendar")
        ]

    def __str__(self) -> str:
        return f"{self.service_id} in {self.calendar_id}"
