"""Messages from people, and replying to them while WhatsApp allows it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from businesses.pages.access import PageRequest, business_page
from businesses.pages.listing import listing
from whatsapp.errors import WhatsappError
from whatsapp.inbox import direct_messages
from whatsapp.models import Contact
from whatsapp.pages.conversations import ThreadMessage, conversation, last_message, threads, with_last_messages
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
def inbox(request: PageRequest) -> HttpResponse:
    """Show the people who wrote, latest first."""
    only = request.GET.get("show") == "unanswered"
    shown = listing(request, threads(request.business, only_unanswered=only))
    context = {"listing": shown, "threads": with_last_messages(shown.rows), "only_unanswered": only}
    name = "whatsapp/inbox_list.html" if request.htmx else "whatsapp/inbox.html"
    return render(request, name, context)


@require_safe
@business_page(section="inbox")
def thread(request: PageRequest, contact_id: uuid.UUID) -> HttpResponse:
    """Show the messages with one person."""
    return _page(request, _found(contact_id), AnswerForm(initial={"form": uuid.uuid4()}))


@require_safe
@business_page(section="inbox")
def new_messages(request: PageRequest, contact_id: uuid.UUID) -> HttpResponse:
    """Answer a polling page: the messages if they have changed; a whole new page when replying became possible."""
    person = _found(contact_id)
    addresses = identity.addresses_of_contact(person)
    said = conversation(person, most=MOST_MESSAGES, addresses=addresses)
    if request.GET.get("seen") == _print_of(said):
        return HttpResponse(status=204)
    is_open = _open_until(person, addresses) is not None
    if is_open and request.GET.get("open") == "0":
        return HttpResponse(headers={"HX-Refresh": "true"})
    context = {"contact": person, "said": said, "seen": _print_of(said), "is_open": is_open}
    return render(request, "whatsapp/thread_messages.html", context)


@require_POST
@business_page(section="inbox")
def answer(request: PageRequest, contact_id: uuid.UUID) -> HttpResponse:
    """Send a reply as free text."""
    person, form = _found(contact_id), AnswerForm(request.POST)
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
            messages.success(request, _("Answered."))
            return redirect("thread", slug=request.business.slug, contact_id=person.pk)
    return _page(request, person, form, status=422)


def _found(contact_id: uuid.UUID) -> Contact:
    return get_object_or_404(Contact.objects.select_related("business"), pk=contact_id)


def _open_until(person: Contact, addresses: Sequence[str]) -> datetime | None:
    """Returns until when a reply is accepted; None if it no longer is, or if the person has never written."""
    message = last_message(person, addresses)
    return direct_messages.reply_until(message, now=timezone.now(), addresses=addresses) if message else None


def _print_of(said: list[ThreadMessage]) -> str:
    """Returns a fingerprint that changes when the page needs to be updated."""
    return sha256(repr([(each.at, each.state, each.text, each.is_deleted) for each in said]).encode()).hexdigest()[:16]


def _page(request: PageRequest, person: Contact, form: AnswerForm, *, status: int = 200) -> HttpResponse:
    addresses = identity.addresses_of_contact(person)
    said = conversation(person, most=MOST_MESSAGES, addresses=addresses)
    message, now = last_message(person, addresses), timezone.now()
    terms = None
    if message:
        message.sender.business = request.business  # known: no need to ask for it again
    open_until = direct_messages.reply_until(message, now=now, addresses=addresses) if message else None
    if message and open_until:
        terms = letter_costs.terms_of_reply(message.sender, message.address, now)
    context = {
        "contact": person,
        "said": said,
        "seen": _print_of(said),
        "open_until": open_until,
        "is_open": open_until is not None,
        "form": form,
        "reply_terms": terms,
    }
    return render(request, "whatsapp/thread.html", context, status=status)
