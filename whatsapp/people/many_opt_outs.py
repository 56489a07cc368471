"""Adding many addresses at once to those that must not be messaged: as `suppressions.suppress`, in a few queries.

Most addresses of a list are nobody's that the business knows: no contact, no message waiting, no other address of
theirs. They are written together; the others go through `suppress` one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from businesses.happenings import Happening, all_happened
from businesses.models import Business, User
from whatsapp.models import ConsentChange, Recipient, Suppression, SuppressionCategory, SuppressionSource
from whatsapp.people import identity
from whatsapp.people.suppressions import STEPS, opt_out_data, suppress
from whatsapp.states import UNSENT


@dataclass(frozen=True, slots=True)
class OptOut:
    """An address that must not be messaged, since when, and why."""

    address: str
    category: SuppressionCategory
    source: SuppressionSource
    note: str
    since: datetime


def suppress_many(business: Business, opt_outs: Sequence[OptOut], *, by: User | None) -> int:
    """Stop messages to these people. Returns how many were not on the list before. Entries that are there stay."""
    with transaction.atomic():
        people = identity.people(business, [each.address for each in opt_outs])
        everybody = people.every(each.address for each in opt_outs)
        listed = set(
            Suppression.objects.filter(business=business, address__in=everybody).values_list("address", "category")
        )
        known = {people.key(address) for address, _category in listed} | {
            people.key(address) for address in _met(business, everybody)
        }
        strangers: dict[tuple[str, str], OptOut] = {}
        added = 0
        for each in opt_outs:
            if (each.address, each.category.value) in listed:
                continue
            key = people.key(each.address)
            if key in known or people.is_person(key):
                added += _suppress_one(business, each, by)
            else:
                strangers.setdefault((key, each.category.value), each)
        _write(business, list(strangers.values()), by)
    return added + len(strangers)


def _met(business: Business, addresses: Sequence[str]) -> set[str]:
    """Returns those of the addresses that a contact or a message waiting to be sent has."""
    pairs = identity.contacts_with(business, addresses).values_list("phone", "bsuid")
    waiting = Recipient.objects.filter(business=business, address__in=addresses, status__in=UNSENT)
    held = [*(each for pair in pairs for each in pair), *waiting.values_list("address", flat=True)]
    return {address for address in held if address}


def _suppress_one(business: Business, each: OptOut, by: User | None) -> bool:
    return suppress(
        business, each.address, category=each.category, source=each.source, now=each.since, note=each.note, by=by
    )


def _write(business: Business, strangers: Sequence[OptOut], by: User | None) -> None:
    Suppression.objects.bulk_create(
        (
            Suppression(
                business=business,
                address=each.address,
                category=each.category,
                source=each.source,
                note=each.note,
                created_at=each.since,
            )
            for each in strangers
        ),
        ignore_conflicts=True,  # somebody else may add one at this moment
    )
    ConsentChange.objects.bulk_create(
        ConsentChange(
            business=business,
            address=each.address,
            what=STEPS[each.category],
            source=each.source,
            at=each.since,
            by=by,
        )
        for each in strangers
    )
    told = [(each.since, opt_out_data(each.address, each.category, each.source)) for each in strangers]
    all_happened(business, Happening.CONTACT_OPTED_OUT, told)
