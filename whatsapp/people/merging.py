"""Merging contacts that turned out to be one person, and undoing it. Expects the business to be set.

The oldest contact is kept. Messages and rows of broadcasts move to it; they keep their own addresses, so undoing a
merge gives each contact back what was sent to and came from its addresses, also since the merge.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext as _

from businesses.audit import AuditKind, record
from businesses.models import Business, Permission, User
from businesses.permissions import demand
from businesses.phone_numbers import masked
from whatsapp.errors import WhatsappError
from whatsapp.models import (
    AddressTie,
    Consent,
    ConsentChange,
    ConsentStep,
    Contact,
    ContactMerge,
    ContactTag,
    InboundMessage,
    PersonAddress,
    Recipient,
    Suppression,
    Tag,
    ThreadNote,
    TieSource,
)
from whatsapp.people import identity
from whatsapp.people.contact_facts import Facts, facts_in, merged, parted
from whatsapp.people.identity import People
from whatsapp.people.number_forms import canonical
from whatsapp.people.unions import crossing, persons, sides

MOVED_AT_ONCE = 2_000
NEXT = timedelta(microseconds=1)
_CONSENT_AFTER = {
    ConsentStep.AGREED: Consent.GRANTED,
    ConsentStep.NO_MARKETING: Consent.WITHDRAWN,
    ConsentStep.NO_BROADCASTS: Consent.WITHDRAWN,
    ConsentStep.WITHDRAWN: Consent.WITHDRAWN,
    ConsentStep.LIFTED: Consent.UNKNOWN,
    ConsentStep.UNKNOWN: Consent.UNKNOWN,
}


class MergedSince(WhatsappError):
    """A later merge has to be undone first."""


def one_contact(business: Business, addresses: Iterable[str], *, now: datetime) -> Contact | None:
    """Returns the contact of the person with these addresses; several are merged first, unless somebody parted them."""
    known = identity.people(business, addresses)
    given = list(addresses)
    found = list(identity.contacts_with(business, known.every(given)))
    if len(found) > 1:
        with transaction.atomic():
            Business.objects.select_for_update(no_key=True).get(pk=business.pk)
            found = list(identity.contacts_with(business, known.every(given)))
            merge_all(found, source=TieSource.FORM, before=known, now=now)
            found = list(identity.contacts_with(business, known.every(given)))
    exact = (contact for contact in found if contact.phone in given or contact.bsuid in given)
    return next(exact, found[0] if found else None)


def merge_all(found: Sequence[Contact], *, source: TieSource, before: People, now: datetime) -> Contact:
    """Merge contacts of one person, the oldest first, into the first. Returns it.

    `before` is who was whom before they became one.
    """
    kept = found[0]
    parted_before = _parted(found)
    keys = [before.key(contact.address) for contact in found]
    for contact in found[1:]:
        if frozenset({kept.pk, contact.pk}) in parted_before:
            continue
        parts = [_part(each, before, is_alone=keys.count(before.key(each.address)) == 1) for each in (kept, contact)]
        _merge(kept, contact, source=source, mine=parts[0], theirs=parts[1] - parts[0], now=now)
    return kept


def _parted(found: Sequence[Contact]) -> set[frozenset[uuid.UUID]]:
    """Returns the pairs of contacts of which somebody has said that they are two people."""
    if len(found) < 2:
        return set()
    undone = ContactMerge.objects.filter(contact__in=found, undone_at__isnull=False)
    return {frozenset(two) for two in undone.values_list("contact", "absorbed_id")}


def _part(contact: Contact, before: People, *, is_alone: bool) -> set[str]:
    """Returns the addresses that were the contact's person's; only its own if that person has several contacts."""
    own = [address for address in (contact.phone, contact.bsuid) if address]
    return {canonical(address) for address in (before.every(own) if is_alone else own)}


def _merge(
    kept: Contact, absorbed: Contact, *, source: TieSource, mine: set[str], theirs: set[str], now: datetime
) -> None:
    ours, other = _facts(kept), _facts(absorbed)
    newest = ContactMerge.objects.filter(contact__in=[kept, absorbed]).aggregate(at=Max("at"))["at"]
    ContactMerge.objects.create(
        business=kept.business,
        contact=kept,
        source=source,
        at=max(now, newest + NEXT) if newest else now,  # they are undone in the opposite order
        absorbed_id=absorbed.pk,
        absorbed=other.kept() | {"created_at": absorbed.created_at.isoformat()},
        kept_before=ours.kept(),
        mine=sorted(mine),
        theirs=sorted(theirs),
    )
    _move(Recipient.objects.filter(contact=absorbed), kept)
    _move(InboundMessage.objects.filter(contact=absorbed), kept)
    _move(ThreadNote.objects.filter(contact=absorbed), kept)
    _move(ContactMerge.objects.filter(contact=absorbed), kept)
    absorbed.delete()  # before its addresses go to the kept one: a number is one contact's
    _write(kept, merged(ours, other))
    record(
        kept.business,
        AuditKind.CONTACTS_MERGED,
        address=masked(kept.address),
        other=masked(other.phone or other.bsuid or ""),
    )


def _move(rows: QuerySet[Any], to: Contact) -> None:
    keys = list(rows.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), MOVED_AT_ONCE):
        rows.filter(pk__in=keys[start : start + MOVED_AT_ONCE]).update(contact=to)


@dataclass(frozen=True, slots=True)
class MergeShown:
    """A merge as a page shows it. Only the newest that holds can be undone: it is the one that stands on the others."""

    merge: ContactMerge
    absorbed: Facts
    can_be_undone: bool


def merges_of(contact: Contact) -> list[MergeShown]:
    """Returns the merges into a contact, the newest first."""
    found = list(ContactMerge.objects.filter(business=contact.business, contact=contact).order_by("-at", "pk"))
    newest = next((merge for merge in found if merge.undone_at is None), None)
    return [
        MergeShown(merge, facts_in(_without(merge.absorbed, "created_at")), can_be_undone=merge is newest)
        for merge in found
    ]


def undo(merge: ContactMerge, *, now: datetime, by: User) -> Contact | None:
    """Make two contacts of one again. Returns the one that comes back; None if another was faster.

    Raises:
        MergedSince: the kept contact took in another one later.
        NotPermitted: the person may not lift opt-outs, which this may do.
    """
    business = merge.business
    demand(by, business, Permission.LIFT_OPT_OUTS)
    with transaction.atomic():
        Business.objects.select_for_update(no_key=True).get(pk=business.pk)
        merge.refresh_from_db()
        later = ContactMerge.objects.filter(contact=merge.contact_id, undone_at=None, at__gt=merge.at)
        if later.exists():
            raise MergedSince(_("Undo the later merge first."))
        if not ContactMerge.objects.filter(pk=merge.pk, undone_at=None).update(undone_at=now, undone_by=by):
            return None
        mine, theirs = _separate(business, merge, now)
        return _bring_back(business, merge, mine, theirs)


def _separate(business: Business, merge: ContactMerge, now: datetime) -> tuple[set[str], set[str]]:
    """Cut the ties between the two people. Returns the addresses of each."""
    everybody = identity.addresses_of(business, *merge.mine, *merge.theirs)
    ties = AddressTie.objects.filter(Q(one__in=everybody) | Q(other__in=everybody), business=business, cut_at=None)
    by_pair = {(tie.one, tie.other): tie for tie in ties}
    mine, theirs = sides(by_pair, merge.mine, merge.theirs)
    cut = crossing(by_pair, mine, theirs)
    AddressTie.objects.filter(pk__in=[by_pair[each].pk for each in cut]).update(cut_at=now)
    if cut:
        PersonAddress.objects.filter(business=business, address__in=mine | theirs).delete()
        PersonAddress.objects.bulk_create(
            PersonAddress(business=business, address=address, person=person, since=now)
            for together in sorted(map(sorted, persons(by_pair.keys() - cut)))
            for person in [uuid.uuid4()]
            for address in together
        )
    return mine, theirs


def _bring_back(business: Business, merge: ContactMerge, mine: set[str], theirs: set[str]) -> Contact:
    kept = Contact.objects.get(business=business, pk=merge.contact_id)
    before, absorbed = facts_in(merge.kept_before), facts_in(_without(merge.absorbed, "created_at"))
    alone = parted(_facts(kept), before, absorbed)
    alone = replace(
        alone,
        phone=alone.phone if alone.phone and canonical(alone.phone) in mine else before.phone,
        bsuid=alone.bsuid if alone.bsuid in mine else before.bsuid,
    )
    _write(kept, _since(business, merge, mine, alone))
    back = Contact(pk=merge.absorbed_id, business=business, **absorbed.columns)
    back.save(force_insert=True)
    Contact.objects.filter(pk=back.pk).update(created_at=datetime.fromisoformat(merge.absorbed["created_at"]))
    _write(back, _since(business, merge, theirs, absorbed))
    addresses = identity.in_every_form(theirs)
    for rows in (
        Recipient.objects.filter(business=business, contact=kept, address__in=addresses),
        InboundMessage.objects.filter(business=business, contact=kept, address__in=addresses),
        ThreadNote.objects.filter(business=business, contact=kept, address__in=addresses),
    ):
        rows.update(contact=back)
    for earlier in ContactMerge.objects.filter(business=business, contact=kept).exclude(pk=merge.pk):
        if set(earlier.mine) <= theirs:  # of the one that comes back, from before it was absorbed
            ContactMerge.objects.filter(pk=earlier.pk).update(contact=back)
    record(business, AuditKind.CONTACTS_PARTED, address=masked(kept.address), other=masked(back.address))
    return back


def _since(business: Business, merge: ContactMerge, addresses: Collection[str], facts: Facts) -> Facts:
    """Returns a contact's facts with what its own addresses did since the merge."""
    known = identity.in_every_form(addresses)
    changes = ConsentChange.objects.filter(business=business, address__in=known, at__gt=merge.at)
    last = changes.order_by("-at", "-pk").first()
    written = InboundMessage.objects.filter(business=business, address__in=known)
    newest = max(
        filter(None, (facts.last_inbound_at, written.aggregate(last=Max("received_at"))["last"])), default=None
    )
    said: dict[str, Any] = {}
    if last:
        consent = _CONSENT_AFTER[ConsentStep(last.what)].value
        said = {"consent": consent, "consent_source": last.source, "consent_changed_at": last.at}
    refused = Suppression.objects.filter(business=business, address__in=known, created_at__gt=merge.at).first()
    if refused:  # the stricter one, whatever was noted for the other address
        said = {
            "consent": Consent.WITHDRAWN.value,
            "consent_source": refused.source,
            "consent_changed_at": refused.created_at,
        }
    return Facts(**{**facts.columns, "tags": facts.tags, **said, "last_inbound_at": newest})


def _without(values: dict[str, object], name: str) -> dict[str, object]:
    return {key: value for key, value in values.items() if key != name}


def _facts(contact: Contact) -> Facts:
    tags = contact.contact_tags.values_list("tag__name", flat=True)
    columns = {name: getattr(contact, name) for name in Facts().columns}
    return Facts(**columns, tags=frozenset(tags))


def _write(contact: Contact, facts: Facts) -> None:
    for name, value in facts.columns.items():
        setattr(contact, name, value)
    contact.save(update_fields=list(facts.columns))
    for name in facts.tags:
        tag, _is_new = Tag.objects.get_or_create(business=contact.business, name=name)
        ContactTag.objects.get_or_create(business=contact.business, contact=contact, tag=tag)
    ContactTag.objects.filter(contact=contact).exclude(tag__name__in=facts.tags).delete()
