"""What the sending loop keeps: the pace of each number, and the counters of broadcasts."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from businesses.models import Business
from businesses.tenancy import BusinessManager
from whatsapp.models.broadcasts import Broadcast
from whatsapp.models.senders import Sender
from whatsapp.states import RecipientStatus


class SendingPace(models.Model):
    """How fast a number goes at the moment, for an installation without Redis. Times are seconds since 1970."""

    sender = models.OneToOneField(Sender, models.CASCADE, primary_key=True, related_name="+")
    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    next_slot_at = models.FloatField(default=0)
    slowed_rate = models.FloatField(null=True)
    slowed_at = models.FloatField(default=0)

    objects = BusinessManager()

    class Meta:
        db_table = "whatsapp_sending_pace"


class RecipientCount(models.Model):
    """A change of the number of recipients in a state: rows are added, summed on reading, and now and then merged.

    Every transaction that moves recipients adds its own rows, so senders and webhooks never wait for each other's.
    """

    business = models.ForeignKey(Business, models.CASCADE, related_name="+", db_index=False)
    broadcast = models.ForeignKey(Broadcast, models.CASCADE, related_name="+")
    status = models.CharField(max_length=12, choices=RecipientStatus.choices)
    number = models.IntegerField()

    objects = BusinessManager()

    class Meta:
        db_table = "whatsapp_broadcast_counts"
        ordering: ClassVar[list[str]] = ["id"]
