"""The second step of a broadcast: who gets it. How many that are is counted while it is chosen."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import BinaryIO
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from businesses.models import Business
from businesses.pages.access import PageRequest, business_page
from whatsapp.audience.choice import ContactsChoice, EarlierChoice, FileChoice, SegmentChoice
from whatsapp.audience.conditions import Conditions
from whatsapp.audience.file_settling import settle
from whatsapp.audience.sources import contacts_of, earlier_chosen
from whatsapp.broadcasts import drafts
from whatsapp.errors import WhatsappError
from whatsapp.models import Broadcast, Consent
from whatsapp.pages import pasting
from whatsapp.pages.broadcast_page import find
from whatsapp.pages.conditions_asked import people_address
from whatsapp.pages.draft_step import draft_step, edition_in, unfilled
from whatsapp.pages.people_form import PASTE, PeopleForm, chosen_before
from whatsapp.people.messaging_settings import region_of
from whatsapp.tables.readings import Answers, FileQuestion
from whatsapp.tables.tables import refuse_large


@draft_step
def choose_people(request: PageRequest, draft: Broadcast) -> HttpResponse:
    """Choose who gets it: a file, pasted numbers, contacts, or people of an earlier broadcast."""
    form = PeopleForm(
        request.POST or None, request.FILES or None, business=request.business, initial=chosen_before(draft)
    )
    counts_only = "count" in request.POST
    if not counts_only and form.is_valid():
        try:
            _choose(request, draft, form)
        except WhatsappError as error:
            form.add_error("file" if form.cleaned_data["source"] != PASTE else "pasted", str(error))
        else:
            return redirect("broadcast-edit-details", slug=request.business.slug, broadcast_id=draft.pk)
    context = {
        "form": form,
        "draft": draft,
        "edition": edition_in(request, draft),
        "template": draft.template,
        "bubble": unfilled(draft.template),
        "people": _counted(form) if counts_only else None,
        "address": _address(form) if counts_only else "",
    }
    status = 422 if form.is_bound and form.errors and not counts_only else 200
    return render(request, "whatsapp/broadcast_new_people.html", context, status=status)


@require_safe
@business_page(section="broadcasts")
def count(request: PageRequest, broadcast_id: UUID) -> HttpResponse:
    """Show how many people the choice so far means. Nothing is stored."""
    find(request, broadcast_id)
    form = PeopleForm(request.GET, business=request.business)
    return render(request, "whatsapp/broadcast_count.html", {"people": _counted(form), "address": _address(form)})


def _counted(form: PeopleForm) -> int | None:
    """Returns how many people are chosen; None while that is unknown: a file, or nothing that can be counted."""
    if not form.is_valid():
        return None
    try:
        match form.choice():
            case ContactsChoice() | SegmentChoice() as choice:
                return contacts_of(form.business, choice, now=timezone.now()).count()
            case EarlierChoice() as choice:
                return earlier_chosen(form.business, choice).count()
            case _:
                return None
    except WhatsappError:
        return None


def _address(form: PeopleForm) -> str:
    """Returns the address of the list of the chosen contacts; "" for people of other kinds."""
    if not form.is_valid():
        return ""
    match form.choice():
        case SegmentChoice() as choice:
            return f"{reverse('contacts', args=[form.business.slug])}?segment={choice.segment}"
        case ContactsChoice() as choice:
            consent = Consent.GRANTED.value if choice.only_with_consent else ""
            conditions = Conditions(all_tags=choice.tags, no_tags=choice.without_tags, consent=consent)
            return people_address(form.business, conditions)
        case _:
            return ""


def _choose(request: PageRequest, draft: Broadcast, form: PeopleForm) -> None:
    """Store the people; a file is checked to be a table first. Raises `WhatsappError`."""
    choice, edition, values = form.choice(), edition_in(request, draft), form.cleaned_data
    if not isinstance(choice, FileChoice):
        drafts.choose_people(draft, choice, edition=edition)
    elif values["source"] == PASTE:
        region = values["region"]
        text, answers = pasting.tidied(values["pasted"], region or region_of(request.business))
        answers = replace(answers, region=region)
        file: BinaryIO = io.BytesIO(text.encode())
        _check(request.business, file, answers)
        drafts.choose_people(draft, choice, edition=edition, file=file, answers=answers)
    else:
        refuse_large(values["file"].size)
        file, answers = values["file"].file, Answers(region=values["region"])
        _check(request.business, file, answers)
        name = values["file"].name
        drafts.choose_people(draft, choice, edition=edition, file=file, file_name=name, answers=answers)


def _check(business: Business, file: BinaryIO, answers: Answers) -> None:
    """Refuse a file that can't be used whatever is answered about it. Raises `BadAudience`."""
    try:
        settle(file, of=business.pk, region=region_of(business), answers=answers)
    except FileQuestion:
        return
