"""Under which addresses a person is known, and which of their contacts were merged."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q, QuerySet

from businesses.keeping.person import Person
from businesses.keeping.table import Record
from whatsapp.models import AddressTie, ContactMerge, PersonAddress


def rows(person: Person) -> tuple[QuerySet[PersonAddress], QuerySet[AddressTie], QuerySet[ContactMerge]]:
    """Returns what says that addresses are the person's."""
    return _addresses(person), _ties(person), _merges(person)


def erase(person: Person, most: int) -> int:
    """Remove it. Whoever shared an address with the person by a tie that was cut loses that tie, and nothing else."""
    addresses, ties, merges = rows(person)
    removed = merges.filter(pk__in=list(merges.values_list("pk", flat=True)[:most])).delete()[0]
    removed += ties.filter(pk__in=list(ties.values_list("pk", flat=True)[:most])).delete()[0]
    return removed + addresses.filter(pk__in=list(addresses.values_list("pk", flat=True)[:most])).delete()[0]


def records(person: Person) -> Iterator[Record]:
    """Returns the addresses with the time since when they are known, and the merged contacts as they were."""
    for address, since in _addresses(person).values_list("address", "since"):
        yield {"address": address, "known_since": since}
    for merge in _merges(person):
        yield {"merged_at": merge.at, "told_by": merge.source, "contact_before": merge.absorbed}


def _addresses(person: Person) -> QuerySet[PersonAddress]:
    return PersonAddress.objects.filter(business=person.business, address__in=person.addresses)


def _ties(person: Person) -> QuerySet[AddressTie]:
    ends = Q(one__in=person.addresses) | Q(other__in=person.addresses)
    return AddressTie.objects.filter(ends, business=person.business)


def _merges(person: Person) -> QuerySet[ContactMerge]:
    """Returns the merges in which the person's address stands on either side."""
    ours = ContactMerge.objects.filter(business=person.business)
    held = Q(contact__phone__in=person.phones) | Q(contact__bsuid__in=person.user_ids)
    for name in ("absorbed__phone", "absorbed__bsuid", "kept_before__phone", "kept_before__bsuid"):
        held |= Q(**{f"{name}__in": sorted(person.addresses)})
    return ours.filter(held)
