"""The buttons of a broadcast's page. Each calls one action; what can't be done is explained and changes nothing."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from django.contrib import messages
from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import sanitize_separators
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from businesses.pages.access import PageRequest
from whatsapp.broadcasts import creation, drafts, lifecycle, taking_back
from whatsapp.control import giving_up, retrying, starting
from whatsapp.errors import EditedElsewhere, IllegalChange, WhatsappError
from whatsapp.inbox import direct_messages
from whatsapp.models import Broadcast
from whatsapp.pages.asked_for import NO_ID, id_of
from whatsapp.pages.broadcast_page import find, first_values
from whatsapp.pages.button import button
from whatsapp.pages.draft_step import edition_in, to_page
from whatsapp.states import BroadcastStatus

_steers = button(section="broadcasts", page="broadcast", find=find)


@_steers
def start(request: PageRequest, found: Broadcast) -> str:
    """Start in some seconds, or wait for the scheduled time: the edition that the page showed, and no other."""
    if edition_in(request, found) != found.edition:
        raise EditedElsewhere
    starting.start(found, now=timezone.now(), actor=request.user, undo_for=taking_back.UNDO_FOR)
    waits = found.status == BroadcastStatus.SCHEDULED
    return _("It starts automatically at the scheduled time.") if waits else _("Started. You can undo it for a moment.")


@_steers
def undo(request: PageRequest, found: Broadcast) -> str:
    """Undo the start, before anything is sent."""
    try:
        taking_back.undo(found, now=timezone.now(), actor=request.user)
    except IllegalChange:
        raise WhatsappError(_("Too late to undo the start: sending has begun. Pause or cancel it.")) from None
    return _("The start is undone: it is a draft again, and nothing was sent.")


@_steers
def pause(request: PageRequest, found: Broadcast) -> str:
    """Pause: nothing more is sent for now."""
    lifecycle.pause(found, now=timezone.now(), actor=request.user)
    return _("Paused. What is on its way still arrives.")


@_steers
def resume(request: PageRequest, found: Broadcast) -> str:
    """Resume exactly where it stopped, with a higher budget if one is typed."""
    if written := request.POST.get("budget", "").strip():
        creation.set_budget(found, _amount(written))
    starting.resume(found, now=timezone.now(), actor=request.user)
    return _("It continues where it stopped.")


def _amount(written: str) -> Decimal:
    try:
        return Decimal(sanitize_separators(written))
    except InvalidOperation:
        raise WhatsappError(_("A budget is an amount of at least 0.01, like 25 or 25.50.")) from None


@_steers
def accept_category(request: PageRequest, found: Broadcast) -> str:
    """Accept the template's new category and its price."""
    starting.accept_category(found, now=timezone.now(), actor=request.user)
    return _("Accepted: it is sent at the new price.")


@_steers
def cancel(request: PageRequest, found: Broadcast) -> str:
    """Cancel for good: nobody else gets it."""
    lifecycle.cancel(found, now=timezone.now(), actor=request.user)
    return _("Cancelled. Nobody else will receive it.")


@_steers
def retry(request: PageRequest, found: Broadcast) -> str:
    """Retry messages that failed for a temporary reason."""
    people = retrying.retry(found, now=timezone.now(), actor=request.user)
    return ngettext("Sending again to %(people)s person.", "Sending again to %(people)s people.", people) % {
        "people": intcomma(people)
    }


@_steers
def give_up(request: PageRequest, found: Broadcast) -> str:
    """Don't wait for another try of those who could not be reached for now."""
    people = giving_up.give_up(found, now=timezone.now(), actor=request.user)
    return ngettext(
        "%(people)s person will not be tried again.", "%(people)s people will not be tried again.", people
    ) % {"people": intcomma(people)}


@_steers
def edit(request: PageRequest, found: Broadcast) -> HttpResponse:
    """Take back a broadcast that has not started: it is a draft again."""
    taking_back.take_back(found, now=timezone.now(), actor=request.user)
    messages.success(request, _("It is a draft again: it won't be sent until you schedule or start it."))
    return redirect("broadcast-edit-details", slug=request.business.slug, broadcast_id=found.pk)


@_steers
def duplicate(request: PageRequest, found: Broadcast) -> HttpResponse:
    """Make a draft like this one."""
    copy = drafts.duplicate(found, actor=request.user)
    messages.success(request, _("This is the copy. Nothing is sent until you start it."))
    return to_page(copy)


@_steers
def discard(request: PageRequest, found: Broadcast) -> HttpResponse:
    """Remove a draft, as if it had never been created."""
    creation.discard(found)
    messages.success(request, _("Draft deleted."))
    return redirect("broadcasts", slug=request.business.slug)


@_steers
def test_message(request: PageRequest, found: Broadcast) -> str:
    """Send the message, with the values of the first person, to one's own number."""
    key = id_of(request.POST.get("key", ""))
    if key == NO_ID:
        raise WhatsappError(_("Reload the page and try again."))
    sent = direct_messages.send_test(
        found.sender,
        found.template,
        to=request.POST.get("number", ""),
        params=first_values(found),
        key=key,
        now=timezone.now(),
        actor=request.user,
    )
    drafts.note_test(found, sent, now=timezone.now(), actor=request.user)
    return _("The test message is on its way. Look at your phone.")
