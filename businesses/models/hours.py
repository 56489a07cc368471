"""When a business is open. `businesses/hours/` says what the rows mean; the free text is `Business.opening_hours`."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from businesses.models.business import Business
from businesses.tenancy import BusinessManager

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""Names of the columns, in the order of `date.weekday()`."""


def _hours_of(day: _StrPromise) -> models.JSONField[list[list[str]], list[list[str]]]:
    return models.JSONField(day, default=list, blank=True)


class WeekHours(models.Model):
    """The usual week of a business. A business without a row, or with an empty one, has its free text alone.

    Each day is a list of pairs of wall clock times in the business's zone, like `[["08:00", "13:00"], ["16:00",
    "19:00"]]`, sorted and apart from each other. An end that is not after its start is on the next day.
    """

    business = models.OneToOneField(Business, models.CASCADE, related_name="+", verbose_name=_("business"))
    monday = _hours_of(_("Monday"))
    tuesday = _hours_of(_("Tuesday"))
    wednesday = _hours_of(_("Wednesday"))
    thursday = _hours_of(_("Thursday"))
    friday = _hours_of(_("Friday"))
    saturday = _hours_of(_("Saturday"))
    sunday = _hours_of(_("Sunday"))

    objects = BusinessManager()

    class Meta:
        verbose_name = _("opening hours of the week")
        verbose_name_plural = _("opening hours of the week")

    def __str__(self) -> str:
        return str(self.business)

    def days(self) -> list[list[list[str]]]:
        """Returns the pairs of each day, Monday first."""
        return [getattr(self, name) for name in WEEKDAYS]


class DayKind(models.TextChoices):
    """Why a day has other hours. For one day an exception counts before a holiday, and both before the week."""

    EXCEPTION = "exception", _("Exception")
    HOLIDAY = "holiday", _("Holiday")


class SpecialDays(models.Model):
    """Days on which the usual week does not hold: closed (`hours` is empty), or with other hours."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="special_days", verbose_name=_("business"))
    kind = models.CharField(_("kind"), max_length=10, choices=DayKind.choices, default=DayKind.EXCEPTION)
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    name = models.CharField(_("name or note"), max_length=120, blank=True, default="")
    hours = models.JSONField(_("opening hours"), default=list, blank=True)
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True, editable=False)

    objects = BusinessManager()

    class Meta:
        verbose_name = _("exception or holiday")
        verbose_name_plural = _("exceptions and holidays")
        ordering: ClassVar[list[str]] = ["first_day", "pk"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["business", "last_day"], name="special_days_to_come")
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="special_days_in_order")
        ]

    def __str__(self) -> str:
        return self.name or f"{self.first_day:%Y-%m-%d}"
