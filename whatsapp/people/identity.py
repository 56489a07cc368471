"""Who is one person: every address under which a business knows them. All functions expect the business to be set.

Whoever asks "has this person opted out, written, got this already?" asks for every address of the person, never for
one. Whole lists are looked up in one query; an address that no news tied to another stands for its number alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet

from businesses.models import Business
from whatsapp.models import Contact, PersonAddress
from whatsapp.people.number_forms import canonical, forms


@dataclass(frozen=True, slots=True)
class People:
    """The people behind some addresses. Only those with more than one address are kept."""

    _keys: Mapping[str, str] = field(default_factory=dict)
    _known: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def key(self, address: str) -> str:
        """Returns what is the same for all addresses of the person, and for nobody else's."""
        return self._keys.get(address) or canonical(address)

    def is_person(self, key: str) -> bool:
        """Returns whether a key is that of a person whose addresses are tied, and not an address."""
        return key in self._known

    def addresses(self, address: str) -> tuple[str, ...]:
        """Returns every address of the person, in every form, with the given one."""
        return self._known.get(self.key(address)) or forms(address)

    def every(self, addresses: Iterable[str]) -> list[str]:
        """Returns every address of these people, each once."""
        return list(dict.fromkeys(each for address in addresses for each in (address, *self.addresses(address))))


def people(business: Business, addresses: Iterable[str]) -> People:
    """Returns the people behind these addresses (E.164 or user ids, in any form)."""
    wanted = {canonical(address) for address in addresses}
    if not wanted:
        return People()
    ours = PersonAddress.objects.filter(business=business)
    theirs = ours.filter(address__any_of=wanted).values("person")
    by_person: defaultdict[str, list[str]] = defaultdict(list)
    for address, person in ours.filter(person__in=theirs).order_by("pk").values_list("address", "person"):
        by_person[str(person)].append(address)
    keys = {form: person for person, known in by_person.items() for each in known for form in forms(each)}
    return People(keys, {person: in_every_form(known) for person, known in by_person.items()})


def addresses_of(business: Business, *addresses: str | None) -> list[str]:
    """Returns every address of the person who has one of these; empty ones are ignored."""
    given = [address for address in addresses if address]
    return people(business, given).every(given)


def addresses_of_contact(contact: Contact) -> list[str]:
    """Returns every address of a contact's person."""
    return addresses_of(contact.business, contact.phone, contact.bsuid)


def contacts_with(business: Business, addresses: Collection[str]) -> QuerySet[Contact]:
    """Returns the contacts that hold one of these addresses, the oldest first."""
    phones = [address for address in addresses if address.startswith("+")]
    bsuids = [address for address in addresses if not address.startswith("+")]
    found = Contact.objects.filter(Q(phone__any_of=phones) | Q(bsuid__any_of=bsuids), business=business)
    return found.order_by("created_at", "pk")


def in_every_form(addresses: Iterable[str]) -> tuple[str, ...]:
    """Returns these addresses, each number in all its forms."""
    return tuple(dict.fromkeys(form for address in addresses for form in forms(address)))
