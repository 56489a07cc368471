"""Steering a broadcast by buttons. Each is one action; what can't be done is said in words and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from businesses.pages.access import PageRequest, business_page
from whatsapp import creation, direct_messages, lifecycle, retrying, starting
from whatsapp.errors import WhatsappError
from whatsapp.models import Broadcast
from whatsapp.pages.broadcast_page import find, first_values
from whatsapp.states import BroadcastStatus


def _steer(request: PageRequest, broadcast_id: UUID, change: Callable[[Broadcast], str]) -> HttpResponse:
    found = find(request, broadcast_id)
    try:
        messages.success(request, change(found))
    except WhatsappError as error:
        messages.error(request, str(error))
    return redirect("broadcast", slug=request.business.slug, broadcast_id=broadcast_id)


@require_POST
@business_page(section="broadcasts")
def start(request: PageRequest, broadcast_id: UUID) -> HttpResponse:
    """Start at once, or wait for its time."""

    def change(found: Broadcast) -> str:
        starting.start(found, now=timezone.now(), actor=request.user)
        waits = found.status == BroadcastStatus.SCHEDULED
        return _("It starts by itself at its time.") if waits else _("It is being sent.")

    return _steer(request, broadcast_id, change)


@require_POST
@business_page(section="broadcasts")
def pause(request: PageRequest, broadcast_id: UUID) -> HttpResponse:
    """Send nothing more for now."""

    def change(found: Broadcast) -> str:
        lifecycle.pause(found, now=timezone.now(), actor=request.user)
        return _("Paused. What is on its way still arrives.")

    return _steer(request, broadcast_id, change)


@require_POST
@business_page(section="broadcasts")
def resume(request: PageRequest, broadcast_id: UUID) -> HttpResponse:
    """Go on exactly where it stopped."""

    def change(found: Broadcast) -> str:
        lifecycle.resume(found, now=timezone.now(), actor=request.user)
        return _("It goes on where it stopped.")

    return _steer(request, broadcast_id, change)


@require_POST
@business_page(section="broadcasts")
def cancel(request: PageRequest, broadcast_id: UUID) -> HttpResponse:
    """Send nothing more, ever."""

    def change(found: Broadcast) -> str:
        lifecycle.cancel(found, now=timezone.now(), actor=request.user)
        return _("Cancelled. Nobody else gets it.")

    return _steer(request, broadcast_id, change)


@require_POST
@business_page(section="broadcasts")
def retry(request: PageRequest, broadcast_id: UUID) -> HttpResponse:
    """Try again what failed for a reason that may have passed."""

    def change(found: Broadcast) -> str:
        people = retrying.retry(found, now=timezone.now(), actor=request.user)
        return ngettext("%(people)s person is tried again.", "%(people)s people are tried again.", people) % {
            "people": people
        }

    return _steer(request, broadcast_id, change)


@require_POST
@business_page(section="broadcasts")
def discard(request: PageRequest, broadcast_id: UUID) -> HttpResponse:
    """Remove a draft, as if it had never been made."""
    found = find(request, broadcast_id)
    if found.status != BroadcastStatus.DRAFT:
        messages.error(request, _("Only a draft can be removed. Cancel it instead."))
        return redirect("broadcast", slug=request.business.slug, broadcast_id=broadcast_id)
    creation.discard(found)
    messages.success(request, _("The draft is removed."))
    return redirect("broadcasts", slug=request.business.slug)


@require_POST
@business_page(section="broadcasts")
def test_message(request: PageRequest, broadcast_id: UUID) -> HttpResponse:
    """Send the message, with the values of the first person, to a number of one's own."""

    def change(found: Broadcast) -> str:
        try:
            key = UUID(request.POST.get("key", ""))
        except ValueError:
            raise WhatsappError(_("Reload the page and try again.")) from None
        direct_messages.send_test(
            found.sender,
            found.template,
            to=request.POST.get("number", ""),
            params=first_values(found),
            key=key,
            now=timezone.now(),
            actor=request.user,
        )
        return _("The test message is on its way. Look at your phone.")

    return _steer(request, broadcast_id, change)
