"""What becomes of the rows of this app's models: rules, days, and how the person of a contact is found."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from businesses.keeping import table
from businesses.keeping.admin_log import forget_admin_log
from businesses.keeping.kinds import Kind
from businesses.keeping.person import Person
from businesses.keeping.table import Because, Holding, Record, Rule
from businesses.models import Business
from whatsapp.importing.imports import REJECTED_KEPT
from whatsapp.keeping import ending, files, messages, names, news, suppressing
from whatsapp.models import (
    AddressTie,
    Attempt,
    Broadcast,
    BroadcastCourse,
    BroadcastEvent,
    BroadcastSeries,
    BroadcastSpending,
    ConsentChange,
    Contact,
    ContactImport,
    ContactMerge,
    ContactTag,
    CourseStep,
    DirectMessage,
    ImportedContact,
    InboundMedia,
    InboundMessage,
    MessageTemplate,
    MessagingSettings,
    MonthSpending,
    Occurrence,
    PersonAddress,
    ProvedAccount,
    QuickReply,
    Recipient,
    RejectedRow,
    Segment,
    Sender,
    SendingPace,
    Suppression,
    Tag,
    ThreadNote,
    WebhookNews,
)
from whatsapp.people import identity

_OUTCOME = frozenset({"error_code", "error_class", "price_category", "price_type", "cause", "skip_reason", "country"})
RULES = (
    Rule(Contact, erased=True),
    Rule(ContactTag, erased=True),
    Rule(Tag, because=Because.COUNTS),
    Rule(PersonAddress, erased=True),
    Rule(AddressTie, erased=True, leaves=frozenset({"source"})),
    Rule(ContactMerge, erased=True, leaves=frozenset({"source"})),
    Rule(Suppression, erased=True),
    Rule(ConsentChange, erased=True),
    Rule(InboundMessage, kept=Kind.MESSAGES, erased=True, leaves=frozenset({"kind"})),
    Rule(InboundMedia, kept=Kind.MESSAGES, erased=True),
    Rule(DirectMessage, kept=Kind.MESSAGES, erased=True),
    Rule(ThreadNote, kept=Kind.MESSAGES, erased=True),
    Rule(Recipient, kept=Kind.MESSAGES, erased=True, leaves=_OUTCOME),
    Rule(Attempt, kept=Kind.MESSAGES, erased=True),
    Rule(RejectedRow, fixed=REJECTED_KEPT, erased=True, leaves=frozenset({"cause"})),
    Rule(ImportedContact, fixed=REJECTED_KEPT, erased=True),
    Rule(WebhookNews, kept=Kind.NEWS, erased=True),
    Rule(ContactImport, because=Because.COUNTS),
    Rule(Broadcast, kept=Kind.MESSAGES, because=Because.COUNTS),
    Rule(BroadcastCourse, because=Because.COUNTS),
    Rule(CourseStep, because=Because.COUNTS),
    Rule(BroadcastSpending, because=Because.COUNTS),
    Rule(MonthSpending, because=Because.COUNTS),
    Rule(BroadcastEvent, because=Because.COUNTS),
    Rule(BroadcastSeries, because=Because.NO_PERSON),
    Rule(Occurrence, because=Because.COUNTS),
    Rule(MessageTemplate, because=Because.COUNTS),
    Rule(MessagingSettings, because=Because.NO_PERSON),
    Rule(QuickReply, because=Because.NO_PERSON),
    Rule(Segment, because=Because.NO_PERSON),
    Rule(Sender, because=Because.NO_PERSON),
    Rule(ProvedAccount, because=Because.NO_PERSON),
    Rule(SendingPace, because=Because.NO_PERSON),
)
WAITS = {
    messages.LEAVING: _("A message to the person is on its way. What was asked is done when WhatsApp has answered."),
    news.UNAPPLIED: _("WhatsApp has reported something about the person that is still to be read."),
    files.READING: _("A file of people is being read. What was asked is done when it has been read."),
}


def _erase_contacts(person: Person, _most: int) -> int:
    found = messages.contacts_of(person)
    forget_admin_log(found)
    keys = list(found.values_list("pk", flat=True))
    Contact.objects.filter(pk__in=keys).delete()
    return len(keys)


def _contact_records(person: Person) -> Iterator[Record]:
    for contact in messages.contacts_of(person).prefetch_related("tags"):
        yield {
            "phone": contact.phone,
            "user_id": contact.bsuid,
            "name": contact.name,
            "language": contact.language,
            "attributes": contact.attributes,
            "tags": [tag.name for tag in contact.tags.all()],
            "consent": contact.consent,
            "consent_source": contact.consent_source,
            "added": contact.created_at,
        }


HOLDINGS = (
    # First: from here on nothing is sent to the person.
    Holding(
        "wishes",
        _("Opt-outs and agreements (kept without the number, so that it isn't messaged again)"),
        begin=suppressing.begin,
        rows=suppressing.rows,
        erase=suppressing.erase,
        records=suppressing.records,
    ),
    Holding(
        "news",
        _("Raw notices of WhatsApp"),
        rows=lambda person: (news.naming(person),),
        erase=news.erase,
        records=lambda person: news.naming(person).values("received_at", "provider", "kind", "payload"),
        waits_for=news.waits_for,
    ),
    Holding(
        "uploads",
        _("Uploaded files that were not used yet, whoever is in them"),
        rows=files.unused_rows,
        count=files.unused_files,
        erase=files.erase,
        waits_for=files.waits_for,
    ),
    Holding(
        "rejected",
        _("Rejected rows of imports"),
        count=lambda person: sum(1 for _row in files.rejected_of(person)),
        erase=files.erase_rejected,
        records=files.rejected_records,
    ),
    # Before the messages that they are found by.
    Holding(
        "media",
        _("Pictures, voice notes and documents from the person"),
        rows=lambda person: (messages.media_of(person),),
        erase=messages.erase_media,
        records=messages.media_records,
        files=messages.media_files,
    ),
    Holding(
        "inbound",
        _("Messages from the person"),
        rows=lambda person: (messages.inbound_of(person),),
        erase=messages.erase_inbound,
        records=messages.inbound_records,
        waits_for=messages.waits_for,
    ),
    Holding(
        "direct",
        _("Messages to the person"),
        rows=lambda person: (messages.direct_to(person),),
        erase=messages.erase_direct,
        records=messages.direct_records,
    ),
    Holding(
        "notes",
        _("Notes of members in the person's thread"),
        rows=lambda person: (messages.notes_on(person),),
        erase=messages.erase_notes,
        records=messages.note_records,
    ),
    Holding(
        "broadcasts",
        _("Rows of broadcasts (they stay in the counts, without number and values)"),
        rows=lambda person: (messages.rows_of(person),),
        erase=messages.erase_rows,
        records=messages.row_records,
    ),
    Holding(
        "contacts",
        _("Contacts"),
        rows=lambda person: (messages.contacts_of(person),),
        erase=_erase_contacts,
        records=_contact_records,
    ),
    # Last: the others are found by all addresses of the person.
    Holding(
        "names",
        _("Addresses that belong together, and contacts that were merged"),
        rows=names.rows,
        erase=names.erase,
        records=names.records,
    ),
)


def contact_person(business: Business, contact_id: UUID) -> Person | None:
    """Returns the person of a contact."""
    contact = Contact.objects.filter(business=business, pk=contact_id).first()
    if contact is None:
        return None
    return Person(business, frozenset(filter(None, (contact.phone, contact.bsuid))))


def same_person(business: Business, addresses: frozenset[str]) -> frozenset[str]:
    """Returns every address of the people who have these, in every form: tied ones, and those of one contact."""
    known = identity.addresses_of(business, *addresses)
    pairs = identity.contacts_with(business, known).values_list("phone", "bsuid")
    return frozenset(identity.addresses_of(business, *known, *(address for pair in pairs for address in pair)))


def register() -> None:
    """Register rules, holdings and days."""
    table.register(
        rules=RULES,
        holdings=HOLDINGS,
        removers=(
            (Kind.NEWS, news.remove_old),
            (Kind.MESSAGES, ending.remove_inbound),
            (Kind.MESSAGES, ending.remove_direct),
            (Kind.MESSAGES, ending.remove_notes),
            (Kind.MESSAGES, ending.remove_unfinished_drafts),
            (Kind.MESSAGES, ending.give_up_drafts),
            (Kind.MESSAGES, ending.empty_broadcasts),
        ),
        finders={"contact": contact_person},
        grower=same_person,
        waits=WAITS,
    )
