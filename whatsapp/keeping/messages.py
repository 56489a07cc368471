"""A person's messages in both directions, and their rows of broadcasts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q, QuerySet

from businesses.keeping.deleting import delete_some
from businesses.keeping.person import ERASED, Person, loosely
from businesses.keeping.table import Attachment, Record
from whatsapp.keeping.emptying import FULL, drop_inbound, empty_recipients
from whatsapp.media import files as stored_media
from whatsapp.media.kinds import KINDS
from whatsapp.models import Contact, DirectMessage, InboundMedia, InboundMessage, Recipient, ThreadNote
from whatsapp.states import RecipientStatus

LEAVING = "message_leaving"


def contacts_of(person: Person) -> QuerySet[Contact]:
    """Returns the person's contacts: one, or two whose number and user id were never brought together."""
    wanted = Q(phone__in=person.phones) | Q(bsuid__in=person.user_ids)
    return Contact.objects.filter(wanted, business=person.business)


def waits_for(person: Person, _now: datetime) -> str:
    """Returns a code while a message to the person is on its way: its answer is still to be recorded."""
    sending = {"business": person.business, "address__in": person.addresses, "status": RecipientStatus.SENDING}
    is_leaving = Recipient.objects.filter(**sending).exists() or DirectMessage.objects.filter(**sending).exists()
    return LEAVING if is_leaving else ""


# Messages from the person
def inbound_of(person: Person) -> QuerySet[InboundMessage]:
    """Returns what the person wrote."""
    wanted = Q(address__in=person.addresses) | Q(contact__any_of=contacts_of(person))
    return InboundMessage.objects.filter(wanted, business=person.business).exclude(address__startswith=ERASED)


def erase_inbound(person: Person, most: int) -> int:
    """Remove what the person wrote."""
    return drop_inbound(inbound_of(person), most)


def inbound_records(person: Person) -> Iterator[Record]:
    """Returns what the person wrote."""
    fields = ("id", "received_at", "address", "kind", "text", "payload", "action", "provider_message_id")
    changes = ("edited_at", "earlier", "deleted_at")
    yield from inbound_of(person).order_by("received_at").values(*fields, *changes)


# Files in messages from the person
def media_of(person: Person) -> QuerySet[InboundMedia]:
    """Returns the files that the person sent."""
    return InboundMedia.objects.filter(business=person.business, message__in=inbound_of(person))


def erase_media(person: Person, most: int) -> int:
    """Remove files that the person sent. One that is being fetched finds its row gone."""
    return stored_media.remove(media_of(person)[:most])


def media_records(person: Person) -> Iterator[Record]:
    """Returns what is known of the files that the person sent, and each one's name in the archive."""
    for media in _media_in_order(person):
        yield {
            "id": media.pk,
            "message": media.message_id,
            "file": _name_of(media) if stored_media.stored(media) else None,
            "file_name": media.file_name,
            "content_type": media.content_type or media.told_type,
            "size": media.size,
            "status": media.status,
            "reference": media.reference,
        }


def media_files(person: Person) -> Iterator[Attachment]:
    """Returns the files themselves."""
    for media in _media_in_order(person):
        if found := stored_media.stored(media):
            yield Attachment(_name_of(media), found.parts)


def _media_in_order(person: Person) -> QuerySet[InboundMedia]:
    return media_of(person).select_related("message").order_by("message__received_at", "position")


def _name_of(media: InboundMedia) -> str:
    ending = KINDS[media.content_type].ending if media.content_type in KINDS else "bin"
    return f"media/{media.message.received_at:%Y-%m-%d-%H%M%S}-{media.pk}.{ending}"


# Messages to the person
def direct_to(person: Person) -> QuerySet[DirectMessage]:
    """Returns messages that somebody wrote to the person."""
    return DirectMessage.objects.filter(business=person.business, address__in=person.addresses)


def erase_direct(person: Person, most: int) -> int:
    """Remove messages to the person."""
    return delete_some(direct_to(person), most)


def direct_records(person: Person) -> Iterator[Record]:
    """Returns messages to the person."""
    fields = ("id", "created_at", "address", "kind", "text", "params", "status", "sent_at", "delivered_at", "read_at")
    yield from direct_to(person).order_by("created_at").values(*fields)


# Notes of members
def notes_on(person: Person) -> QuerySet[ThreadNote]:
    """Returns what members noted about the person."""
    wanted = Q(address__in=person.addresses) | Q(contact__any_of=contacts_of(person))
    return ThreadNote.objects.filter(wanted, business=person.business)


def erase_notes(person: Person, most: int) -> int:
    """Remove notes about the person."""
    return delete_some(notes_on(person), most)


def note_records(person: Person) -> Iterator[Record]:
    """Returns what members noted about the person."""
    yield from notes_on(person).order_by("created_at").values("id", "created_at", "text")


# Broadcasts
def rows_of(person: Person) -> QuerySet[Recipient]:
    """Returns the person's rows of broadcasts, also rows that were skipped and only hold what a file said."""
    return Recipient.objects.filter(FULL, _is_theirs(person), business=person.business)


def _is_theirs(person: Person) -> Q:
    wanted = Q(address__in=person.addresses) | Q(contact__any_of=contacts_of(person))
    without_address = Q(given_address__in=person.user_ids)
    for phone in person.phones:
        without_address |= Q(given_address__regex=loosely(phone))
    return wanted | Q(without_address, address__isnull=True)


def erase_rows(person: Person, most: int) -> int:
    """Empty the person's rows of broadcasts; the counts stay."""
    return empty_recipients(rows_of(person), most)


def row_records(person: Person) -> Iterator[Record]:
    """Returns what was sent to the person in broadcasts, or why not."""
    fields = (
        *("broadcast__name", "broadcast__template_name", "broadcast__template_language", "address", "given_address"),
        *("params", "status", "skip_reason", "accepted_at", "sent_at", "delivered_at", "read_at", "failed_at"),
    )
    yield from rows_of(person).order_by("pk").values(*fields)
