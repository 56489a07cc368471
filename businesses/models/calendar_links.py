"""Addresses that join calendars with those of other programs. See `businesses/ics/`."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from businesses.models.business import Business
from businesses.models.calendars import Calendar
from businesses.models.people import User
from businesses.tenancy import BusinessManager


class CalendarFeed(models.Model):
    """A secret address of what is booked in a calendar, or in all of the business (no calendar).

    Only the hash of its secret is stored; `hint` is how the secret begins, so that people know which it is.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    calendar = models.OneToOneField(Calendar, models.CASCADE, null=True, related_name="feed")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(max_length=12, editable=False)
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)

    objects = BusinessManager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["business"], name="one_feed_of_all", condition=Q(calendar=None))
        ]

    def __str__(self) -> str:
        return self.hint


class CalendarSource(models.Model):
    """An address of an ICS file that says when a calendar is busy elsewhere. The row is the queue.

    `due_at` is the next fetch, or the end of the claim. `problem` says why the last try failed (a code of
    `ics.problems.FileProblem` or `safe_http.Problem`, "" if it worked); `worked_at` is when the busy times were read.
    Those addresses are secrets themselves, so they are encrypted; `host` is what is shown.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    calendar = models.OneToOneField(Calendar, models.CASCADE, related_name="source")
    encrypted_url = models.TextField(editable=False)
    host = models.CharField(max_length=253)
    etag = models.CharField(max_length=300, blank=True, editable=False)
    read_at = models.DateTimeField(null=True, help_text="when the whole file was read last, not only found unchanged")
    due_at = models.DateTimeField()
    claim_token = models.UUIDField(null=True, editable=False)
    checked_at = models.DateTimeField(null=True)
    worked_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=20, blank=True)
    status = models.PositiveSmallIntegerField(null=True, help_text="the HTTP status of the last answer")
    failures = models.PositiveSmallIntegerField(default=0, help_text="in a row")
    added_at = models.DateTimeField()

    objects = BusinessManager()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["due_at"], name="calendar_source_due")]

    def __str__(self) -> str:
        return self.host
