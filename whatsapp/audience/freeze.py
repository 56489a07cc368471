"""Writing candidates as recipients: batch by batch, each with the cursor in one transaction.

An interrupted freeze can be continued from the cursor by any process. Two processes can't write the same batch,
because the cursor is moved by a conditional UPDATE before the rows are written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import transaction

from whatsapp.audience.rates import RateTable
from whatsapp.audience.rows import Candidate
from whatsapp.insert import insert_rows
from whatsapp.models import AddressKind, Broadcast, Consent, Contact, Recipient, TemplateCategory
from whatsapp.people import identity
from whatsapp.people.identity import People
from whatsapp.people.suppressions import blocked
from whatsapp.reasons import NO_REASON, Cause, reason
from whatsapp.states import BroadcastStatus, RecipientStatus, SkipReason

BATCH = 2_000
MAY_BE_FROZEN = (BroadcastStatus.DRAFT, BroadcastStatus.PREPARING)


def always(_rows: int) -> bool:
    """Returns True, for a `keep_going` without a limit."""
    return True


class OvertakenFreeze(Exception):
    """Another process froze this batch, or it was cancelled or edited meanwhile: the caller must stop."""


def freeze(
    broadcast: Broadcast,
    candidates: Iterable[Candidate],
    rates: RateTable,
    *,
    keep_going: Callable[[int], bool] = always,
) -> bool:
    """Write candidates from the broadcast's cursor on, until none is left or `keep_going(rows written)` is false.

    Returns:
        Whether no candidates are left.

    Raises:
        OvertakenFreeze: nothing of the current batch was written.
    """
    written = 0
    for batch in _batches(candidates):
        freeze_batch(broadcast, batch, rates)
        written += len(batch)
        if len(batch) == BATCH and not keep_going(written):
            return False
    return True


def freeze_batch(broadcast: Broadcast, batch: list[Candidate], rates: RateTable) -> None:
    """Write one batch and move the cursor past it. Raises `OvertakenFreeze`."""
    with transaction.atomic():
        _move_cursor(broadcast, batch[-1].position)
        rows = [
            _row(candidate, rates.price(candidate.country, broadcast.template_category))
            for candidate in _judge(broadcast, batch)
        ]
        insert_rows(
            Recipient,
            rows,
            {
                "business_id": broadcast.business_id,
                "broadcast_id": broadcast.pk,
                "provider": broadcast.sender.provider,
            },
        )
    broadcast.audience_cursor = batch[-1].position


def _batches(candidates: Iterable[Candidate]) -> Iterator[list[Candidate]]:
    iterator = iter(candidates)
    while batch := list(islice(iterator, BATCH)):
        yield batch


def _move_cursor(broadcast: Broadcast, position: str) -> None:
    known = Broadcast.objects.filter(
        pk=broadcast.pk,
        audience_cursor=broadcast.audience_cursor,
        edition=broadcast.edition,
        next_step="",
        status__in=MAY_BE_FROZEN,
    )
    moved = known.update(audience_cursor=position)
    if not moved:
        raise OvertakenFreeze


def _judge(broadcast: Broadcast, batch: list[Candidate]) -> Iterator[Candidate]:
    """Mark duplicates and people who must not be messaged as skipped, and look up everybody's contact.

    All of it goes by the person: two addresses of one person are duplicates, whichever of them opted out.
    """
    addresses = [candidate.address for candidate in batch if candidate.address]
    people = identity.people(broadcast.business, addresses)
    everybody = people.every(addresses)
    rows = Recipient.objects.filter(broadcast=broadcast, address__in=everybody)
    taken = {people.key(address or ""): number for address, number in rows.values_list("address", "row_number")}
    suppressed = blocked(broadcast.business, addresses, broadcast.template_category, known=people)
    contacts = _contacts(broadcast, everybody, people)
    is_marketing = broadcast.template_category == TemplateCategory.MARKETING
    for candidate in batch:
        address = candidate.address
        if address is None:
            yield candidate
            continue
        person = people.key(address)
        contact_id, consent = contacts.get(person, (None, Consent.UNKNOWN))
        if person in taken:
            yield _duplicate(candidate, taken[person])
            continue
        taken[person] = candidate.row_number
        known = replace(candidate, contact_id=candidate.contact_id or contact_id)
        if address in suppressed or (is_marketing and consent == Consent.WITHDRAWN):
            known = replace(known, skip_reason=SkipReason.OPTED_OUT)
        yield known


def _contacts(broadcast: Broadcast, addresses: list[str], people: People) -> dict[str, tuple[UUID, str]]:
    """Returns the contact of each person, by their key, and the strictest of their consents."""
    found: dict[str, tuple[UUID, str]] = {}
    for field, chosen in (
        ("phone", [address for address in addresses if address.startswith("+")]),
        ("bsuid", [address for address in addresses if not address.startswith("+")]),
    ):
        rows = Contact.objects.filter(business_id=broadcast.business_id, **{f"{field}__in": chosen})
        for address, pk, consent in rows.values_list(field, "pk", "consent"):
            known = found.setdefault(people.key(address), (pk, consent))
            if consent == Consent.WITHDRAWN:
                found[people.key(address)] = (known[0], consent)
    return found


def _duplicate(candidate: Candidate, first: int | None) -> Candidate:
    why = reason(Cause.SAME_AS_ROW, row=first) if first else reason(Cause.SAME_PERSON)
    return replace(candidate, address=None, skip_reason=SkipReason.DUPLICATE, reason=why)


def _row(candidate: Candidate, price: Decimal | None) -> dict[str, Any]:
    skipped = candidate.skip_reason is not None
    return {
        "contact_id": candidate.contact_id,
        "address": candidate.address,
        "address_kind": AddressKind.PHONE.value if candidate.is_phone else AddressKind.BSUID.value,
        "given_address": candidate.given,
        "given_name": candidate.name,
        "row_number": candidate.row_number,
        "country": candidate.country,
        "params": candidate.params,
        "status": RecipientStatus.SKIPPED.value if skipped else RecipientStatus.PENDING.value,
        "skip_reason": candidate.skip_reason.value if candidate.skip_reason else "",
        **(candidate.reason.kept() if candidate.reason else NO_REASON),
        "cost_estimate": None if skipped else price,
    }
