"""What a business has written down for callers' questions. Search and order are in `businesses/knowledge/`."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.core.validators import MaxLengthValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from businesses.models.business import Business
from businesses.tenancy import BusinessManager


class KnowledgeEntry(models.Model):
    """A question or a subject, and what there is to say about it.

    `search_text` is what the full text index holds (migration `knowledge`: on SQLite triggers keep an FTS5 table, which
    a migration that rebuilds this table must make again; on PostgreSQL it is an index). `knowledge.editing` writes it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="knowledge", verbose_name=_("business"))
    title = models.CharField(
        _("question or subject"),
        max_length=200,
        help_text=_("As callers ask it: Is there parking? Or a few words: Parking."),
    )
    text = models.TextField(
        _("answer"),
        max_length=4000,
        validators=[MaxLengthValidator(4000)],
        help_text=_("What the assistant should know about it, in plain sentences."),
    )
    is_on = models.BooleanField(_("in use"), default=True, help_text=_("Off: the assistant doesn't know it."))
    position = models.PositiveIntegerField(default=0, help_text="the first ones are told in every call")
    search_text = models.TextField(editable=False, blank=True, default="")
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = BusinessManager()

    class Meta:
        verbose_name = _("knowledge entry")
        verbose_name_plural = _("knowledge")
        ordering: ClassVar[list[str]] = ["position", "pk"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["business", "position"], name="knowledge_in_order")
        ]

    def __str__(self) -> str:
        return self.title
