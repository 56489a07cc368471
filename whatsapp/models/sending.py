"""State of the sending loop: the pace of each number."""

from __future__ import annotations

from django.db import models

from businesses.models import Business
from businesses.tenancy import BusinessManager
from whatsapp.models.senders import Sender


class SendingPace(models.Model):
    """The current pace of a number, for an installation without Redis. Times are seconds since 1970."""

    sender = models.OneToOneField(Sender, models.CASCADE, primary_key=True, related_name="+")
    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    next_slot_at = models.FloatField(default=0)
    slowed_rate = models.FloatField(null=True)
    slowed_at = models.FloatField(default=0)
    rests_until = models.FloatField(default=0, db_default=0)
    chatted_at = models.FloatField(default=0, db_default=0)

    objects = BusinessManager()

    class Meta:
        db_table = "whatsapp_sending_pace"

    def __str__(self) -> str:
        return f"pace of {self.sender_id}"
