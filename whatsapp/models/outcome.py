"""The outcome of a message as its row keeps it, for recipients of a broadcast and for messages to one person."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from whatsapp.models.reasons import KeepsReason
from whatsapp.models.senders import Provider
from whatsapp.states import ErrorClass, RecipientStatus


class MessageOutcome(KeepsReason):
    """The state of a message, and what its provider answered and reported (see `webhooks.folding.Delivery`).

    `error_text` holds the provider's own words; our explanation is the row's cause.
    """

    status = models.CharField(
        _("status"), max_length=12, choices=RecipientStatus.choices, default=RecipientStatus.PENDING
    )
    lease_until = models.DateTimeField(null=True)
    provider = models.CharField(max_length=10, choices=Provider.choices)
    provider_message_id = models.CharField(_("message id"), max_length=255, null=True)
    error_code = models.CharField(_("error code"), max_length=20, blank=True)
    error_class = models.CharField(_("kind of error"), max_length=16, choices=ErrorClass.choices, blank=True)
    error_text = models.CharField(_("the provider's words"), max_length=500, blank=True)
    billable = models.BooleanField(_("billed"), null=True)
    price_category = models.CharField(_("billed as"), max_length=30, blank=True)

    price_type = models.CharField(_("kind of price"), max_length=30, blank=True, default="", db_default="")

    accepted_at = models.DateTimeField(_("accepted"), null=True)
    sent_at = models.DateTimeField(_("sent"), null=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True)
    read_at = models.DateTimeField(_("read"), null=True)
    failed_at = models.DateTimeField(_("failed"), null=True)

    class Meta:
        abstract = True
