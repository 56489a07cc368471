"""The messages between a business and one person, in order of time, whatever table they are in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from businesses.models import AddressKey, Business
from businesses.pages import badges
from whatsapp.broadcasts.reasons import reason_of
from whatsapp.inbox.direct_messages import WINDOW
from whatsapp.models import (
    Broadcast,
    Contact,
    DirectKind,
    DirectMessage,
    InboundAction,
    InboundMessage,
    ParameterFormat,
    QuickReply,
    Recipient,
    ThreadNote,
)
from whatsapp.pages import brought
from whatsapp.pages.brought import ShownCard, ShownPlace
from whatsapp.pages.bubble import Bubble, bubble
from whatsapp.pages.media_words import ShownMedia
from whatsapp.people import identity
from whatsapp.providers.events import NO_MESSAGES, NO_REPLIES
from whatsapp.states import RecipientStatus


@dataclass(frozen=True, slots=True)
class ThreadMessage:
    """One message, or a member's note, which nobody else sees (`note` is its id).

    `bubble` is set for a broadcast's; `broadcast` is the one it belongs to or replies to.
    """

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
    note: UUID | None = None
    files: Sequence[ShownMedia] = ()
    place: ShownPlace | None = None
    cards: Sequence[ShownCard] = ()


def conversation(
    contact: Contact,
    *,
    most: int,
    addresses: Sequence[str] | None = None,
    written: Sequence[InboundMessage] | None = None,
) -> list[ThreadMessage]:
    """Returns the newest `most` messages with a person, oldest first.

    `addresses`: all of theirs, and `written`: what `written_by` found, if the caller has looked them up.
    """
    known = addresses if addresses is not None else identity.addresses_of_contact(contact)
    business = contact.business_id
    theirs = written if written is not None else written_by(contact, known, most=most)
    said = [*_broadcast_to(business, known, most), *map(_from, theirs), *_answered(business, known, most)]
    return sorted(said, key=lambda each: each.at)[-most:]


def notes_on(contact: Contact, *, most: int) -> list[ThreadMessage]:
    """Returns the newest `most` notes that members wrote in a person's thread."""
    found = ThreadNote.objects.filter(business=contact.business_id, contact=contact).select_related("written_by")
    return [
        ThreadMessage(
            note.created_at,
            is_ours=True,
            text=note.text,
            who=note.written_by.shown_name if note.written_by else "",
            kind="note",
            note=note.pk,
        )
        for note in found.order_by("-created_at")[:most]
    ]


def written_by(contact: Contact, addresses: Sequence[str], *, most: int) -> list[InboundMessage]:
    """Returns the newest `most` messages from the person with these addresses, the newest first."""
    said = _inbound(contact.business_id, addresses).select_related("recipient__broadcast", "sender")
    return brought.with_files(said, most)


def last_message(contact: Contact) -> InboundMessage | None:
    """Returns the person's newest message, which opens the 24 hours for replies; None if there is none."""
    known = identity.addresses_of_contact(contact)
    return _inbound(contact.business_id, known).exclude(kind__in=NO_MESSAGES).select_related("sender").first()


def last_of(written: Sequence[InboundMessage]) -> InboundMessage | None:
    """Returns the `last_message` among those of `written_by`."""
    return next((each for each in written if each.kind not in NO_MESSAGES), None)


def waiting(business: Business, *, now: datetime) -> QuerySet[Contact]:
    """Returns those of `threads` who wait for a reply and can still get one in free words, latest first.

    Each has `last_text`, too: what they said.
    """
    people = threads(business, only_unanswered=True).filter(last_inbound_at__gt=now - WINDOW)
    last = InboundMessage.objects.filter(business=business, pk=OuterRef("last_said_id"))
    return people.annotate(last_text=Subquery(last.values("text")[:1]))


def count_waiting(business: Business) -> int:
    """Returns how many people wait for a reply; counting stops behind `badges.MOST`."""
    return waiting(business, now=timezone.now())[: badges.MOST + 1].count()


def threads(business: Business, *, only_unanswered: bool = False) -> QuerySet[Contact]:
    """Returns people who wrote, latest first, with what `_standing` adds."""
    people = _standing(business).filter(last_inbound_at__isnull=False)
    if only_unanswered:
        people = _with_waits(business, people).filter(Q(waits=True))
    return people.order_by("-last_inbound_at", "pk")


def thread_of(business: Business, contact_id: UUID) -> QuerySet[Contact]:
    """Returns one person, whether they wrote or not, with what `_standing` adds, and more.

    `waits`: for a reply. `is_anybody_erased`: by this business, so fingerprints of erased people may be theirs.
    `has_notes`, `has_quick_replies`: whether it is worth asking for them.
    """
    people = _with_waits(business, _standing(business).filter(pk=contact_id))
    is_anybody_erased = Exists(AddressKey.objects.filter(business=business))
    return people.annotate(
        is_anybody_erased=is_anybody_erased,
        has_notes=Exists(ThreadNote.objects.filter(business=business, contact=OuterRef("pk"))),
        has_quick_replies=Exists(QuickReply.objects.filter(business=business)),
    ).select_related("business", "assigned_to__user")


def in_short(business: Business, people: QuerySet[Contact]) -> QuerySet[Contact]:
    """Returns people of `threads` with `waits`, and their last message as `shown_text`, `shown_kind`, `shown_gone`.

    One query has all of it, however many they are.
    """
    newest = _written(business)
    return _with_waits(business, people).annotate(
        shown_text=Subquery(newest.values("text")[:1]),
        shown_kind=Subquery(newest.values("kind")[:1]),
        shown_gone=Subquery(newest.values("deleted_at")[:1]),
    )


def _with_waits(business: Business, people: QuerySet[Contact]) -> QuerySet[Contact]:
    asks = Q(action="", is_elsewhere=False)  # an opt-out or opt-in is answered automatically
    last = _said(business).annotate(asks=asks).values("asks")[:1]
    return people.annotate(waits=Coalesce(Subquery(last), False) & Q(is_answered=False))


def _written(business: Business) -> QuerySet[InboundMessage]:
    return InboundMessage.objects.filter(business=business, contact=OuterRef("pk")).order_by("-received_at")


def _said(business: Business) -> QuerySet[InboundMessage]:
    return _written(business).filter(deleted_at=None).exclude(kind__in=NO_REPLIES)


def _standing(business: Business) -> QuerySet[Contact]:
    """Returns people, each with `last_message_id`, `last_said_id`, `last_said_at` and `is_answered`.

    `last_said_id` is their last message that can be replied to: no reaction, nothing that they took back. It is
    answered by a reply, or by a member who says that it needs none.
    """
    newest, said = _written(business), _said(business)
    replies = DirectMessage.objects.filter(business=business, created_at__gt=OuterRef("last_said_at")).exclude(
        Q(status=RecipientStatus.FAILED) | Q(kind=DirectKind.TEST)
    )
    # A reply goes to the address that wrote, perhaps another than the contact's. Two queries, each with its index.
    by_message = replies.filter(answers__contact=OuterRef("pk"))
    by_address = replies.filter(Q(address=OuterRef("phone")) | Q(address=OuterRef("bsuid")))
    people = Contact.objects.filter(business=business).annotate(
        last_message_id=Subquery(newest.values("pk")[:1]),
        last_said_id=Subquery(said.values("pk")[:1]),
        last_said_at=Subquery(said.values("received_at")[:1]),
    )
    is_settled = Q(settled_until__isnull=False, settled_until__gte=F("last_said_at"))
    return people.annotate(is_answered=Q(Exists(by_message)) | Q(Exists(by_address)) | is_settled)


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


def _from(message: InboundMessage) -> ThreadMessage:
    return ThreadMessage(
        message.received_at,
        is_ours=False,
        text=message.text,
        broadcast=message.recipient.broadcast if message.recipient else None,
        action=str(InboundAction(message.action).label) if message.action else "",
        kind=message.kind,
        is_deleted=message.deleted_at is not None,
        is_elsewhere=message.is_elsewhere,
        earlier=tuple(version["text"] for version in message.earlier),
        files=brought.files_of(message),
        place=brought.place_of(message.payload),
        cards=brought.cards_of(message.payload),
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
