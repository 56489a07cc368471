"""Message templates, as the provider last reported them."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from businesses.tenancy import BusinessManager
from whatsapp.models.senders import Provider, Quality
from whatsapp.states import SENDABLE_TEMPLATES, TemplateCategory, TemplateStatus


class ParameterFormat(models.TextChoices):
    """How a template names its variables."""

    NAMED = "NAMED", _("By name: {{first_name}}")
    POSITIONAL = "POSITIONAL", _("By position: {{1}}")


class MessageTemplate(models.Model):
    """A template in one language. `version` grows when its content changes; a broadcast freezes what it sends.

    `button_marks` holds what people of the business decided about quick replies, by their texts: an `InboundAction`,
    or "" for an ordinary button (`numbers.opt_out_buttons`). WhatsApp may hold messages of a template that is not
    GREEN, and those that left before `paced_until`; `held_at` is when it last said that it held one. It will have
    `announced_category` from `announced_for` on, as far as WhatsApp has said (`broadcasts.announced`).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="message_templates")
    provider = models.CharField(_("provider"), max_length=10, choices=Provider.choices)
    account_id = models.CharField(_("account id"), max_length=64)
    provider_template_id = models.CharField(_("id at the provider"), max_length=64)
    name = models.CharField(_("name"), max_length=512)
    language = models.CharField(_("language"), max_length=15)
    category = models.CharField(_("category"), max_length=20, choices=TemplateCategory.choices)
    announced_category = models.CharField(
        max_length=20, choices=TemplateCategory.choices, blank=True, default="", db_default="", editable=False
    )
    announced_for = models.DateTimeField(null=True, editable=False)
    status = models.CharField(_("status"), max_length=20, choices=TemplateStatus.choices)
    status_detail = models.CharField(_("why"), max_length=300, blank=True)
    paused_until = models.DateTimeField(null=True, editable=False)
    quality = models.CharField(_("quality"), max_length=8, choices=Quality.choices, default=Quality.UNKNOWN)
    parameter_format = models.CharField(
        _("variables"), max_length=10, choices=ParameterFormat.choices, default=ParameterFormat.POSITIONAL
    )
    components = models.JSONField(_("components"), default=list)
    content_hash = models.CharField(max_length=64)
    button_marks = models.JSONField(_("opt-out buttons"), default=dict, db_default={}, editable=False)
    version = models.PositiveIntegerField(_("version"), default=1)
    held_at = models.DateTimeField(null=True, editable=False)
    paced_until = models.DateTimeField(null=True, editable=False)
    synced_at = models.DateTimeField(_("last seen at the provider"))

    objects = BusinessManager()

    class Meta:
        verbose_name = _("template")
        verbose_name_plural = _("templates")
        ordering: ClassVar[list[str]] = ["name", "language"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["business", "provider", "account_id", "name", "language"], name="one_template_per_language"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["provider", "account_id", "provider_template_id"], name="template_at_provider")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"

    @property
    def can_be_sent(self) -> bool:
        """Whether its status lets it be sent."""
        return self.status in SENDABLE_TEMPLATES

    def kept(self) -> dict[str, Any]:
        """Returns what a broadcast freezes of the template, by the names of the broadcast's fields."""
        return {
            "template_name": self.name,
            "template_language": self.language,
            "template_category": self.category,
            "template_format": self.parameter_format,
            "template_components": self.components,
            "template_hash": self.content_hash,
        }
