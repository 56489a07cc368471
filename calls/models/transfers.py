"""Who callers can be put through to, and what became of each time one was."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from businesses.tenancy import BusinessManager
from calls.models.calls import Call


class ReachedWhen(models.TextChoices):
    """When a person or department may be rung."""

    ALWAYS = "always", _("At any time")
    OPEN = "open", _("While the business is open")
    OWN = "own", _("At these times only")


class TransferTarget(models.Model):
    """A person or department that the assistant may put callers through to. `numbers` (E.164) ring in their order."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, verbose_name=_("business"), related_name="transfer_targets")
    name = models.CharField(
        _("Name"), max_length=60, help_text=_("As callers say it: a person or a department, like Dana or Billing.")
    )
    about = models.CharField(
        _("For what"), max_length=200, blank=True, default="",
        help_text=_("What they help with. The assistant chooses by it."),
    )  # fmt: skip
    numbers = models.JSONField(_("phone numbers"), default=list)
    reached_when = models.CharField(
        _("When"), max_length=10, choices=ReachedWhen.choices, default=ReachedWhen.ALWAYS,
        help_text=_("Outside these times the assistant says that they can't be reached."),
    )  # fmt: skip
    from_time = models.TimeField(_("From what time"), null=True, blank=True)
    until_time = models.TimeField(_("Until what time"), null=True, blank=True)
    weekdays = models.CharField(
        _("Days"), max_length=7, blank=True, default="", help_text="digits, 0 is Monday; empty: every day"
    )
    asks_for_key = models.BooleanField(
        _("Take calls by pressing 1"), default=True,
        help_text=_(
            "Whoever answers hears who calls and why, and presses 1 to take the call. A voicemail presses nothing, so "
            "the caller comes back to the assistant. Switch it off for a switchboard that can't press keys."
        ),
    )  # fmt: skip
    is_on = models.BooleanField(_("Takes calls"), default=True)
    position = models.PositiveIntegerField(default=0, help_text="the first one takes callers who name nobody")

    objects = BusinessManager()

    class Meta:
        verbose_name = _("person or department for transfers")
        verbose_name_plural = _("people and departments for transfers")
        ordering: ClassVar[list[str]] = ["position", "name"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["business", "name"], name="one_transfer_target_per_name")
        ]

    def __str__(self) -> str:
        return self.name


class TransferState(models.TextChoices):
    """How far a transfer is."""

    ASKED = "asked", _("Was about to be put through")
    RINGING = "ringing", _("It is ringing")
    ACCEPTED = "accepted", _("Took the call")
    UNREACHED = "unreached", _("Nobody took the call")
    LEFT = "left", _("The caller hung up while it was ringing")


class Transfer(models.Model):
    """A caller is put through: one row for each time in a call, from the wish to what became of it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    call = models.ForeignKey(Call, models.CASCADE, related_name="transfers")
    stream_number = models.PositiveSmallIntegerField(help_text="of the stream in which it was asked for")
    name = models.CharField(_("to"), max_length=60, blank=True, help_text="empty: the fallback number, or one typed in")
    about = models.CharField(_("about"), max_length=200, blank=True, help_text="why, in the assistant's words")
    was_announced = models.BooleanField(
        default=False, db_default=False, help_text="the caller has heard the assistant say so; else Twilio's voice does"
    )
    state = models.CharField(_("result"), max_length=10, choices=TransferState.choices, default=TransferState.ASKED)
    numbers = models.JSONField(default=list, help_text="to ring, in order; emptied when it is over")
    asks_for_key = models.BooleanField(default=False)
    rung = models.PositiveSmallIntegerField(default=0, help_text="how many of the numbers were tried; the last rings")
    results = models.JSONField(default=list, help_text="of each number tried: Twilio's DialCallStatus or a DialRefusal")
    asked_at = models.DateTimeField(_("time"))
    accepted_at = models.DateTimeField(null=True, help_text="when the key was pressed")
    ended_at = models.DateTimeField(null=True, help_text="when it was over, reached or not")

    objects = BusinessManager()

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        ordering: ClassVar[list[str]] = ["asked_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["call", "stream_number"], name="one_transfer_per_stream")
        ]

    def __str__(self) -> str:
        return f"{self.asked_at:%Y-%m-%d %H:%M} {self.name}"
