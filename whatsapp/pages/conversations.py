"""The messages between a business and one person, in order of time, whatever table they are in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from businesses.models import Business
from whatsapp.broadcasts.reasons import reason_of
from whatsapp.models import (
    Broadcast,
    Contact,
    DirectKind,
    DirectMessage,
    InboundAction,
    InboundMessage,
    ParameterFormat,
    Recipient,
)
from whatsapp.pages.bubble import Bubble, bubble
from whatsapp.people import identity
from whatsapp.providers.events import NO_MESSAGES, NO_REPLIES
from whatsapp.states import RecipientStatus


@dataclass(frozen=True, slots=True)
class ThreadMessage:
    """One message. `bubble` is set for a broadcast's; `broadcast` is the one it belongs to or replies to."""

    at: datetime
    is_ours: bool
    text: str = ""
    bubble: Bubble | None = None
    broadcast: Broadcast | None = None
    state: str = ""
    why: str = ""
    is_bad: bool = False
    who: str = ""
    action: str = ""
    kind: str = "text"
    is_deleted: bool = False
    is_elsewhere: bool = False
    earlier: tuple[str, ...] = ()


def conversation(contact: Contact, *, most: int, addresses: Sequence[str] | None = None) -> list[ThreadMessage]:
    """Returns the newest `most` messages with a person, oldest first. `addresses`: all of theirs, if looked up."""
    known = addresses if addresses is not None else identity.addresses_of_contact(contact)
    business = contact.business_id
    written = [*_broadcast_to(business, known, most), *_from(business, known, most), *_answered(business, known, most)]
    return sorted(written, key=lambda each: each.at)[-most:]


def last_message(contact: Contact, addresses: Sequence[str] | None = None) -> InboundMessage | None:
    """Returns the person's newest message, which opens the 24 hours for replies; None if there is none."""
    known = addresses if addresses is not None else identity.addresses_of_contact(contact)
    return _inbound(contact.business_id, known).exclude(kind__in=NO_MESSAGES).select_related("sender").first()


def threads(business: Business, *, only_unanswered: bool = False) -> QuerySet[Contact]:
    """Returns people who wrote, latest first, each with `last_message_id`, `last_said_id` and `is_answered`.

    `last_said_id` is their last message that can be replied to: no reaction, nothing that they took back.
    """
    newest = InboundMessage.objects.filter(business=business, contact=OuterRef("pk")).order_by("-received_at")
    said = newest.filter(deleted_at=None).exclude(kind__in=NO_REPLIES)
    replies = DirectMessage.objects.filter(
        business=business, kind=DirectKind.REPLY, created_at__gt=OuterRef("last_said_at")
    ).exclude(status=RecipientStatus.FAILED)
    # A reply goes to the address that wrote, perhaps another than the contact's. Two queries, each with its index.
    by_message = replies.filter(answers__contact=OuterRef("pk"))
    by_address = replies.filter(Q(address=OuterRef("phone")) | Q(address=OuterRef("bsuid")))
    people = Contact.objects.filter(business=business, last_inbound_at__isnull=False)
    people = people.annotate(
        last_message_id=Subquery(newest.values("pk")[:1]),
        last_said_id=Subquery(said.values("pk")[:1]),
        last_said_at=Subquery(said.values("received_at")[:1]),
        is_answered=Q(Exists(by_message)) | Q(Exists(by_address)),
    )
    if only_unanswered:  # an opt-out or opt-in is answered automatically
        waits = said.annotate(waits=Q(action="", is_elsewhere=False)).values("waits")[:1]
        people = people.annotate(waits=Subquery(waits)).filter(is_answered=False, waits=True)
    return people.order_by("-last_inbound_at", "pk")


def with_last_messages(people: list[Contact]) -> list[tuple[Contact, InboundMessage | None, bool]]:
    """Returns each person of `threads` with their last message, and whether it awaits a reply; takes one query."""
    ids = [(person.last_message_id, person.last_said_id) for person in people]  # type: ignore[attr-defined] # by threads()
    wanted = {pk for pair in ids for pk in pair if pk}
    found = InboundMessage.objects.select_related("recipient__broadcast").in_bulk(wanted)
    rows = []
    for person, (pk, said_pk) in zip(people, ids, strict=True):
        said, is_answered = found.get(said_pk), person.is_answered  # type: ignore[attr-defined] # by threads()
        waits = bool(said and not is_answered and not said.action and not said.is_elsewhere)
        rows.append((person, found.get(pk), waits))
    return rows


def _inbound(business: UUID, addresses: Sequence[str]) -> QuerySet[InboundMessage]:
    written = InboundMessage.objects.filter(business=business, address__in=addresses)
    return written.order_by("-received_at")


def _from(business: UUID, addresses: Sequence[str], most: int) -> Iterator[ThreadMessage]:
    for message in _inbound(business, addresses).select_related("recipient__broadcast")[:most]:
        yield ThreadMessage(
            message.received_at,
            is_ours=False,
            text=message.text,
            broadcast=message.recipient.broadcast if message.recipient else None,
            action=str(InboundAction(message.action).label) if message.action else "",
            kind=message.kind,
            is_deleted=message.deleted_at is not None,
            is_elsewhere=message.is_elsewhere,
            earlier=tuple(version["text"] for version in message.earlier),
        )


def _broadcast_to(business: UUID, addresses: Sequence[str], most: int) -> Iterator[ThreadMessage]:
    rows = Recipient.objects.filter(business=business, address__in=addresses, accepted_at__isnull=False)
    for row in rows.select_related("broadcast").order_by("-accepted_at")[:most]:
        named = row.broadcast.template_format == ParameterFormat.NAMED
        assert row.accepted_at is not None  # noqa: S101 - filtered
        yield ThreadMessage(
            row.accepted_at,
            is_ours=True,
            bubble=bubble(row.broadcast.template_components, row.params, named=named),
            broadcast=row.broadcast,
            state=row.get_status_display(),
            why=reason_of(row),
            is_bad=row.failed_at is not None,
        )


def _answered(business: UUID, addresses: Sequence[str], most: int) -> Iterator[ThreadMessage]:
    written = DirectMessage.objects.filter(business=business, address__in=addresses)
    for answer in written.select_related("created_by").order_by("-created_at")[:most]:
        yield ThreadMessage(
            answer.created_at,
            is_ours=True,
            text=answer.text,
            state=answer.get_status_display(),
            why=reason_of(answer),
            is_bad=answer.status in {RecipientStatus.FAILED, RecipientStatus.UNKNOWN},
            who=answer.created_by.shown_name if answer.created_by else "",
            kind=answer.kind,
        )
