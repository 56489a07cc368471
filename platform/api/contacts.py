"""Contacts by the API: the same rules as on their pages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Router, Status
from ninja.params.functions import Query

from businesses.models import Business
from frontdesk.api.entry import token_of
from frontdesk.api.once import created
from frontdesk.api.paging import MOST, USUAL, page
from frontdesk.api.problems import Refused
from frontdesk.api.shapes import ContactChange, ContactIn, ContactOut, OptOutIn, Page, Problem, TagIn
from whatsapp.models import Contact, Suppression, SuppressionCategory, SuppressionSource
from whatsapp.people import consent, identity, suppressions, tagging
from whatsapp.people.contact_search import find_contacts
from whatsapp.people.messaging_settings import region_of
from whatsapp.people.number_forms import canonical
from whatsapp.people.phone_numbers import is_bsuid, to_e164

router = Router()


@router.get("", response={200: Page[ContactOut], 400: Problem}, operation_id="listContacts")
def list_contacts(
    request: HttpRequest,
    cursor: str | None = None,
    limit: int = Query(USUAL, ge=1, le=MOST),
    search: str = Query("", max_length=100, description="A part of the name, or of the number."),
    tag: str = Query("", max_length=60),
) -> Any:
    """List contacts, newest first."""
    business = token_of(request).business
    rows = find_contacts(business, text=search)
    if tag:
        rows = rows.filter(contact_tags__tag__name=tagging.tidy(tag))
    found, following = page(rows.prefetch_related("tags"), cursor, limit, by="created_at")
    return {"items": _shown(business, found), "next": following}


@router.post("", response={201: ContactOut, 200: ContactOut, 409: Problem, 422: Problem}, operation_id="createContact")
def create_contact(request: HttpRequest, given: ContactIn) -> Any:
    """Add a contact. With an Idempotency-Key a repeated request gets the contact that the first one made (200)."""
    business = token_of(request).business
    contact_id, is_new = created(request, business, lambda: _create(business, given))
    return Status(201 if is_new else 200, _one(business, contact_id))


@router.get("/{uuid:contact_id}", response={200: ContactOut, 404: Problem}, operation_id="getContact")
def get_contact(request: HttpRequest, contact_id: UUID) -> Any:
    """Get one contact."""
    return _one(token_of(request).business, contact_id)


@router.patch(
    "/{uuid:contact_id}", response={200: ContactOut, 404: Problem, 422: Problem}, operation_id="changeContact"
)
def change_contact(request: HttpRequest, contact_id: UUID, given: ContactChange) -> Any:
    """Change a contact's name, language or attributes."""
    business = token_of(request).business
    contact = _found(business, contact_id)
    changes = {name: value for name, value in given.dict(exclude_unset=True).items() if value is not None}
    for name, value in changes.items():
        setattr(contact, name, value)
    if changes:
        contact.save(update_fields=list(changes))
    return _one(business, contact_id)


@router.post("/{uuid:contact_id}/tags", response={200: ContactOut, 404: Problem, 422: Problem}, operation_id="tag")
def add_tag(request: HttpRequest, contact_id: UUID, given: TagIn) -> Any:
    """Add a tag."""
    business = token_of(request).business
    tagging.tag(business, [_found(business, contact_id)], given.tag)
    return _one(business, contact_id)


@router.delete("/{uuid:contact_id}/tags/{tag}", response={200: ContactOut, 404: Problem}, operation_id="untag")
def remove_tag(request: HttpRequest, contact_id: UUID, tag: str) -> Any:
    """Remove a tag; one that the contact doesn't have changes nothing."""
    business = token_of(request).business
    tagging.untag(business, [_found(business, contact_id)], tag)
    return _one(business, contact_id)


@router.post(
    "/{uuid:contact_id}/opt-out", response={200: ContactOut, 404: Problem, 422: Problem}, operation_id="optOut"
)
def opt_out(request: HttpRequest, contact_id: UUID, given: OptOutIn) -> Any:
    """Send the person no more messages, in broadcasts under way too. Only people of the business can lift it."""
    business = token_of(request).business
    contact = _found(business, contact_id)
    with transaction.atomic():
        for address in dict.fromkeys(map(canonical, identity.addresses_of_contact(contact))):
            suppressions.suppress(
                business,
                address,
                category=SuppressionCategory(given.category),
                source=SuppressionSource.STAFF,
                now=timezone.now(),
                note=given.note,
            )
    return _one(business, contact_id)


def _create(business: Business, given: ContactIn) -> UUID:
    address = given.phone if is_bsuid(given.phone) else to_e164(given.phone, region_of(business)).e164
    there = identity.contacts_with(business, identity.addresses_of(business, address)).first()
    if there is not None:
        raise Refused(409, "This person is already in your contacts.", contact=str(there.pk))
    field = "phone" if address.startswith("+") else "bsuid"
    try:
        with transaction.atomic():
            contact = Contact.objects.create(
                business=business,
                name=given.name,
                language=given.language,
                attributes=given.attributes,
                **{field: address},
            )
    except IntegrityError:
        raise Refused(409, "This person is already in your contacts.") from None
    for name in given.tags:
        tagging.tag(business, [contact], name)
    if given.consent_source:
        consent.agree(contact, source=given.consent_source, now=timezone.now())
    return contact.pk


def _found(business: Business, contact_id: UUID) -> Contact:
    return get_object_or_404(Contact.objects.select_related("business"), business=business, pk=contact_id)


def _one(business: Business, contact_id: UUID) -> dict[str, Any]:
    return _shown(business, [_found(business, contact_id)])[0]


def _shown(business: Business, contacts: Sequence[Contact]) -> list[dict[str, Any]]:
    """Returns contacts as they are answered, from one query for all opt-outs."""
    people = identity.people(
        business, [address for each in contacts for address in (each.phone, each.bsuid) if address]
    )
    everybody = people.every(address for each in contacts for address in (each.phone, each.bsuid) if address)
    refused: defaultdict[str, set[str]] = defaultdict(set)
    entries = Suppression.objects.filter(business=business, address__in=everybody)
    for address, category in entries.values_list("address", "category"):
        refused[people.key(address)].add(category)
    return [
        {
            "id": each.pk,
            "phone": each.phone,
            "user_id": each.bsuid,
            "name": each.name,
            "language": each.language,
            "attributes": each.attributes,
            "tags": sorted(tag.name for tag in each.tags.all()),
            "consent": each.consent,
            "opted_out": sorted(refused[people.key(each.phone or each.bsuid or "")]),
            "created_at": each.created_at,
        }
        for each in contacts
    ]
