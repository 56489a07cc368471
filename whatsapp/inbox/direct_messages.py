"""Writing to one person: a reply to their message, a template, or a template tried on one's own number.

Nothing is sent here: a row is stored, and the sending loop takes it from there (`sending.direct`). The form's `key`
turns a double click into one message.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from businesses.models import Business, User
from whatsapp import doorbell
from whatsapp.audience.rows import BadValue, checked_params
from whatsapp.broadcasts.reasons import reason_words
from whatsapp.errors import BadAudience, BadTemplate, NotConnected, OptedOut, WhatsappError, WindowClosed
from whatsapp.inbox.wishes import refuses, wish_of
from whatsapp.models import (
    DirectKind,
    DirectMessage,
    InboundMessage,
    MessageTemplate,
    Sender,
    SenderHealth,
)
from whatsapp.people import identity
from whatsapp.people.messaging_settings import region_of
from whatsapp.people.phone_numbers import NotANumber, to_e164
from whatsapp.people.suppressions import blocked
from whatsapp.providers.events import NO_MESSAGES
from whatsapp.template_variables import UnsupportedTemplate, body_text, variables_of

WINDOW = timedelta(hours=24)
"""Meta: free text may be sent this long after the person's last message."""
LONGEST_TEXT = 4_096


def reply(inbound: InboundMessage, text: str, *, key: UUID, now: datetime, actor: User | None = None) -> DirectMessage:
    """Reply to the person who wrote `inbound`. With the `key` of an earlier call it only returns that message.

    Raises:
        WindowClosed: the person's last message is too old.
        OptedOut: the person wants no messages, and has not written since.
        NotConnected: the number can't send.
        WhatsappError: the text is empty or too long.
    """
    text = text.strip()
    if not text or len(text) > LONGEST_TEXT or "\0" in text:
        raise WhatsappError(_("Write a text of at most %(most)s characters.") % {"most": f"{LONGEST_TEXT:,}"})
    _check_sender(inbound.sender)
    if reply_until(inbound, now=now) is None:
        raise WindowClosed(
            _("The person's last message is more than 24 hours old: WhatsApp takes only a template now. Broadcast one.")
        )
    wish = wish_of(inbound.business, identity.addresses_of(inbound.business, inbound.address))
    if wish is not None and wish.is_silent:
        raise OptedOut(_("This person asked not to receive messages, and has not written since."))
    message = DirectMessage(
        kind=DirectKind.REPLY, sender=inbound.sender, address=inbound.address, text=text, answers=inbound
    )
    return _keep(message, inbound.business, key, now, actor)


def reply_until(inbound: InboundMessage, *, now: datetime) -> datetime | None:
    """Returns until when a reply to this person is accepted; None if it no longer is. See `window_end`."""
    return window_end(inbound.sender, inbound.address, now)


def window_end(sender: Sender, address: str, now: datetime) -> datetime | None:
    """Returns until when the person may get free text from this number; None if they may not."""
    known = identity.addresses_of(sender.business, address)
    last = InboundMessage.objects.filter(business=sender.business_id, sender=sender, address__in=known)
    last = last.exclude(kind__in=NO_MESSAGES)
    written = last.order_by("-received_at").values_list("received_at", flat=True).first()
    return written + WINDOW if written and written + WINDOW > now else None


def send_test(
    sender: Sender,
    template: MessageTemplate,
    *,
    to: str,
    params: Mapping[str, str],
    key: UUID,
    now: datetime,
    actor: User | None = None,
) -> DirectMessage:
    """Send a template to one number, to see it on a phone. With the `key` of an earlier call: returns that message.

    `params` holds the values, by the keys of `template_variables.variables_of`.

    Raises:
        BadAudience: `to` is not a number, or a value is missing or can't be sent.
        BadTemplate: the template can't be sent.
        OptedOut: the person asked not to get such messages.
        NotConnected: the number can't send.
    """
    business: Business = sender.business
    message = _filled(DirectKind.TEST, sender, template, params)
    try:
        message.address = to_e164(to, region_of(business)).e164
    except NotANumber as error:
        raise BadAudience(error.reason) from None
    if blocked(business, [message.address], template.category):
        raise OptedOut(_("This person asked not to receive messages. Try another number."))
    return _keep(message, business, key, now, actor)


def send_template(
    sender: Sender,
    template: MessageTemplate,
    *,
    to: str,
    params: Mapping[str, str],
    key: UUID,
    now: datetime,
    actor: User | None = None,
    answers: InboundMessage | None = None,
) -> DirectMessage:
    """Send a template to one person, who need not have written. With the `key` of an earlier call: returns that one.

    `to`: the person's number (E.164) or user id. `answers`: the person's last message, if there is one.
    Raises what `send_test` does.
    """
    message = _filled(DirectKind.TEMPLATE, sender, template, params)
    message.address, message.answers = to, answers
    if refuses(sender.business, message.address, template.category):
        raise OptedOut(_("This person asked not to receive such messages."))
    return _keep(message, sender.business, key, now, actor)


def _filled(kind: DirectKind, sender: Sender, template: MessageTemplate, params: Mapping[str, str]) -> DirectMessage:
    """Returns a message of a template, to nobody yet."""
    _check_sender(sender)
    values = _checked(template, sender, params)
    text = body_text(template.components, values)
    return DirectMessage(kind=kind, sender=sender, template=template, params=values, text=text)


def _keep(message: DirectMessage, business: Business, key: UUID, now: datetime, actor: User | None) -> DirectMessage:
    message.business, message.key, message.provider = business, key, message.sender.provider
    message.created_by, message.created_at = actor, now
    with transaction.atomic():
        DirectMessage.objects.bulk_create([message], ignore_conflicts=True)  # of two simultaneous clicks one adds a row
        kept: DirectMessage = DirectMessage.objects.select_related("sender").get(business=business, key=key)
        if kept.pk == message.pk:
            doorbell.ring()
    return kept


def _check_sender(sender: Sender) -> None:
    if sender.health == SenderHealth.BLOCKED:
        raise NotConnected(_("The WhatsApp number needs attention: %(why)s") % {"why": reason_words(sender)})


def _checked(template: MessageTemplate, sender: Sender, params: Mapping[str, str]) -> dict[str, str]:
    """Returns the template's values, ready to be sent. Raises `BadTemplate` and `BadAudience`."""
    if (template.provider, template.account_id) != (sender.provider, sender.account_id):
        raise BadTemplate(_("This number can't send this template: they belong to different accounts."))
    if not template.can_be_sent:
        raise BadTemplate(
            _("The template “%(template)s” is %(status)s: only approved ones can be sent.")
            % {"template": template, "status": template.get_status_display().lower()}
        )
    try:
        variables = variables_of(template.components, template.parameter_format)
        body_length = len(body_text(template.components, {}))
        return checked_params(params, variables, body_length=body_length, names={})
    except UnsupportedTemplate as error:
        raise BadTemplate(str(error)) from None
    except BadValue as error:
        raise BadAudience(error.reason) from None
