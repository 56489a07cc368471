"""The numbers that callers dial."""

from __future__ import annotations

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from businesses.hidden import SeenNumbers
from businesses.models.business import Business
from businesses.validators import validate_e164


class PhoneNumber(models.Model):
    """A number that callers dial. Not tenant-scoped: it is unique, and determines the business of a call."""

    number = models.CharField(_("phone number"), max_length=16, unique=True, validators=[validate_e164])
    business = models.ForeignKey(Business, models.CASCADE, verbose_name=_("business"), related_name="phone_numbers")
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Off: callers hear that this number is not in service.")
    )

    objects: ClassVar[models.Manager[PhoneNumber]] = SeenNumbers()
    every: ClassVar[models.Manager[PhoneNumber]] = models.Manager()
    """With that of the hidden business: for the way of a call."""

    class Meta:
        verbose_name = _("phone number")
        verbose_name_plural = _("phone numbers")

    def __str__(self) -> str:
        return self.number

    def clean(self) -> None:
        """Refuse the business's own fallback number: calls handed over to it would come back to the assistant."""
        super().clean()
        if self.business_id is not None and self.number == self.business.fallback_number:
            raise ValidationError(
                {"number": _("This is the business's fallback number, which a person must answer. Change that first.")}
            )
