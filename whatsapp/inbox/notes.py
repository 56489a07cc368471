"""Notes in a thread: only members see them, and nothing sends them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from businesses.models import User
from whatsapp.models import Contact, ThreadNote

LONGEST_NOTE = 2_000


def write(contact: Contact, text: str, *, key: UUID, by: User, now: datetime) -> None:
    """Keep a note about a person. A form that is submitted twice, with one `key`, is one note."""
    note = ThreadNote(
        business=contact.business,
        key=key,
        contact=contact,
        address=contact.address,
        text=text,
        written_by=by,
        created_at=now,
    )
    ThreadNote.objects.bulk_create([note], ignore_conflicts=True)


def remove(contact: Contact, note_id: UUID) -> bool:
    """Remove a note. Returns whether it was there."""
    removed, _by_model = ThreadNote.objects.filter(business=contact.business, contact=contact, pk=note_id).delete()
    return bool(removed)
