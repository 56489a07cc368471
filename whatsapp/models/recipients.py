"""The recipients of broadcasts, and every attempt to reach them."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from businesses.tenancy import BusinessManager
from whatsapp.models.broadcasts import Broadcast
from whatsapp.models.contacts import Contact
from whatsapp.models.outcome import MessageOutcome
from whatsapp.states import RecipientStatus, SkipReason

COSTLESS = (
    RecipientStatus.PENDING,
    RecipientStatus.RETRY_WAIT,
    RecipientStatus.SKIPPED,
    RecipientStatus.CANCELLED,
    RecipientStatus.FAILED,
    RecipientStatus.EXPIRED,
)
"""In these states a message costs nothing. A claimed one is about to leave: its cost is decided when it does."""


class AddressKind(models.TextChoices):
    """The kind of an address."""

    PHONE = "phone", _("Phone number")
    BSUID = "bsuid", _("WhatsApp user id")


class Recipient(MessageOutcome):
    """One row of a broadcast's audience, and the outcome of its message.

    `address` is where the message goes: +E.164 or a BSUID. A row without an address of its own (not a number, or the
    same person as another row) has NULL there, is skipped, and keeps the original text in `given_address`.
    `attempt_id` is the current attempt: it goes with the request and comes back in every report.
    """

    # Both are the first column of an index below; a further index on each would only slow down the writes of a wave.
    business = models.ForeignKey(Business, models.CASCADE, related_name="+", db_index=False)
    broadcast = models.ForeignKey(Broadcast, models.CASCADE, related_name="recipients", db_index=False)
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="recipients")
    address = models.CharField(_("address"), max_length=140, null=True)
    address_kind = models.CharField(max_length=5, choices=AddressKind.choices, default=AddressKind.PHONE)
    given_address = models.CharField(_("as entered"), max_length=140, blank=True)
    given_name = models.CharField(_("name in the file"), max_length=200, blank=True, default="", db_default="")
    row_number = models.PositiveIntegerField(_("row of the file"), null=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    params = models.JSONField(_("values of the template"), default=dict)

    skip_reason = models.CharField(_("why skipped"), max_length=20, choices=SkipReason.choices, blank=True)
    attempt_no = models.PositiveSmallIntegerField(_("attempts"), default=0)
    attempt_id = models.UUIDField(null=True)
    refusals = models.PositiveSmallIntegerField(default=0, help_text="attempts that count against a rule's tries")
    lease_token = models.UUIDField(null=True)
    next_attempt_at = models.DateTimeField(_("next try"), null=True)
    cost_micros = models.IntegerField(
        _("cost so far (millionths)"), default=0, db_default=0, help_text="see `models.spending`"
    )
    cost_estimate = models.DecimalField(_("estimated cost"), max_digits=10, decimal_places=5, null=True)

    objects = BusinessManager()

    class Meta:
        db_table = "whatsapp_broadcast_recipients"
        verbose_name = _("recipient")
        verbose_name_plural = _("recipients")
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["broadcast", "address"], name="one_recipient_per_address"),
            models.UniqueConstraint(
                fields=["provider", "provider_message_id"],
                name="one_recipient_per_message",
                condition=Q(provider_message_id__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["attempt_id"], name="one_recipient_per_attempt", condition=Q(attempt_id__isnull=False)
            ),
            models.CheckConstraint(
                condition=Q(address__isnull=False) | Q(status=RecipientStatus.SKIPPED),
                name="only_skipped_without_address",
            ),
            models.CheckConstraint(
                condition=Q(status=RecipientStatus.SKIPPED, skip_reason__gt="")
                | (~Q(status=RecipientStatus.SKIPPED) & Q(skip_reason="")),
                name="skipped_has_a_reason",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["broadcast", "next_attempt_at", "id"],
                name="recipient_claim",
                condition=Q(status__in=[RecipientStatus.PENDING, RecipientStatus.RETRY_WAIT]),
            ),
            models.Index(
                fields=["lease_until"],
                name="recipient_lease",
                condition=Q(status__in=[RecipientStatus.CLAIMED, RecipientStatus.SENDING]),
            ),
            models.Index(fields=["broadcast", "status", "id"], name="recipient_by_status"),
            models.Index(fields=["broadcast"], name="recipient_in_doubt", condition=Q(status=RecipientStatus.UNKNOWN)),
            models.Index(fields=["business", "address", "-accepted_at"], name="recipient_history"),
            models.Index(fields=["id"], name="recipient_refund", condition=Q(cost_micros__gt=0, status__in=COSTLESS)),
        ]

    def __str__(self) -> str:
        return self.address or self.given_address


class AttemptOutcome(models.TextChoices):
    """How one HTTP request to a provider ended."""

    IN_FLIGHT = "in_flight", _("Under way")
    ACCEPTED = "accepted", _("Accepted")
    REJECTED = "rejected", _("Rejected")
    UNKNOWN = "unknown", _("The answer was lost")


class Attempt(models.Model):
    """One HTTP request to a provider for one recipient. Rows are added, completed once, and removed when emptied."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    recipient = models.ForeignKey(Recipient, models.CASCADE, related_name="attempts", db_index=False)
    no = models.PositiveSmallIntegerField(_("number"))
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True)
    outcome = models.CharField(
        _("outcome"), max_length=10, choices=AttemptOutcome.choices, default=AttemptOutcome.IN_FLIGHT
    )
    http_status = models.PositiveSmallIntegerField(null=True)
    provider_message_id = models.CharField(max_length=255, blank=True)
    error = models.JSONField(null=True)

    objects = BusinessManager()

    class Meta:
        db_table = "whatsapp_broadcast_attempts"
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering: ClassVar[list[str]] = ["recipient_id", "no"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["recipient", "no"], name="one_attempt_per_number")
        ]

    def __str__(self) -> str:
        return f"{self.no}: {self.get_outcome_display()}"
