"""The course of a broadcast: how many people it reached in each step of time. `broadcasts.course` writes it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from businesses.tenancy import BusinessManager
from whatsapp.models.broadcasts import Broadcast


class BroadcastCourse(models.Model):
    """The head of a course. Whoever counts something for its broadcast holds its lock.

    Until `is_counted`, its steps are not kept: they are counted from the rows when somebody first looks.
    `tally`: its people by state as they were counted at `tallied_at`, until one of them moves (`broadcasts.tallies`).
    """

    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    broadcast = models.OneToOneField(Broadcast, models.CASCADE, related_name="+")
    begins_at = models.DateTimeField(_("begins"))
    is_counted = models.BooleanField(default=False)
    tally = models.JSONField(null=True)
    tallied_at = models.DateTimeField(null=True)

    objects = BusinessManager()

    class Meta:
        db_table = "whatsapp_broadcast_courses"
        verbose_name = _("course of a broadcast")
        verbose_name_plural = _("courses of broadcasts")

    def __str__(self) -> str:
        return f"{self.begins_at:%Y-%m-%d %H:%M:%S}"


class CourseStep(models.Model):
    """The people who were reached from `at` on, for as long as `broadcasts.course.width` says."""

    business = models.ForeignKey(Business, models.CASCADE, related_name="+", db_index=False)
    course = models.ForeignKey(BroadcastCourse, models.CASCADE, related_name="steps", db_index=False)
    at = models.DateTimeField()
    sent = models.IntegerField(default=0)
    delivered = models.IntegerField(default=0)
    read = models.IntegerField(default=0)
    replied = models.IntegerField(default=0)

    objects = BusinessManager()

    class Meta:
        db_table = "whatsapp_broadcast_course_steps"
        verbose_name = _("step of a broadcast")
        verbose_name_plural = _("steps of broadcasts")
        ordering: ClassVar[list[str]] = ["at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["course", "at"], name="one_step_per_time")
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}"
