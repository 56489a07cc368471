"""Messages from people, and their wish to stop or resume messages."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Min

from businesses.tenancy import acting_for
from whatsapp.broadcasts.course import Change, Times
from whatsapp.media import adding as media
from whatsapp.models import (
    Contact,
    InboundMessage,
    Recipient,
    Sender,
    SuppressionCategory,
    SuppressionSource,
    WebhookNews,
)
from whatsapp.people import file_names, identity, merging, suppressions
from whatsapp.providers.events import NO_MESSAGES, NO_REPLIES, Inbound, Preference
from whatsapp.sending.limiter import limiter
from whatsapp.webhooks import changed_messages, decisions
from whatsapp.webhooks.origin import sender_of

ANSWER_WITHIN = timedelta(days=7)
"""A message that quotes nothing counts as a reply to the last broadcast that the person got within this time."""


def receive(news: WebhookNews, event: Inbound, moved: list[Change], now: datetime) -> bool:
    """Store a message and do what it asks for. Returns whether it was sent to a number that these news may touch.

    A first reply to a broadcast is added to `moved`.
    """
    sender = sender_of(news, event.number_id)
    if sender is None:
        return False
    if event.kind not in NO_MESSAGES:
        transaction.on_commit(partial(_leave_room, sender, now), robust=True)
    with acting_for(sender.business):
        address = event.phone or event.bsuid
        contact = _contact(sender, event, now)
        answered = _answered(sender, event, address)
        choice = decisions.choice_in(event, sender, address, answered)
        message, is_new = InboundMessage.objects.get_or_create(
            business=sender.business,
            provider=news.provider,
            provider_message_id=event.changes_message_id or event.message_id,
            defaults={
                "sender": sender,
                "contact": contact,
                "recipient": None if event.kind in NO_REPLIES else answered,
                "address": address,
                "reply_to_message_id": event.answers_message_id,
                "kind": event.kind[:20],
                "text": event.text,
                "payload": _payload(event),
                "action": choice or "",
                "received_at": event.at,
                "is_elsewhere": event.is_elsewhere,
            },
        )
        replied_before = None if is_new else message.recipient_id
        says_more = changed_messages.note(message, event, choice, answered)
        media.add(message, event, now=now)
        if answered and not replied_before:
            moved.extend(_reply(answered, message))
        if choice and (is_new or says_more) and not decisions.obey(choice, event, sender, now):
            decisions.confirmed(message, now)  # there is nothing to tell them
    return True


def _leave_room(sender: Sender, now: datetime) -> None:
    """Let broadcasts of the number leave room for the answer. After the commit: waves hold the row of its pace."""
    with acting_for(sender.business):
        limiter().chat(sender, now.timestamp())


def _payload(event: Inbound) -> dict[str, Any]:
    """Returns what a message holds beside its text: the button's own word, a place, contact cards."""
    held = {
        "button": event.button_payload,
        "place": asdict(event.place) if event.place else None,
        "cards": [asdict(card) for card in event.cards],
    }
    return {name: value for name, value in held.items() if value}


def _reply(answered: Recipient, message: InboundMessage) -> list[Change]:
    """Returns what a message changes about the person's first reply, if it is a reply."""
    others = InboundMessage.objects.filter(recipient=answered).exclude(pk=message.pk)
    this = InboundMessage.objects.filter(recipient=answered, pk=message.pk).values_list("received_at", flat=True)
    at, first = this.first(), others.aggregate(first=Min("received_at"))["first"]
    if at is None or (first is not None and first <= at):
        return []
    return [Change(answered.broadcast_id, Times(replied=first), Times(replied=at))]


def prefer(news: WebhookNews, event: Preference, now: datetime) -> bool:
    """A person switched the business's marketing off or on in WhatsApp. Returns whether the number is ours."""
    sender = sender_of(news, event.number_id)
    if sender is None:
        return False
    with acting_for(sender.business):
        address = event.phone or event.bsuid
        if address:
            if event.wants_marketing:
                suppressions.lift(sender.business, address, now=now, categories=[SuppressionCategory.MARKETING])
            else:
                suppressions.suppress(
                    sender.business,
                    address,
                    category=SuppressionCategory.MARKETING,
                    source=SuppressionSource.PREFERENCE,
                    now=now,
                )
    return True


def _contact(sender: Sender, event: Inbound, now: datetime) -> Contact:
    """Returns the person's contact, which is created if there is none.

    One without a name gets that of the last broadcast's file, which the business has chosen, else their own profile's.
    """
    written_at = None if event.kind in NO_MESSAGES else event.at
    addresses = list(filter(None, (event.phone, event.bsuid, *event.aliases)))
    contact = merging.one_contact(sender.business, addresses, now=now)
    name = "" if contact and contact.name else file_names.known(sender.business, addresses) or event.name[:200]
    if contact is None:
        return Contact.objects.create(
            business=sender.business,
            phone=event.phone or None,
            bsuid=event.bsuid or None,
            name=name,
            last_inbound_at=written_at,
        )
    contact.last_inbound_at = max(filter(None, (contact.last_inbound_at, written_at)), default=None)
    contact.name = contact.name or name
    contact.save(update_fields=["last_inbound_at", "name"])
    return contact


def _answered(sender: Sender, event: Inbound, address: str) -> Recipient | None:
    """Returns the row that a message replies to: the quoted one, else the last that reached the person."""
    rows = Recipient.objects.filter(business=sender.business).select_related("broadcast__template")
    if event.answers_message_id:
        quoted = rows.filter(provider=sender.provider, provider_message_id=event.answers_message_id).first()
        if quoted:
            return quoted
    known = identity.addresses_of(sender.business, address)
    lately = rows.filter(address__in=known, accepted_at__gt=event.at - ANSWER_WITHIN, broadcast__sender=sender)
    return lately.order_by("-accepted_at").first()
