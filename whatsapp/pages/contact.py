"""One contact: what is known, their consent, and the messages in both directions."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from businesses.keeping.fingerprints import readable_fingerprints
from businesses.models import AddressKey, Permission
from businesses.pages.access import PageRequest, business_page
from whatsapp.models import (
    Consent,
    Contact,
    ContactMerge,
    ContactTag,
    Suppression,
    SuppressionCategory,
    SuppressionSource,
    Tag,
)
from whatsapp.pages.button import button
from whatsapp.pages.contact_forms import AgreeForm, CategoryForm, FactsForm, NumberForm, TagForm, attribute_lines
from whatsapp.pages.conversations import conversation
from whatsapp.people import consent, identity, merging, same_person, suppressions, tagging
from whatsapp.people.number_forms import canonical

MOST_MESSAGES = 100
MOST_TAGS = 200
"""Offered as one types; the contact's own come first."""


def _found(request: PageRequest, contact_id: UUID) -> Contact:
    rows = Contact.objects.select_related("business").annotate(
        was_merged=Exists(ContactMerge.objects.filter(contact=OuterRef("pk"))),
        is_anybody_erased=Exists(AddressKey.objects.filter(business=request.business)),
    )
    return get_object_or_404(rows, business=request.business, pk=contact_id)


_button = button(section="contacts", page="contact", find=_found)
_lifting_button = button(section="contacts", page="contact", find=_found, needs=Permission.LIFT_OPT_OUTS)


@require_safe
@business_page(section="contacts")
def contact(request: PageRequest, contact_id: UUID) -> HttpResponse:
    """Show a contact."""
    return _page(request, _found(request, contact_id))


@_button
def facts(request: PageRequest, person: Contact) -> str | HttpResponse:
    """Correct the name, the language and the attributes."""
    form = FactsForm(request.POST)
    if not form.is_valid():
        return _page(request, person, facts_form=form)
    person.name, person.language = form.cleaned_data["name"], form.cleaned_data["language"]
    if "attributes" in request.POST:
        person.attributes = form.cleaned_data["attributes"]
    person.save(update_fields=["name", "language", "attributes"])
    return _("Saved.")


@_button
def number(request: PageRequest, person: Contact) -> HttpResponse:
    """Enter another number of the person: in the place of theirs, or that of a contact to be merged. Merging asks."""
    form = NumberForm(request.POST, business=request.business)
    is_merge = request.POST.get("merge") == "1"
    name = "merge_form" if is_merge else "number_form"
    if not form.is_valid():
        return _page(request, person, **{name: form})
    address = form.cleaned_data["phone"]
    known = identity.contacts_with(request.business, identity.addresses_of(request.business, address))
    form.other = known.exclude(pk=person.pk).first()
    if is_merge and form.other is None:
        form.add_error("phone", _("No other contact has this number."))
    if form.errors or (form.other is not None and request.POST.get("confirm") != "1"):
        return _page(request, person, **{name: form})
    kept = same_person.say(person, address, replaces=not is_merge, now=timezone.now(), by=request.user)
    messages.success(request, _("Saved. Consent, opt-outs and messages of both numbers belong together."))
    return redirect("contact", slug=request.business.slug, contact_id=kept.pk)


@_button
def add_tag(request: PageRequest, person: Contact) -> str | HttpResponse:
    """Add a tag."""
    form = TagForm(request.POST)
    if not form.is_valid():
        return _page(request, person, tag_form=form)
    tagging.tag(request.business, [person], form.cleaned_data["tag"])
    return _("Tag added.")


@_button
def remove_tag(request: PageRequest, person: Contact) -> str:
    """Remove a tag."""
    tagging.untag(request.business, [person], request.POST.get("tag", ""))
    return _("Tag removed.")


@_button
def agree(request: PageRequest, person: Contact) -> str | HttpResponse:
    """Record that the person agreed to get messages."""
    form = AgreeForm(request.POST)
    if not form.is_valid():
        return _page(request, person, agree_form=form)
    consent.agree(person, source=form.cleaned_data["source"], now=timezone.now(), by=request.user)
    return _("Noted.")


@_button
def suppress(request: PageRequest, person: Contact) -> str | HttpResponse:
    """Stop messages to the person."""
    form = CategoryForm(request.POST)
    if not form.is_valid():
        return _page(request, person, category_form=form)
    for address in _own_addresses(identity.addresses_of_contact(person)):  # each for itself, if they are parted later
        suppressions.suppress(
            request.business,
            address,
            category=SuppressionCategory(form.cleaned_data["category"]),
            source=SuppressionSource.STAFF,
            now=timezone.now(),
            note=form.cleaned_data["note"],
            by=request.user,
        )
    return _("They will get no more messages, not even from broadcasts already being sent.")


@_lifting_button
def lift(request: PageRequest, person: Contact) -> str:
    """Allow messages to the person again."""
    for address in _own_addresses(identity.addresses_of_contact(person)):
        suppressions.lift(
            request.business,
            address,
            now=timezone.now(),
            categories=list(SuppressionCategory),
            consent=Consent.UNKNOWN,
            source=SuppressionSource.STAFF,
            by=request.user,
        )
    return _("They may be messaged again.")


@_lifting_button
def part(request: PageRequest, person: Contact) -> str:
    """Make two contacts again of one that was merged from two."""
    wanted = request.POST.get("merge", "")
    merge = next((each for each in ContactMerge.objects.filter(contact=person) if str(each.pk) == wanted), None)
    if merge is None:
        raise Http404
    back = merging.undo(merge, now=timezone.now(), by=request.user)
    return _("They are two contacts again.") if back else _("They were separated already.")


def _own_addresses(addresses: list[str]) -> list[str]:
    """Returns the person's addresses, each number in one form."""
    return list(dict.fromkeys(map(canonical, addresses)))


def _page(request: PageRequest, person: Contact, **filled: forms.Form) -> HttpResponse:
    addresses = identity.addresses_of_contact(person)
    is_hidden = person.is_anybody_erased  # type: ignore[attr-defined] # annotated by _found
    known = [*addresses, *(readable_fingerprints(request.business, addresses) if is_hidden else [])]
    given = Exists(ContactTag.objects.filter(contact=person, tag=OuterRef("pk")))
    every_tag = Tag.objects.filter(business=request.business).annotate(is_given=given)
    tags = list(every_tag.order_by("-is_given", "name")[:MOST_TAGS])
    forms_there = {
        "facts_form": FactsForm(
            initial={
                "name": person.name,
                "language": person.language,
                "attributes": attribute_lines(person.attributes),
            }
        ),
        "number_form": NumberForm(business=request.business),
        "merge_form": NumberForm(business=request.business, auto_id="merge_%s"),
        "tag_form": TagForm(),
        "agree_form": AgreeForm(),
        "category_form": CategoryForm(),
    }
    context = {
        **forms_there,
        **filled,
        "contact": person,
        "tags": [tag for tag in tags if tag.is_given],
        "all_tags": tags,
        "history": consent.history(request.business, known),
        "suppressed": list(Suppression.objects.filter(business=request.business, address__in=known)),
        "also": [
            each for each in _own_addresses(addresses) if each not in {canonical(person.phone or ""), person.bsuid}
        ],
        "merges": merging.merges_of(person) if person.was_merged else [],  # type: ignore[attr-defined] # by _found
        "said": conversation(person, most=MOST_MESSAGES, addresses=addresses),
        "most": MOST_MESSAGES,
    }
    return render(request, "whatsapp/contact.html", context, status=422 if filled else 200)
