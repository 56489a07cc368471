"""Addresses of a business's own systems that are told what happens, and what they are told. See `businesses/hooks/`."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from businesses.models.business import Business
from businesses.tenancy import BusinessManager

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class Happening(models.TextChoices):
    """What can happen in a business. The codes are sent to other systems, so they don't change."""

    CALL_ENDED = "call.ended", _("A call has ended")
    CALL_SUMMARIZED = "call.summarized", _("It is known what a call was about")
    MESSAGE_TAKEN = "message.taken", _("The assistant took a message")
    APPOINTMENT_MADE = "appointment.made", _("An appointment was made")
    APPOINTMENT_MOVED = "appointment.moved", _("An appointment was moved")
    APPOINTMENT_CANCELLED = "appointment.cancelled", _("An appointment was cancelled")
    BROADCAST_FINISHED = "broadcast.finished", _("A broadcast has ended")
    CONTACT_OPTED_OUT = "contact.opted_out", _("A person opted out")


TEST: str = "test"
"""In the place of a happening: a member tries an address."""


class DeliveryState(models.TextChoices):
    """The state of a delivery. `WAITING` also while it is on its way."""

    WAITING = "waiting", _("Waiting")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Given up")


class SwitchedOff(models.TextChoices):
    """Why an address is off."""

    BY_MEMBER = "by_member", _("by a member")
    KEEPS_FAILING = "keeps_failing", _("because nothing was accepted there for days")
    GONE = "gone", _("because its server said that it is gone (410)")


class WebhookEndpoint(models.Model):
    """An address that is told of the `kinds` (codes of `Happening`) by POST.

    Messages are signed with the secret and, until `old_secret_until`, with the one before it, too.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="+", verbose_name=_("business"))
    url = models.URLField(_("address"), max_length=500)
    kinds: models.JSONField[list[str], list[str]] = models.JSONField(_("tells of"), default=list)
    encrypted_secret = models.TextField(editable=False)
    encrypted_old_secret = models.TextField(editable=False, blank=True)
    old_secret_until = models.DateTimeField(null=True, editable=False)
    is_on = models.BooleanField(_("on"), default=True)
    off_because = models.CharField(_("why it is off"), max_length=20, choices=SwitchedOff.choices, blank=True)
    failing_since = models.DateTimeField(_("failing since"), null=True, editable=False)
    created_at = models.DateTimeField(_("added"))

    objects = BusinessManager()

    class Meta:
        verbose_name = _("webhook address")
        verbose_name_plural = _("webhook addresses")
        ordering: ClassVar[list[str]] = ["created_at"]

    def __str__(self) -> str:
        return self.url


def happening_choices() -> list[tuple[str, str | _StrPromise]]:
    """Returns the choices of `WebhookDelivery.kind`; a function, so that a new happening needs no migration."""
    return [*Happening.choices, (TEST, _("Test"))]


class WebhookDelivery(models.Model):
    """One message to one address. The row is the queue: `due_at` is the next try, or the end of the claim.

    Its id is the `webhook-id`: the same in every try, and when it is sent again. `body` is sent as it is written here.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="+", verbose_name=_("business"))
    endpoint = models.ForeignKey(
        WebhookEndpoint, models.CASCADE, related_name="deliveries", verbose_name=_("webhook address")
    )
    kind = models.CharField(_("what happened"), max_length=40, choices=happening_choices)
    key = models.CharField(max_length=80, blank=True, help_text="what it is about, if it is told of that only once")
    body = models.TextField(_("content"))
    happened_at = models.DateTimeField(_("time"))
    state = models.CharField(_("state"), max_length=10, choices=DeliveryState.choices, default=DeliveryState.WAITING)
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    due_at = models.DateTimeField(_("next try"))
    claim_token = models.UUIDField(null=True, editable=False)
    last_status = models.PositiveSmallIntegerField(_("answer"), null=True, help_text="the HTTP status of the last try")
    last_problem = models.CharField(max_length=20, blank=True, help_text="a code of `safe_http.Problem`")
    finished_at = models.DateTimeField(_("done"), null=True)

    objects = BusinessManager()

    class Meta:
        verbose_name = _("webhook message")
        verbose_name_plural = _("webhook messages")
        ordering: ClassVar[list[str]] = ["-happened_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["endpoint", "kind", "key"], name="webhook_told_once", condition=~Q(key=""))
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["due_at"], name="webhook_due", condition=Q(state="waiting")),
            models.Index(fields=["business", "-happened_at"], name="webhook_newest_first"),
            models.Index(fields=["finished_at"], name="webhook_finished", condition=Q(finished_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.happened_at:%Y-%m-%d %H:%M})"
