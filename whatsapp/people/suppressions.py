"""Who must not be messaged: checking, adding, removing. All functions expect the business to be set (`acting_for`).

An entry is stored under the address that it came from, and holds for every address of the person (`people.identity`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from businesses.audit import AuditKind, record
from businesses.happenings import Happening, happened
from businesses.keeping.fingerprints import fingerprints, readable_fingerprints
from businesses.keeping.person import ERASED
from businesses.models import AddressKey, Business, Permission, User
from businesses.permissions import demand
from businesses.phone_numbers import masked
from whatsapp import recipients
from whatsapp.models import (
    Consent,
    ConsentStep,
    Recipient,
    Suppression,
    SuppressionCategory,
    SuppressionSource,
    TemplateCategory,
)
from whatsapp.people import consent as consents
from whatsapp.people import identity
from whatsapp.people.identity import People
from whatsapp.states import UNSENT, RecipientStatus, SkipReason

STEPS = {
    SuppressionCategory.MARKETING: ConsentStep.NO_MARKETING,
    SuppressionCategory.ALL: ConsentStep.NO_BROADCASTS,
}
"""What the history of consents says when somebody stops messages of a category."""


def categories_that_block(template_category: str) -> tuple[SuppressionCategory, ...]:
    """Returns the suppressions that block a template of this category; a marketing opt-out lets a receipt through."""
    if template_category == TemplateCategory.MARKETING:
        return (SuppressionCategory.MARKETING, SuppressionCategory.ALL)
    return (SuppressionCategory.ALL,)


def blocked(
    business: Business,
    addresses: Collection[str],
    template_category: str,
    *,
    known: People | None = None,
    keys: Sequence[AddressKey] | None = None,
) -> set[str]:
    """Returns those of the addresses whose people must not get a template of this category, erased people included.

    `known`: who these people are, and `keys`: the business's key, if the caller has looked it up. Raises
    `CredentialsUnreadable` when the fingerprints of erased people can't be computed.
    """
    people = known or identity.people(business, addresses)
    everybody = people.every(addresses)
    hidden = fingerprints(business, everybody, keys=keys)
    found = Suppression.objects.filter(
        business=business,
        address__in=[*everybody, *hidden.values()],
        category__in=categories_that_block(template_category),
    )
    listed = set(found.values_list("address", flat=True))
    refusing = {people.key(each) for each in everybody if each in listed or hidden.get(each) in listed}
    return {each for each in addresses if people.key(each) in refusing or each.startswith(ERASED)}


def entries_of(business: Business, addresses: Collection[str]) -> QuerySet[Suppression]:
    """Returns the entries of these people, also those that an erased person left under a fingerprint."""
    return Suppression.objects.filter(business=business, address__in=known_as(business, addresses))


def known_as(business: Business, addresses: Collection[str]) -> list[str]:
    """Returns every address of these people, and the fingerprints that stand in their place since they were erased."""
    everybody = identity.addresses_of(business, *addresses)
    return [*everybody, *readable_fingerprints(business, everybody)]


def suppress(
    business: Business,
    address: str,
    *,
    category: SuppressionCategory,
    source: SuppressionSource,
    now: datetime,
    note: str = "",
    by: User | None = None,
) -> bool:
    """Stop messages to this person from now on, in broadcasts under way too. Returns whether that is a change."""
    if address.startswith(ERASED):
        return False  # the row of an erased person, about which a late report came
    with transaction.atomic():
        everybody = identity.addresses_of(business, address)
        was_there = Suppression.objects.filter(business=business, address__in=everybody, category=category).exists()
        _suppression, is_new = Suppression.objects.get_or_create(
            business=business,
            address=address,
            category=category,
            defaults={"source": source, "note": note[:300], "created_at": now},
        )
        added = is_new and not was_there
        _set_consent(business, everybody, Consent.WITHDRAWN, source, now)
        _skip_waiting(business, everybody, category)
        if added:
            consents.note(business, [address], STEPS[category], source=source, now=now, by=by)
            happened(business, Happening.CONTACT_OPTED_OUT, opt_out_data(address, category, source), now=now)
    return added


def opt_out_data(address: str, category: SuppressionCategory, source: SuppressionSource) -> dict[str, str]:
    """Returns what the business's own systems are told of an opt-out: `address` may be WhatsApp's user id."""
    return {"address": address, "category": category.value, "source": source.value}


def lift(
    business: Business,
    address: str,
    *,
    now: datetime,
    categories: Collection[SuppressionCategory],
    consent: Consent = Consent.GRANTED,
    source: SuppressionSource = SuppressionSource.REPLY,
    by: User | None = None,
) -> bool:
    """Allow messages to the person again. Returns whether they had been suppressed.

    Recipients already skipped stay skipped. Raises `NotPermitted` for a person who may not; someone who replies START
    lifts it without one (`by` is None).
    """
    demand(by, business, Permission.LIFT_OPT_OUTS)
    with transaction.atomic():
        removed, _by_model = entries_of(business, [address]).filter(category__in=categories).delete()
        changed = _set_consent(business, identity.addresses_of(business, address), consent, source, now)
        if removed or changed:
            step = ConsentStep.AGREED if consent == Consent.GRANTED else ConsentStep.LIFTED
            consents.note(business, [address], step, source=source, now=now, by=by)
        if removed and by is not None:
            record(business, AuditKind.OPT_OUT_LIFTED, person=by, address=masked(address))
    return bool(removed)


def _set_consent(
    business: Business, addresses: Collection[str], consent: Consent, source: SuppressionSource, now: datetime
) -> bool:
    """Store the consent on the person's contacts. Returns whether it has changed."""
    contacts = identity.contacts_with(business, addresses)
    before = set(contacts.values_list("consent", flat=True))
    contacts.update(consent=consent, consent_source=source.value, consent_changed_at=now)
    return bool(before - {consent})


def _skip_waiting(business: Business, addresses: Collection[str], category: SuppressionCategory) -> None:
    """Skip the person in every broadcast that has not sent to them yet."""
    waiting = Recipient.objects.filter(business=business, address__in=addresses, status__in=UNSENT)
    if category == SuppressionCategory.MARKETING:
        waiting = waiting.filter(broadcast__template_category=TemplateCategory.MARKETING)
    recipients.free(waiting, to=RecipientStatus.SKIPPED, skip_reason=SkipReason.OPTED_OUT)
