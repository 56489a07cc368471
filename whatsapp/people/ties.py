"""Learning that two addresses are one person's, and what follows from it. Expects the business to be set.

What is learnt is told by a provider: in answers over a connection of ours, and in webhooks whose signer speaks for
the number (`webhooks.ties`). Locks are taken in this order: the business, then rows of contacts and recipients;
whoever learns does so before it locks rows itself, and for several businesses in the order of their keys.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from businesses.models import Business
from whatsapp import recipients
from whatsapp.models import AddressTie, Contact, PersonAddress, Recipient, TieSource
from whatsapp.people import identity, merging, tie_rows
from whatsapp.people.identity import People
from whatsapp.people.number_forms import canonical
from whatsapp.people.unions import Pair, joining, pair
from whatsapp.providers.addresses import is_phone, is_user_id
from whatsapp.reasons import Cause, reason
from whatsapp.states import LIVE_BROADCASTS, UNSENT, RecipientStatus, SkipReason


@dataclass(frozen=True, slots=True)
class Tie:
    """News that two addresses are one person's. `newer`: the one that has taken the other's place, if one has."""

    one: str
    other: str
    source: TieSource
    newer: str = ""


def learn(business: Business, ties: Iterable[Tie], *, now: datetime) -> int:
    """Store what is new in these ties, and treat the people that they unite as one. Returns the number of new ties."""
    by_pair = {pair(canonical(tie.one), canonical(tie.other)): tie for tie in ties if tie.one and tie.other}
    by_pair = {addresses: tie for addresses, tie in by_pair.items() if addresses[0] != addresses[1]}
    if not by_pair or not _tell_something(business, by_pair):
        return 0
    with transaction.atomic():
        Business.objects.select_for_update(no_key=True).get(pk=business.pk)  # two news at once join one after the other
        before = identity.people(business, _ends(by_pair))
        told, groups = joining(by_pair, before.key, _cuts(business, before, by_pair))
        _store(business, {addresses: by_pair[addresses] for addresses in told}, groups, before, now)
        _unite(business, by_pair, before, now)
    return len(told)


def _tell_something(business: Business, by_pair: Mapping[Pair, Tie]) -> bool:
    known = identity.people(business, _ends(by_pair))
    return any(tie.newer or known.key(one) != known.key(other) for (one, other), tie in by_pair.items())


def _ends(pairs: Iterable[Pair]) -> list[str]:
    return [address for addresses in pairs for address in addresses]


def _cuts(business: Business, known: People, pairs: Iterable[Pair]) -> list[Pair]:
    """Returns the pairs among these people of which somebody said that they are two."""
    cut = list(AddressTie.objects.filter(business=business, cut_at__isnull=False).values_list("one", "other"))
    everybody = set(known.every(_ends(pairs))) if cut else set()
    return [ends for ends in cut if everybody.intersection(ends)]


def _store(
    business: Business, told: dict[Pair, Tie], groups: Sequence[set[str]], before: People, now: datetime
) -> None:
    tie_rows.add_ties(business, ((*ends, tie.source.value) for ends, tie in told.items()), now=now)
    person_of: dict[str, uuid.UUID] = {}
    for group in groups:
        known = sorted(key for key in group if before.is_person(key))
        person = uuid.UUID(known[0]) if known else uuid.uuid4()
        person_of |= dict.fromkeys(group, person)
        if known[1:]:
            PersonAddress.objects.filter(business=business, person__in=known[1:]).update(person=person)
    fresh = {address for address in _ends(told) if not before.is_person(before.key(address))}
    tie_rows.add_addresses(business, ((address, person_of[address]) for address in sorted(fresh)), now=now)


def _unite(business: Business, by_pair: Mapping[Pair, Tie], before: People, now: datetime) -> None:
    """Merge the contacts of people who became one, and leave each of them one row in a broadcast."""
    after = identity.people(business, _ends(by_pair))
    joined = {ends: tie for ends, tie in by_pair.items() if after.key(ends[0]) == after.key(ends[1])}
    everybody = after.every(_ends(joined))
    sources = {after.key(one): tie.source for (one, _other), tie in joined.items()}
    newer: defaultdict[str, list[str]] = defaultdict(list)
    for (one, _other), tie in joined.items():
        newer[after.key(one)] += [tie.newer] if tie.newer else []
    by_person: defaultdict[str, list[Contact]] = defaultdict(list)
    for contact in identity.contacts_with(business, everybody):
        by_person[after.key(contact.address)].append(contact)
    for key, found in by_person.items():
        kept = merging.merge_all(found, source=sources[key], before=before, now=now)
        _complete(kept, newer[key], after.addresses(kept.address))
    skip_doubles(business, everybody, after)


def _complete(contact: Contact, newer: Sequence[str], known: Sequence[str]) -> None:
    """Give a contact the addresses that it lacks, and the new ones after a change."""
    phone = _first(newer, is_wanted=is_phone) or contact.phone or _first(known, is_wanted=is_phone)
    bsuid = _first(newer, is_wanted=is_user_id) or contact.bsuid or _first(known, is_wanted=is_user_id)
    if (phone, bsuid) != (contact.phone, contact.bsuid):
        contact.phone, contact.bsuid = phone, bsuid
        contact.save(update_fields=["phone", "bsuid"])


def _first(addresses: Sequence[str], *, is_wanted: Callable[[str], bool]) -> str | None:
    return next(filter(is_wanted, addresses), None)


def skip_doubles(business: Business, addresses: Sequence[str], known: People) -> None:
    """Of the rows of one person in a broadcast, leave one: that which was sent, else the first.

    The rows are locked, so that none of them leaves meanwhile.
    """
    unsent = Recipient.objects.filter(business=business, address__in=addresses, status__in=UNSENT)
    broadcasts = set(unsent.filter(broadcast__status__in=LIVE_BROADCASTS).values_list("broadcast", flat=True))
    if not broadcasts:
        return
    rows = Recipient.objects.filter(broadcast__in=broadcasts, address__in=addresses).order_by("pk").select_for_update()
    found = rows.values_list("pk", "broadcast_id", "address", "status", "row_number")
    seen: dict[tuple[uuid.UUID, str], int | None] = {}
    unsent_first = sorted(found, key=lambda row: (row[3] in UNSENT, row[0]))
    for pk, broadcast, address, status, number in unsent_first:
        if status in {RecipientStatus.SKIPPED, RecipientStatus.CANCELLED}:
            continue
        person = (broadcast, known.key(address or ""))
        if person in seen and status in UNSENT:
            double = Recipient.objects.filter(pk=pk)
            recipients.free(double, to=RecipientStatus.SKIPPED, skip_reason=SkipReason.DUPLICATE, **_same(seen[person]))
        seen.setdefault(person, number)


def _same(row_number: int | None) -> dict[str, object]:
    why = reason(Cause.SAME_AS_ROW, row=row_number) if row_number else reason(Cause.SAME_PERSON)
    return why.kept()
