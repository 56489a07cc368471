"""What people said about being messaged, and when: a history to which entries are only added."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy

from businesses.models import Business
from businesses.tenancy import BusinessManager
from whatsapp.models.contacts import source_in_words


class ConsentStep(models.TextChoices):
    """What changed for an address."""

    AGREED = "agreed", gettext_lazy("Agreed to receive messages")
    NO_MARKETING = "no_marketing", gettext_lazy("No marketing messages from now on")
    NO_BROADCASTS = "no_broadcasts", gettext_lazy("No broadcasts from now on")
    LIFTED = "lifted", gettext_lazy("May be messaged again")
    WITHDRAWN = "withdrawn", gettext_lazy("Consent withdrawn")
    UNKNOWN = "unknown", gettext_lazy("Consent set to “not asked”")


class ConsentChange(models.Model):
    """One entry. `source` is a `SuppressionSource`, or a note as somebody wrote it; `by` is NULL for the program."""

    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    address = models.CharField(gettext_lazy("address"), max_length=140)
    what = models.CharField(gettext_lazy("what"), max_length=14, choices=ConsentStep.choices)
    source = models.CharField(gettext_lazy("source"), max_length=200, blank=True)
    at = models.DateTimeField(gettext_lazy("when"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=gettext_lazy("by"),
    )

    objects = BusinessManager()

    class Meta:
        db_table = "whatsapp_consent_changes"
        verbose_name = gettext_lazy("change of consent")
        verbose_name_plural = gettext_lazy("changes of consent")
        ordering: ClassVar[list[str]] = ["-at", "-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["business", "address", "-at"], name="consent_by_person")
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.get_what_display()}"

    @property
    def source_in_words(self) -> str:
        """The source in the reader's language if it is one of ours, else as it was written."""
        return source_in_words(self.source, agreed=self.what in {ConsentStep.AGREED, ConsentStep.LIFTED})
