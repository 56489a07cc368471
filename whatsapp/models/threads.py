"""What members keep beside the messages of a thread: notes that are never sent, and their short texts for answers."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from businesses.tenancy import BusinessManager
from whatsapp.models.contacts import Contact


class ThreadNote(models.Model):
    """A member's note in the thread with one person. Nothing sends it.

    `address` is the contact's when it was written: if merged contacts are parted, it says whose note it is.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="thread_notes")
    key = models.UUIDField()
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="notes")
    address = models.CharField(_("address"), max_length=140)
    text = models.TextField(_("text"))
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(_("written"))

    objects = BusinessManager()

    class Meta:
        db_table = "whatsapp_thread_notes"
        verbose_name = _("note in a thread")
        verbose_name_plural = _("notes in threads")
        ordering: ClassVar[list[str]] = ["-created_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["business", "key"], name="one_note_per_form")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["business", "contact", "-created_at"], name="note_by_contact")
        ]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M}"


class QuickReply(models.Model):
    """A business's own short text for answers. It may hold placeholders (`inbox.quick_replies`)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="quick_replies")
    name = models.CharField(_("name"), max_length=60)
    text = models.TextField(_("text"), max_length=1_000)

    objects = BusinessManager()

    class Meta:
        db_table = "whatsapp_quick_replies"
        verbose_name = _("quick reply")
        verbose_name_plural = _("quick replies")
        ordering: ClassVar[list[str]] = ["name"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["business", "name"],
                name="one_quick_reply_per_name",
                violation_error_message=_("There is a quick reply of this name already."),
            )
        ]

    def __str__(self) -> str:
        return self.name
