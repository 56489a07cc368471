"""Whether a person of the inbox waits for a reply, and the buttons that say so: "needs no answer", and its undoing.

Only messages up to the one that was on the page are settled: one that arrives in that moment is still waited for.
"""

from __future__ import annotations

import uuid

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from businesses.pages import badges
from businesses.pages.access import PageRequest
from whatsapp.models import Contact, InboundMessage
from whatsapp.pages.asked_for import id_of
from whatsapp.pages.button import button
from whatsapp.pages.conversations import thread_of


def person_of(request: PageRequest, contact_id: uuid.UUID) -> Contact:
    """Returns the person of a thread, with what `conversations.thread_of` adds."""
    found: Contact = get_object_or_404(thread_of(request.business, contact_id))
    return found


_button = button(section="inbox", page="thread", find=person_of)


@_button
def settle(request: PageRequest, person: Contact) -> str:
    """Say that the person's messages need no answer, up to the one that was shown."""
    message = id_of(request.POST.get("message", ""))
    shown = InboundMessage.objects.filter(business=request.business, contact=person, pk=message)
    at = shown.values_list("received_at", flat=True).first()
    if at is None:
        return _("That message is gone. Look at the newest ones.")
    Contact.objects.filter(pk=person.pk).update(settled_until=at)
    badges.forget(request.business)
    return _("Marked: needs no answer. A new message from them brings it back.")


@_button
def reopen(request: PageRequest, person: Contact) -> str:
    """Take back that no answer is needed."""
    Contact.objects.filter(pk=person.pk).update(settled_until=None)
    badges.forget(request.business)
    return _("Waiting for a reply again.")
