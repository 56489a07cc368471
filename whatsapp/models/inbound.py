"""What providers report: webhooks, stored before they are answered, and the messages that people write."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from businesses.tenancy import BusinessManager
from whatsapp.models.contacts import Contact
from whatsapp.models.recipients import Recipient
from whatsapp.models.senders import Provider, Sender


class NewsKind(models.TextChoices):
    """What a part of a webhook is about."""

    STATUS = "status", _("Status of a message")
    MESSAGE = "message", _("Message from a person")
    PREFERENCE = "preference", _("A person stopped or resumed marketing")
    TEMPLATE = "template", _("A template changed")
    ACCOUNT = "account", _("An account or number changed")
    OTHER = "other", _("Something else")


class NewsProblem(models.TextChoices):
    """Why a piece of a webhook could not be applied. The log has the error's name."""

    UNREADABLE = "unreadable", _("It can't be understood")
    UNKEEPABLE = "unkeepable", _("It can't be stored")
    NOBODYS = "nobodys", _("It doesn't belong to any number or template of this installation")
    NO_MESSAGE = "no_message", _("It doesn't belong to any message of this installation")


class WebhookNews(models.Model):
    """One part of a provider's webhook, as it came.

    Unscoped: it is stored before its business is known; `number_id` or `account_id` finds the sender later.
    `verified_by` names whose secret verified it, and decides what it may touch (`webhooks.origin`). NULL: taken in by
    a process of the previous version.
    """

    provider = models.CharField(max_length=10, choices=Provider.choices)
    kind = models.CharField(max_length=10, choices=NewsKind.choices)
    number_id = models.CharField(max_length=64, blank=True)
    account_id = models.CharField(max_length=64, blank=True)
    dedupe_key = models.CharField(max_length=200, unique=True)
    verified_by = models.CharField(max_length=64, null=True)
    payload = models.JSONField(default=dict)
    received_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=300, choices=NewsProblem.choices, blank=True)

    class Meta:
        db_table = "whatsapp_webhook_inbox"
        verbose_name = _("webhook news")
        verbose_name_plural = _("webhook news")
        ordering: ClassVar[list[str]] = ["id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["id"], name="news_to_apply", condition=Q(applied_at__isnull=True)),
            models.Index(fields=["received_at"], name="news_by_age"),
            models.Index(fields=["number_id", "received_at"], name="news_of_number"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.received_at:%Y-%m-%d %H:%M:%S}"


class InboundAction(models.TextChoices):
    """What a person's message does besides what it says."""

    OPT_OUT = "opt_out", _("Opt-out")
    NO_PROMOS = "no_promos", _("Opt-out of marketing")
    OPT_IN = "opt_in", _("Opt-in")


class InboundMessage(models.Model):
    """A message from a person to a business, perhaps in reply to a broadcast (`recipient`).

    The text is what it says now; `earlier` holds what it said before each edit, oldest first: `{"at": …, "text": …}`.
    `is_elsewhere`: another app or the provider's agent had the conversation and replied.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="inbound_messages")
    sender = models.ForeignKey(Sender, models.CASCADE, related_name="inbound_messages")
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="inbound_messages")
    recipient = models.ForeignKey(Recipient, models.SET_NULL, null=True, blank=True, related_name="replies")
    address = models.CharField(_("from"), max_length=140)
    provider = models.CharField(max_length=10, choices=Provider.choices)
    provider_message_id = models.CharField(max_length=255)
    reply_to_message_id = models.CharField(max_length=255, blank=True)
    kind = models.CharField(_("kind"), max_length=20)
    text = models.TextField(_("text"), blank=True)
    payload = models.JSONField(default=dict)
    action = models.CharField(max_length=10, choices=InboundAction.choices, blank=True)
    confirmed_at = models.DateTimeField(_("opt-out or opt-in confirmed"), null=True)
    received_at = models.DateTimeField(_("received"))
    edited_at = models.DateTimeField(_("edited by its sender"), null=True)
    deleted_at = models.DateTimeField(_("deleted by its sender"), null=True)
    earlier = models.JSONField(_("earlier texts"), default=list, db_default=[])
    is_elsewhere = models.BooleanField(_("answered by another app"), default=False, db_default=False)

    objects = BusinessManager()

    class Meta:
        db_table = "whatsapp_inbound_messages"
        verbose_name = _("message from a person")
        verbose_name_plural = _("messages from people")
        ordering: ClassVar[list[str]] = ["-received_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["business", "provider", "provider_message_id"], name="one_inbound_per_message_of_a_business"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["business", "-received_at"], name="inbound_by_time"),
            models.Index(fields=["business", "address", "-received_at"], name="inbound_by_person"),
            models.Index(
                fields=["received_at"], name="inbound_unconfirmed", condition=Q(confirmed_at=None) & ~Q(action="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.received_at:%Y-%m-%d %H:%M} {self.kind}"
