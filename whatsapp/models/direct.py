"""Messages outside of broadcasts: a person of the business writes to one person."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from businesses.tenancy import BusinessManager
from whatsapp.models.inbound import InboundMessage
from whatsapp.models.senders import Provider, Sender
from whatsapp.models.templates import MessageTemplate
from whatsapp.states import ErrorClass, RecipientStatus


class DirectKind(models.TextChoices):
    """Why somebody wrote."""

    REPLY = "reply", _("Reply")
    TEST = "test", _("Test of a template")


class DirectMessage(models.Model):
    """One message to one person. `id` goes with the request and comes back in every report.

    `key` comes from the form in which it was written: the same form sent twice is one message. `text` is what was
    written; of a test it is the filled-in body, and `template` and `params` are what is sent.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="direct_messages")
    key = models.UUIDField()
    sender = models.ForeignKey(Sender, models.CASCADE, related_name="direct_messages", verbose_name=_("sender"))
    kind = models.CharField(_("kind"), max_length=5, choices=DirectKind.choices)
    address = models.CharField(_("to"), max_length=140)
    text = models.TextField(_("text"))
    template = models.ForeignKey(
        MessageTemplate, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("template")
    )
    params = models.JSONField(_("values of the template"), default=dict)
    answers = models.ForeignKey(InboundMessage, models.SET_NULL, null=True, blank=True, related_name="answers")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(_("written"))

    status = models.CharField(
        _("status"), max_length=12, choices=RecipientStatus.choices, default=RecipientStatus.PENDING
    )
    tries = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    provider = models.CharField(max_length=10, choices=Provider.choices)
    provider_message_id = models.CharField(_("message id"), max_length=255, null=True)
    error_code = models.CharField(_("error code"), max_length=20, blank=True)
    error_class = models.CharField(_("kind of error"), max_length=16, choices=ErrorClass.choices, blank=True)
    error_text = models.CharField(_("in words"), max_length=500, blank=True)
    billable = models.BooleanField(_("billed"), null=True)
    price_category = models.CharField(_("billed as"), max_length=30, blank=True)
    accepted_at = models.DateTimeField(_("accepted"), null=True)
    sent_at = models.DateTimeField(_("sent"), null=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True)
    read_at = models.DateTimeField(_("read"), null=True)
    failed_at = models.DateTimeField(_("failed"), null=True)

    objects = BusinessManager()

    class Meta:
        db_table = "whatsapp_direct_messages"
        verbose_name = _("message to one person")
        verbose_name_plural = _("messages to one person")
        ordering: ClassVar[list[str]] = ["-created_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["business", "key"], name="one_direct_message_per_form"),
            models.UniqueConstraint(
                fields=["provider", "provider_message_id"],
                name="one_direct_message_per_message",
                condition=Q(provider_message_id__isnull=False),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["business", "address", "-created_at"], name="direct_by_person"),
            models.Index(
                fields=["status", "created_at"],
                name="direct_to_send",
                condition=Q(status__in=[RecipientStatus.PENDING, RecipientStatus.SENDING]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M} {self.get_kind_display()}"
