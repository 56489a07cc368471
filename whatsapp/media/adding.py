"""Noting the files of a message when it comes. Fetching them is a worker's work. Expects the business to be set."""

from __future__ import annotations

from datetime import datetime

from whatsapp import doorbell
from whatsapp.models import InboundMedia, InboundMessage
from whatsapp.providers.events import EDIT, REVOKE, Inbound

TASK = "whatsapp.tasks.fetch_media"


def add(message: InboundMessage, event: Inbound, *, now: datetime) -> None:
    """Store what is to be fetched, and ring for it. A repetition adds nothing.

    An edit brings the file that is known already; the message that it changes may still be to come.
    """
    if not event.media or event.kind in {EDIT, REVOKE}:
        return
    rows = [
        InboundMedia(
            business_id=message.business_id,
            message=message,
            position=position,
            reference=attached.reference,
            told_type=attached.content_type,
            told_sha256=attached.sha256,
            file_name=attached.file_name,
            is_voice=attached.is_voice,
            next_attempt_at=now,
        )
        for position, attached in enumerate(event.media)
    ]
    InboundMedia.objects.bulk_create(rows, ignore_conflicts=True)
    doorbell.ring_for(TASK, [])
