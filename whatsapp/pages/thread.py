"""The thread with one person: what was said, what is asked of the business, and answering while WhatsApp allows it."""

from __future__ import annotations

import uuid
from datetime import datetime
from hashlib import sha256
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from businesses.pages import badges
from businesses.pages.access import PageRequest, business_page
from whatsapp.errors import WhatsappError
from whatsapp.inbox import direct_messages, quick_replies
from whatsapp.inbox.wishes import wish_of
from whatsapp.models import Contact, InboundMessage
from whatsapp.pages.conversations import ThreadMessage, conversation, last_message, last_of, notes_on, written_by
from whatsapp.pages.inbox import Place
from whatsapp.pages.standing import person_of
from whatsapp.pages.thread_team import NoteForm, members_of, own_membership
from whatsapp.people import identity
from whatsapp.sending import letter_costs

MOST_MESSAGES = 100


class AnswerForm(forms.Form):
    """A reply; its key `form` turns a double click into one message."""

    form = forms.UUIDField(widget=forms.HiddenInput)
    text = forms.CharField(
        label=gettext_lazy("Your answer"),
        max_length=direct_messages.LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )


@require_safe
@business_page(section="inbox")
def thread(request: PageRequest, contact_id: uuid.UUID) -> HttpResponse:
    """Show the messages with one person."""
    person = person_of(request, contact_id)
    chosen = request.GET.get("quick")  # without scripts; with them, it is put where the cursor is
    texts = (each.text for each in quick_replies.for_person(person) if str(each.id) == chosen) if chosen else ()
    return _page(request, person, AnswerForm(initial={"form": uuid.uuid4(), "text": next(iter(texts), "")}))


@require_safe
@business_page(section="inbox")
def new_messages(request: PageRequest, contact_id: uuid.UUID) -> HttpResponse:
    """Answer a polling page: the messages if they have changed; a whole new page when replying became possible."""
    person = person_of(request, contact_id)
    addresses = identity.addresses_of_contact(person)
    written = written_by(person, addresses, most=MOST_MESSAGES)
    said = _all_said(person, addresses, written)
    if request.GET.get("seen") == _print_of(person, said):
        return HttpResponse(status=204)
    is_open = _open_until(last_of(written), timezone.now()) is not None
    if is_open and request.GET.get("open") == "0":
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "whatsapp/thread_news.html", _said(request, person, said) | {"is_open": is_open})


@business_page(section="inbox", action_of="thread")
def answer(request: PageRequest, contact_id: uuid.UUID) -> HttpResponse:
    """Send a reply as free text."""
    person, form = person_of(request, contact_id), AnswerForm(request.POST)
    message = last_message(person)
    if form.is_valid():
        try:
            if message is None:
                raise WhatsappError(_("They have not written yet."))
            values = form.cleaned_data
            direct_messages.reply(message, values["text"], key=values["form"], now=timezone.now(), actor=request.user)
        except WhatsappError as error:
            form.add_error("text", str(error))
        else:
            badges.forget(request.business)
            messages.success(request, _("Answered."))
            there = redirect("thread", slug=request.business.slug, contact_id=person.pk)
            return redirect(there.url + Place.of(request).query)
    return _page(request, person, form, status=422)


def _open_until(last: InboundMessage | None, now: datetime) -> datetime | None:
    """Returns until when a reply to a person's last message is accepted; None if it no longer is, or without one."""
    until = last.received_at + direct_messages.WINDOW if last else None
    return until if until and until > now else None


def _all_said(person: Contact, addresses: list[str], written: list[InboundMessage]) -> list[ThreadMessage]:
    """Returns messages and notes, oldest first."""
    said = conversation(person, most=MOST_MESSAGES, addresses=addresses, written=written)
    notes = notes_on(person, most=MOST_MESSAGES) if person.has_notes else []  # type: ignore[attr-defined] # by thread_of()
    return sorted([*said, *notes], key=lambda each: each.at)


def _print_of(person: Contact, said: list[ThreadMessage]) -> str:
    """Returns a fingerprint that changes when the page needs to be updated."""
    shown = [(each.at, each.state, each.text, each.is_deleted, *(file.state for file in each.files)) for each in said]
    return sha256(repr([shown, person.settled_until]).encode()).hexdigest()[:16]


def _said(request: PageRequest, person: Contact, said: list[ThreadMessage]) -> dict[str, Any]:
    last = person.last_said_at  # type: ignore[attr-defined] # by thread_of()
    is_settled = bool(last and person.settled_until and person.settled_until >= last)
    seen = _print_of(person, said)
    return {"contact": person, "said": said, "seen": seen, "place": Place.of(request), "is_settled": is_settled}


def _page(request: PageRequest, person: Contact, form: AnswerForm, *, status: int = 200) -> HttpResponse:
    addresses = identity.addresses_of_contact(person)
    written = written_by(person, addresses, most=MOST_MESSAGES)
    said = _all_said(person, addresses, written)
    message, now = last_of(written), timezone.now()
    terms = None
    if message:
        message.sender.business = request.business  # known: no need to ask for it again
    open_until = _open_until(message, now)
    is_anybody_erased = person.is_anybody_erased  # type: ignore[attr-defined] # by thread_of()
    wish = wish_of(request.business, addresses, is_anybody_erased=is_anybody_erased)
    if wish and wish.is_silent:
        open_until = None
    if message and open_until:
        terms = letter_costs.terms_of_reply(message.sender, message.address, now)
    context = {
        "open_until": open_until,
        "is_open": open_until is not None,
        "form": form,
        "reply_terms": terms,
        "wish": wish,
        "beside": Place.of(request).beside(request.business, request.user, now),
        "current": person.pk,
        "quick": quick_replies.for_person(person) if person.has_quick_replies else [],  # type: ignore[attr-defined] # by thread_of()
        "members": members_of(request.business) if "assign" in request.GET else [],
        "own_membership": own_membership(request),
        "note_form": NoteForm(initial={"form": uuid.uuid4()}),
    }
    return render(request, "whatsapp/thread.html", _said(request, person, said) | context, status=status)
