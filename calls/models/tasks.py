"""What somebody of the business has to do after a call."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from businesses.models import Business, Membership
from businesses.tenancy import BusinessManager
from calls.models.calls import Call


class TaskKind(models.TextChoices):
    """Where a task comes from, and so what is to be done."""

    CALL_BACK = "call_back", _("Call back")
    MESSAGE = "message", _("Message")
    FOLLOW_UP = "follow_up", _("Follow-up")
    VOICEMAIL = "voicemail", _("Voice message")


class TaskState(models.TextChoices):
    """Whether it is done."""

    OPEN = "open", _("Open")
    DONE = "done", _("Done")


class Task(models.Model):
    """One thing to do: a caller to be called back, a message to be read, something that was promised.

    `follow_up` says which of its call's follow-ups it is made of. `number` is E.164 where it could be read as a number,
    else as it was said. `when` holds the words that were said for when to call back, or by when it was promised;
    `due_at` is a time that somebody has set.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, verbose_name=_("business"), related_name="tasks")
    call = models.ForeignKey(
        Call, models.SET_NULL, null=True, blank=True, related_name="tasks", verbose_name=_("from the call")
    )
    follow_up = models.PositiveSmallIntegerField(null=True, blank=True, editable=False, help_text="counted from 0")
    kind = models.CharField(_("kind"), max_length=10, choices=TaskKind.choices)
    state = models.CharField(_("state"), max_length=4, choices=TaskState.choices, default=TaskState.OPEN)
    who = models.CharField(_("who"), max_length=120, blank=True)
    number = models.CharField(_("phone number"), max_length=40, blank=True)
    about = models.TextField(_("about what"), max_length=1000, blank=True)
    when = models.CharField(_("when to call back"), max_length=200, blank=True)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    assigned_to = models.ForeignKey(
        Membership, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("who does it")
    )
    created_at = models.DateTimeField(_("since"))
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("done by"),
    )

    objects = BusinessManager()

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        ordering: ClassVar[list[str]] = ["-created_at"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["business", "state", "-created_at"], name="task_by_state_and_time"),
            models.Index(
                fields=["business", "due_at", "created_at"], name="task_open", condition=models.Q(state="open")
            ),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["call", "follow_up"], name="one_task_per_follow_up")
        ]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M} {self.get_kind_display()}"
