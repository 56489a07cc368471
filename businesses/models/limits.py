"""What a business may use in a day: the limits that its operator sets, and what it has used."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from businesses.models.business import Business
from businesses.tenancy import BusinessManager


class Limit(models.TextChoices):
    """One kind of limit. The names are those of the fields of `DailyLimits` and of `DayUsage`."""

    CALLS = "calls", _("calls")
    MINUTES = "minutes", _("call minutes")
    DIALLED_MINUTES = "dialled_minutes", _("minutes of dialled calls")
    MESSAGES = "messages", _("messages")
    MONEY = "money", _("money (US dollars)")


class UsageDetail(models.TextChoices):
    """What a day's use is made of, beside what has limits. The names are those of the fields of `DayUsage`."""

    MESSAGES_MONEY = "messages_money", _("of it for messages (US dollars)")
    UNPRICED_MESSAGES = "unpriced_messages", _("messages without a known price")


class DailyLimits(models.Model):
    """The limits of one business for a day of its own clock. Empty means no limit. Acted upon by `businesses.usage`."""

    business = models.OneToOneField(Business, models.CASCADE, verbose_name=_("business"), related_name="+")
    calls = models.PositiveIntegerField(
        _("calls"), null=True, blank=True, help_text=_("Further callers hear that nobody can answer at the moment.")
    )
    minutes = models.PositiveIntegerField(
        _("call minutes"),
        null=True,
        blank=True,
        help_text=_("Calls in progress are ended too, and no more calls are put through."),
    )
    dialled_minutes = models.PositiveIntegerField(
        _("minutes of dialled calls"),
        null=True,
        blank=True,
        help_text=_("Calls that are put through to a person's phone. Each is ended when these minutes are used up."),
    )
    messages = models.PositiveIntegerField(
        _("messages"),
        null=True,
        blank=True,
        help_text=_("WhatsApp messages, each attempt counted. Broadcasts pause and go on the next day."),
    )
    money = models.DecimalField(
        _("money (US dollars)"),
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
        help_text=_(
            "OpenAI's part of calls and WhatsApp's messages, by their published prices. Calls are refused and "
            "broadcasts pause when it is reached. The phone line is not included."
        ),
    )

    objects = BusinessManager()

    class Meta:
        verbose_name = _("daily limits")
        verbose_name_plural = _("daily limits")

    def __str__(self) -> str:
        return str(_("Daily limits"))


class DayUsage(models.Model):
    """What a business has used on a day of its own clock. Written by `businesses.usage.add` only."""

    business = models.ForeignKey(Business, models.CASCADE, verbose_name=_("business"), related_name="usage")
    day = models.DateField(_("day"))
    calls = models.PositiveIntegerField(_("calls"), default=0)
    minutes = models.DecimalField(_("call minutes"), max_digits=12, decimal_places=2, default=Decimal(0))
    dialled_minutes = models.DecimalField(
        _("minutes of dialled calls"), max_digits=12, decimal_places=2, default=Decimal(0)
    )
    messages = models.PositiveIntegerField(_("messages"), default=0)
    money = models.DecimalField(_("money (US dollars)"), max_digits=14, decimal_places=5, default=Decimal(0))
    messages_money = models.DecimalField(
        UsageDetail.MESSAGES_MONEY.label, max_digits=14, decimal_places=5, default=Decimal(0), db_default=Decimal(0)
    )
    unpriced_messages = models.PositiveIntegerField(UsageDetail.UNPRICED_MESSAGES.label, default=0, db_default=0)

    objects = BusinessManager()

    class Meta:
        verbose_name = _("use on a day")
        verbose_name_plural = _("use by day")
        ordering: ClassVar[list[str]] = ["-day"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["business", "day"], name="one_usage_per_day")
        ]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}"
