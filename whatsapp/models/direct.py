"""Messages outside of broadcasts: somebody at the business writes to one person."""

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
from whatsapp.models.outcome import MessageOutcome
from whatsapp.models.senders import Sender
from whatsapp.models.templates import MessageTemplate
from whatsapp.states import RecipientStatus


class DirectKind(models.TextChoices):
    """Why the message was written."""

    REPLY = "reply", _("Reply")
    TEST = "test", _("Test of a template")
    TEMPLATE = "template", _("Template to one person")


class DirectMessage(MessageOutcome):
    """One message to one person. Its `id` goes with the request and comes back in every report.

    `key` comes from the form, so that a form submitted twice is one message. `text` is what was written; for a template
    it is the filled-in body, and `template` and `params` are what is sent.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="direct_messages")
    key = models.UUIDField()
    sender = models.ForeignKey(Sender, models.CASCADE, related_name="direct_messages", verbose_name=_("sender"))
    kind = models.CharField(_("kind"), max_length=8, choices=DirectKind.choices)
    address = models.CharField(_("to"), max_length=140)
    text = models.TextField(_("text"))
    template = models.ForeignKey(
        MessageTemplate, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("template")
    )
    params = models.JSONField(_("values of the template"), default=dict)
    answers = models.ForeignKey(InboundMessage, models.SET_NULL, null=True, blank=True, related_name="answers")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(_("written"))

    cost_micros = models.IntegerField(
        _("cost so far (millionths)"), default=0, db_default=0, help_text="see `models.spending`"
    )
    tries = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)

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
