"""What messages have cost, and what those under way may cost at most: one sum per broadcast, one per month.

Both count a message from the moment before it leaves, and are corrected when it turns out to cost less or more, or
nothing. `sending.spending` writes them. Amounts are in millionths of the rate card's currency: whole numbers, because
a budget is compared with their sum in the database.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from businesses.tenancy import BusinessManager
from whatsapp.models.broadcasts import Broadcast


class BroadcastSpending(models.Model):
    """What a broadcast has cost so far. No row: nothing.

    `billed_micros` is the part that WhatsApp has reported as billed; NULL until `control.money` has counted it from
    the rows, for a broadcast that began before it was kept.
    """

    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    broadcast = models.OneToOneField(Broadcast, models.CASCADE, related_name="+")
    micros = models.BigIntegerField(_("cost (millionths)"), default=0)
    billed_micros = models.BigIntegerField(_("billed (millionths)"), null=True, default=0)

    objects = BusinessManager()

    class Meta:
        db_table = "whatsapp_broadcast_spending"
        verbose_name = _("cost of a broadcast")
        verbose_name_plural = _("costs of broadcasts")

    def __str__(self) -> str:
        return f"{self.micros / 1_000_000:.2f}"


class MonthSpending(models.Model):
    """What a business's messages of a month cost, by its clock. `month` is the first day."""

    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    month = models.DateField(_("month"))
    micros = models.BigIntegerField(_("cost (millionths)"), default=0)

    objects = BusinessManager()

    class Meta:
        db_table = "whatsapp_month_spending"
        verbose_name = _("cost of a month")
        verbose_name_plural = _("costs by month")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["business", "month"], name="one_spending_per_month")
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"
