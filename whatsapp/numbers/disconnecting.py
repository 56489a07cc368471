"""Letting go of a number: nothing is sent from it any more, its secrets are gone, and its history stays."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from businesses.audit import AuditKind, record
from whatsapp.models import Broadcast, Sender
from whatsapp.providers.base import PauseScope
from whatsapp.reasons import Cause, reason
from whatsapp.sending import consequences
from whatsapp.sending.limiter import limiter
from whatsapp.states import BroadcastStatus, PauseReason


def disconnect(sender: Sender, *, now: datetime) -> bool:
    """Make a number inactive and forget its secrets; its running broadcasts pause. Connected again, it is as it was.

    A number that was only typed and has no history is removed. Returns whether the row stays.
    """
    with transaction.atomic():
        if not sender.is_proved and not _has_history(sender):
            note_removal(sender)
            sender.delete()
            return False
        Sender.objects.filter(pk=sender.pk).update(proved_account=None, encrypted_credentials="", app_key="")
        consequences.stop_sender(
            sender, PauseReason.ACCOUNT, reason(Cause.DISCONNECTED), scope=PauseScope.SENDER, now=now
        )
        record(sender.business, AuditKind.SENDER_CHANGED, sender=str(sender.pk), what="disconnected")
    limiter().forget(sender)
    return True


def broadcasts_to_pause(sender: Sender) -> list[Broadcast]:
    """Returns the broadcasts that pause when the number is disconnected, or can't start then."""
    touched = (BroadcastStatus.RUNNING, BroadcastStatus.PREPARING, BroadcastStatus.SCHEDULED)
    return list(Broadcast.objects.filter(sender=sender, status__in=touched).order_by("-created_at"))


def note_removal(sender: Sender) -> None:
    """Note that the row of a number is removed."""
    record(sender.business, AuditKind.SENDER_CHANGED, sender=str(sender.pk), what="removed")


def _has_history(sender: Sender) -> bool:
    return any(rows.exists() for rows in (sender.broadcasts, sender.inbound_messages, sender.direct_messages))
