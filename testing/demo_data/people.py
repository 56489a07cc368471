"""Contacts with tags, their consent to messages, and suppressions."""

from __future__ import annotations

import io
from datetime import datetime, timedelta

from businesses.models import Business, User
from testing.demo_data import Keys
from testing.demo_data.names import LONG_NAME, name_of, phone_of
from whatsapp.importing.contact_import import import_contacts
from whatsapp.models import Consent, Contact, SuppressionCategory, SuppressionSource, TieSource
from whatsapp.people import consent, suppressions, tagging, ties
from whatsapp.people.ties import Tie

COUNT = 130
TAGS = ("לקוחות קבועים", "VIP", "יישור שיניים", "new patients", "family plan – תוכנית משפחתית")
FILE_ROWS = (
    "phone,name,language,tags,last visit,הערה",
    "052-555-9001,רות אלמוג,he,לקוחות קבועים,2026-10-04,מעדיפה בוקר",
    "+44 7700 900901,Oliver Twist,en,new patients,2026-09-12,",
    "12345,No Number,en,,,",
    "שלום,מספר שאינו מספר,he,,,",
    "052-555-9001,רות אלמוג,he,VIP,2026-10-04,אותה אישה פעמיים",
    "+1 555,Too Short,en,,,",
)


def add(business: Business, *, staff: User, now: datetime) -> Keys:
    """Create many contacts, and one for each thing that a contact's page can show."""
    people = _many(business, now)
    for number, tag in enumerate(TAGS):
        tagging.tag(business, people[number :: len(TAGS) + number], tag)
    import_contacts(business, file_with_mistakes(), now=now - timedelta(days=6), by=staff)
    regular, opted_out, stopped, long_named, only_id = people[:5]
    long_named.name = LONG_NAME
    only_id.name, only_id.phone, only_id.bsuid = "", None, "IL.482913370065127"
    Contact.objects.bulk_update([long_named, only_id], ["name", "phone", "bsuid"])
    for tag in TAGS:
        tagging.tag(business, [regular], tag)
    _history_of(regular, staff, now)
    _suppress(business, opted_out, SuppressionCategory.ALL, SuppressionSource.REPLY, now - timedelta(days=2))
    _suppress(business, stopped, SuppressionCategory.MARKETING, SuppressionSource.STAFF, now - timedelta(days=9), staff)
    for number, person in enumerate(people[60:95:5]):
        source = list(SuppressionSource)[number % 5]
        _suppress(business, person, SuppressionCategory.MARKETING, source, now - timedelta(days=20 + number))
    merged = _merge(business, people[110], people[111], now - timedelta(days=4))
    return {
        "merged": str(merged.pk),
        "regular": str(regular.pk),
        "opted-out": str(opted_out.pk),
        "stopped-marketing": str(stopped.pk),
        "long-name": str(long_named.pk),
        "only-an-id": str(only_id.pk),
    }


def _merge(business: Business, one: Contact, other: Contact, at: datetime) -> Contact:
    """Let two contacts turn out to be one person: WhatsApp reported the second one's number for the first.

    Returns the one that is left.
    """
    ties.learn(business, [Tie(one.address, other.address, TieSource.STATUS)], now=at)
    return Contact.objects.get(business=business, pk__in=[one.pk, other.pk])


def file_with_mistakes() -> io.BytesIO:
    """Returns a file to upload: valid rows, invalid rows, and one person twice."""
    return io.BytesIO("\n".join(FILE_ROWS).encode())


def _many(business: Business, now: datetime) -> list[Contact]:
    people = []
    for number in range(COUNT):
        agreed = number % 3 != 1
        people.append(
            Contact(
                business=business,
                phone=phone_of(number),
                name=name_of(number) if number % 17 != 9 else "",
                language=("he", "en", "")[number % 3],
                attributes={"last visit": f"2026-{1 + number % 11:02d}-14", "מרפאה": "גן העיר"}
                if number % 4 == 0
                else {},
                consent=Consent.GRANTED if agreed else Consent.UNKNOWN,
                consent_source=("טופס הרשמה במרפאה", "Sign-up form, May 2026")[number % 2] if agreed else "",
                consent_changed_at=now - timedelta(days=90) if agreed else None,
            )
        )
    Contact.objects.bulk_create(people)
    return people


def _history_of(person: Contact, staff: User, now: datetime) -> None:
    """Give the contact a history of consent: agreed, stopped, agreed again."""
    business, address = person.business, person.address
    consent.agree(person, source="טופס הרשמה במרפאה", now=now - timedelta(days=120), by=staff)
    _suppress(business, person, SuppressionCategory.MARKETING, SuppressionSource.PREFERENCE, now - timedelta(days=40))
    suppressions.lift(business, address, now=now - timedelta(days=31), categories=list(SuppressionCategory))
    person.refresh_from_db()
    consent.agree(person, source="Told us on the phone", now=now - timedelta(days=30), by=staff)


def _suppress(
    business: Business,
    person: Contact,
    category: SuppressionCategory,
    source: SuppressionSource,
    now: datetime,
    by: User | None = None,
) -> None:
    note = "ביקשה בטלפון, please don't write" if by else ""
    suppressions.suppress(business, person.address, category=category, source=source, now=now, note=note, by=by)
