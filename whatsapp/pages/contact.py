"""One person: what is known, what they said about messages, and what was written."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from businesses.pages.access import PageRequest, business_page
from whatsapp import consent, suppressions, tagging
from whatsapp.models import Consent, Contact, Suppression, SuppressionCategory, SuppressionSource, Tag
from whatsapp.pages.contact_forms import AgreeForm, CategoryForm, FactsForm, TagForm
from whatsapp.pages.conversations import addresses_of, conversation

MOST_MESSAGES = 100


@require_safe
@business_page(section="contacts")
def contact(request: PageRequest, contact_id: UUID) -> HttpResponse:
    """Show a person."""
    return _page(request, _found(contact_id))


@require_POST
@business_page(section="contacts")
def facts(request: PageRequest, contact_id: UUID) -> HttpResponse:
    """Correct name and language."""
    person, form = _found(contact_id), FactsForm(request.POST)
    if not form.is_valid():
        return _page(request, person, facts_form=form)
    person.name, person.language = form.cleaned_data["name"], form.cleaned_data["language"]
    person.save(update_fields=["name", "language"])
    return _done(request, person, _("Saved."))


@require_POST
@business_page(section="contacts")
def add_tag(request: PageRequest, contact_id: UUID) -> HttpResponse:
    """Give a tag."""
    person, form = _found(contact_id), TagForm(request.POST)
    if not form.is_valid():
        return _page(request, person, tag_form=form)
    tagging.tag(request.business, [person], form.cleaned_data["tag"])
    return _done(request, person, _("Tagged."))


@require_POST
@business_page(section="contacts")
def remove_tag(request: PageRequest, contact_id: UUID) -> HttpResponse:
    """Take a tag away."""
    person = _found(contact_id)
    tagging.untag(request.business, [person], request.POST.get("tag", ""))
    return _done(request, person, _("The tag is taken away."))


@require_POST
@business_page(section="contacts")
def agree(request: PageRequest, contact_id: UUID) -> HttpResponse:
    """Note that the person agreed to get messages."""
    person, form = _found(contact_id), AgreeForm(request.POST)
    if not form.is_valid():
        return _page(request, person, agree_form=form)
    consent.agree(person, source=form.cleaned_data["source"], now=timezone.now(), by=request.user)
    return _done(request, person, _("Noted."))


@require_POST
@business_page(section="contacts")
def suppress(request: PageRequest, contact_id: UUID) -> HttpResponse:
    """Message the person no more."""
    person, form = _found(contact_id), CategoryForm(request.POST)
    if not form.is_valid():
        return _page(request, person, category_form=form)
    for address in addresses_of(person):
        suppressions.suppress(
            request.business,
            address,
            category=SuppressionCategory(form.cleaned_data["category"]),
            source=SuppressionSource.STAFF,
            now=timezone.now(),
            note=form.cleaned_data["note"],
            by=request.user,
        )
    return _done(request, person, _("They get no more messages, also from broadcasts that are under way."))


@require_POST
@business_page(section="contacts")
def lift(request: PageRequest, contact_id: UUID) -> HttpResponse:
    """Let the person be messaged again."""
    person = _found(contact_id)
    for address in addresses_of(person):
        suppressions.lift(
            request.business,
            address,
            now=timezone.now(),
            categories=list(SuppressionCategory),
            consent=Consent.UNKNOWN,
            source=SuppressionSource.STAFF,
            by=request.user,
        )
    return _done(request, person, _("They may be messaged again."))


def _found(contact_id: UUID) -> Contact:
    return get_object_or_404(Contact.objects.select_related("business"), pk=contact_id)


def _done(request: PageRequest, person: Contact, text: str) -> HttpResponse:
    messages.success(request, text)
    return redirect("contact", slug=request.business.slug, contact_id=person.pk)


def _page(request: PageRequest, person: Contact, **filled: forms.Form) -> HttpResponse:
    forms_there = {
        "facts_form": FactsForm(initial={"name": person.name, "language": person.language}),
        "tag_form": TagForm(),
        "agree_form": AgreeForm(),
        "category_form": CategoryForm(),
    }
    context = {
        **forms_there,
        **filled,
        "contact": person,
        "tags": person.tags.all(),
        "all_tags": Tag.objects.filter(business=request.business)[:200],
        "history": consent.history(person),
        "suppressed": list(Suppression.objects.filter(business=request.business, address__in=addresses_of(person))),
        "said": conversation(person, most=MOST_MESSAGES),
        "most": MOST_MESSAGES,
    }
    return render(request, "whatsapp/contact.html", context, status=422 if filled else 200)
