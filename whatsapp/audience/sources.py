"""The candidates of each kind of audience, in a fixed order, starting behind a cursor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, BinaryIO, cast

import phonenumbers
from django.db.models import QuerySet, TextField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.db.models.lookups import Exact

from businesses.models import Business
from whatsapp.audience.choice import (
    EARLIER,
    Choice,
    ContactsChoice,
    EarlierChoice,
    FileChoice,
    FromContacts,
    SegmentChoice,
    from_json,
)
from whatsapp.audience.columns import understand
from whatsapp.audience.conditions import BadConditions
from whatsapp.audience.conditions import from_kept as conditions_in
from whatsapp.audience.groups import people_of
from whatsapp.audience.matching import people_matching
from whatsapp.audience.newcomers import new_to_series
from whatsapp.audience.rows import BadValue, Candidate, Reader, checked_params, with_defaults
from whatsapp.errors import BadAudience
from whatsapp.models import Broadcast, Consent, Contact, Recipient, Segment
from whatsapp.people.messaging_settings import region_of
from whatsapp.reasons import Cause
from whatsapp.tables.readings import Reading
from whatsapp.tables.tables import open_table
from whatsapp.template_variables import TemplateVariable, UnsupportedTemplate, body_text, variables_of

PAGE = 2_000


def choice_of(broadcast: Broadcast) -> Choice:
    """Returns how this broadcast's people are chosen."""
    return from_json(broadcast.audience_kind, broadcast.audience)


@contextmanager
def candidates_of(broadcast: Broadcast) -> Iterator[Iterator[Candidate]]:
    """Yields the candidates behind the broadcast's cursor. Raises `BadAudience`, also while they are being read."""
    match choice_of(broadcast):
        case FileChoice() as choice:
            reading = Reading.from_kept(choice.reading)
            country = reading.region or region_of(broadcast.business)
            with _file_of(broadcast) as file, open_table(file, reading=reading, country=country) as table:
                reader = reader_of(broadcast, table.header, choice)
                done = int(broadcast.audience_cursor or 0)
                rows = (row for row in table.rows if row.number > done)
                yield (reader.candidate(row.number, row.cells, row.flaws, row.digits) for row in rows)
        case ContactsChoice() | SegmentChoice() as choice:
            yield _contacts(broadcast, choice)
        case EarlierChoice() as choice:
            yield _earlier(broadcast, choice)


def reader_of(broadcast: Broadcast, header: Sequence[str], choice: FileChoice) -> Reader:
    """Returns the reader for the rows of a file with this header. Raises `BadAudience`."""
    variables = _variables(broadcast)
    columns = understand(header, variables, list(choice.constants), choice.columns)
    region = Reading.from_kept(choice.reading).region or region_of(broadcast.business)
    return Reader(columns, variables, choice.constants, region, _body_length(broadcast), choice.defaults)


def contacts_chosen(business: Business, choice: ContactsChoice) -> QuerySet[Contact]:
    """Returns the contacts of a business that match a choice."""
    contacts = Contact.objects.filter(business=business)
    for tag in choice.tags:
        contacts = contacts.filter(tags__name=tag)
    if choice.without_tags:
        contacts = contacts.exclude(tags__name__in=choice.without_tags)
    if choice.language:
        contacts = contacts.filter(language=choice.language)
    for name, value in choice.attributes.items():
        contacts = contacts.filter(Exact(Cast(KeyTextTransform(name, "attributes"), TextField()), value))
    return contacts.filter(consent=Consent.GRANTED) if choice.only_with_consent else contacts


def earlier_chosen(business: Business, choice: EarlierChoice) -> QuerySet[Recipient]:
    """Returns the recipients of an earlier broadcast that match a choice. Raises `BadAudience`."""
    earlier = Broadcast.objects.filter(business=business, pk=choice.broadcast).first()
    if earlier is None:
        raise BadAudience(Cause.NO_EARLIER_BROADCAST)
    return people_of(earlier, choice.group)


def as_of(business: Business, choice: Choice, *, now: datetime) -> Choice:
    """Returns a choice of a segment with the segment's conditions as they are now, and the moment; others unchanged.

    Reading the people may take several steps and go on in another process: all of them mean the same people. Raises
    `BadAudience`: the segment is gone.
    """
    if not isinstance(choice, SegmentChoice):
        return choice
    segment = Segment.objects.filter(business=business, pk=choice.segment).first()
    if segment is None:
        raise BadAudience(Cause.NO_SEGMENT)
    return replace(choice, conditions=segment.conditions, as_of=now.isoformat())


def contacts_of(business: Business, choice: FromContacts, *, now: datetime | None = None) -> QuerySet[Contact]:
    """Returns the contacts whom a choice means: of a segment as it was when `as_of` was asked, or as it is `now`.

    Raises `BadAudience`: the segment is gone, or what it means is not known here.
    """
    if isinstance(choice, ContactsChoice):
        return new_to_series(business, choice, contacts_chosen(business, choice))
    if now is not None:
        choice = cast("SegmentChoice", as_of(business, choice, now=now))
    try:
        conditions, moment = conditions_in(choice.conditions), datetime.fromisoformat(choice.as_of)
    except (BadConditions, ValueError):
        raise BadAudience(Cause.NO_SEGMENT) from None
    return new_to_series(business, choice, people_matching(business, conditions, now=moment))


def _contacts(broadcast: Broadcast, choice: FromContacts) -> Iterator[Candidate]:
    fill = _Filler(broadcast, choice)
    for contact in _pages(contacts_of(broadcast.business, choice), broadcast.audience_cursor):
        country = _country(contact.phone)
        yield fill.candidate(str(contact.pk), contact.address, country, contact, {})


def _earlier(broadcast: Broadcast, choice: EarlierChoice) -> Iterator[Candidate]:
    fill = _Filler(broadcast, choice)
    people = earlier_chosen(broadcast.business, choice).select_related("contact")
    for person in _pages(people, broadcast.audience_cursor):
        yield fill.candidate(str(person.pk), person.address or "", person.country, person.contact, person.params)


def _pages(rows: QuerySet[Any], cursor: str) -> Iterator[Any]:
    """Yields rows by primary key, page by page, so that no database cursor stays open between batches."""
    while page := list((rows.filter(pk__gt=cursor) if cursor else rows).order_by("pk")[:PAGE]):
        yield from page
        cursor = str(page[-1].pk)


class _Filler:
    """Fills in a template from contacts."""

    def __init__(self, broadcast: Broadcast, choice: FromContacts | EarlierChoice) -> None:
        self.variables, self.choice, self.body_length = _variables(broadcast), choice, _body_length(broadcast)

    def candidate(
        self, position: str, address: str, country: str, contact: Contact | None, params: Mapping[str, str]
    ) -> Candidate:
        given = values_known(self.choice, [v.key for v in self.variables], contact, params)
        try:
            checked = checked_params(given, self.variables, body_length=self.body_length, names=self.choice.values)
        except BadValue as error:
            return Candidate(position, address, skip_reason=error.skip_reason, reason=error.reason)
        contact_id = contact.pk if contact else None
        return Candidate(position, address, address, address.startswith("+"), country, checked, None, contact_id)


def values_known(
    choice: FromContacts | EarlierChoice, keys: Sequence[str], contact: Contact | None, params: Mapping[str, str]
) -> dict[str, str]:
    """Returns a person's values for a template. What the contact says wins; `params` are the earlier broadcast's."""
    facts = _facts(contact) if contact else {}
    known = dict(params) | {f"{EARLIER}{key}": value for key, value in params.items()}
    known |= {name: value for name, value in facts.items() if value.strip()}
    given = {key: known.get(choice.values.get(key, key), "") for key in keys}
    return with_defaults({**given, **choice.constants}, choice.defaults)


def _facts(contact: Contact) -> dict[str, str]:
    """Returns what is known about a contact, by the names that templates use. The contact's own attributes win."""
    facts = {"name": contact.name, "first_name": contact.name.partition(" ")[0], "phone": contact.phone or ""}
    return facts | {str(name): str(value) for name, value in contact.attributes.items() if value is not None}


def _variables(broadcast: Broadcast) -> Sequence[TemplateVariable]:
    try:
        return variables_of(broadcast.template_components, broadcast.template_format)
    except UnsupportedTemplate as error:  # frozen by a version that took it
        raise BadAudience(Cause.TEMPLATE_UNFILLABLE, part=error.part) from None


def _file_of(broadcast: Broadcast) -> BinaryIO:
    try:
        return cast("BinaryIO", broadcast.audience_file.open("rb"))
    except (OSError, ValueError):
        raise BadAudience(Cause.BROADCAST_FILE_GONE) from None


def _body_length(broadcast: Broadcast) -> int:
    return len(body_text(broadcast.template_components, {}))


def _country(phone: str | None) -> str:
    return (phonenumbers.region_code_for_number(phonenumbers.parse(phone)) or "") if phone else ""
