"""What a message decides about messages to its sender, and carrying it out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from whatsapp.models import (
    DirectKind,
    DirectMessage,
    InboundAction,
    InboundMessage,
    MessageTemplate,
    Recipient,
    Sender,
    SuppressionCategory,
    SuppressionSource,
    TemplateCategory,
)
from whatsapp.numbers.opt_out_buttons import marks_of
from whatsapp.people import identity, suppressions
from whatsapp.people.messaging_settings import settings_of
from whatsapp.providers.events import EDIT, NO_REPLIES, Inbound, Keyword
from whatsapp.webhooks.words import Answering, Choice, choice_of, is_one_of

BUTTON = "button"
"""The kind of a message that is the quick reply of a template; Twilio and Meta call it so."""
_REFUSED = {
    Choice.OPT_OUT: SuppressionCategory.ALL,
    Choice.NO_PROMOS: SuppressionCategory.MARKETING,
}
_KEYWORDS = {Keyword.STOP: Choice.OPT_OUT, Keyword.START: Choice.OPT_IN}
_SAID = frozenset({"text", "interactive", BUTTON, EDIT})
"""Kinds in which words may ask for messages again: under a picture or a file they are its title ("Resume")."""


def choice_in(event: Inbound, sender: Sender, address: str, answered: Recipient | None) -> Choice | None:
    """Returns what a message decides; None for an ordinary message. `answered`: the row of a broadcast before it."""
    if event.kind in NO_REPLIES and event.kind != EDIT:
        return None
    settings = settings_of(sender.business)
    more_out, more_in = settings.opt_out_words.splitlines(), settings.opt_in_words.splitlines()
    if event.kind == BUTTON and (mark := _mark_of_button(event, sender, answered)) is not None:
        return Choice.OPT_OUT if is_one_of(event.text, more_out) else Choice(mark) if mark else None
    answering = _answering(event, sender, address, answered)
    choices = [
        choice_of(said, more_out=more_out, more_in=more_in, answering=answering)
        for said in (event.button_payload, event.text)
    ]
    return _strictest([*choices, _KEYWORDS.get(event.keyword) if event.keyword else None], event.kind)


def obey(choice: Choice, event: Inbound, sender: Sender, now: datetime) -> bool:
    """Carry out a choice, for the whole person. Returns whether they are to be told about it.

    The provider tells them where it took the message for one of its keywords, and whoever has the conversation does
    where that is another: a reply of ours would take the conversation away.
    """
    if _has_decided_since(choice, event, sender):
        return False
    is_change = _carry_out(choice, sender, event.phone or event.bsuid, now)
    return is_change and event.keyword is None and not event.is_elsewhere


def confirmed(message: InboundMessage, now: datetime) -> None:
    """Mark a message as one that needs no reply to its choice."""
    InboundMessage.objects.filter(pk=message.pk).update(confirmed_at=now)


def _carry_out(choice: Choice, sender: Sender, address: str, now: datetime) -> bool:
    """Returns whether it is a change."""
    if choice is Choice.OPT_IN:
        return suppressions.lift(sender.business, address, now=now, categories=list(SuppressionCategory))
    return suppressions.suppress(
        sender.business, address, category=_REFUSED[choice], source=SuppressionSource.REPLY, now=now
    )


def _has_decided_since(choice: Choice, event: Inbound, sender: Sender) -> bool:
    """Returns whether the person decided otherwise later: webhooks come in any order."""
    other = set(InboundAction) - {InboundAction.OPT_IN} if choice is Choice.OPT_IN else {InboundAction.OPT_IN}
    known = identity.addresses_of(sender.business, event.phone, event.bsuid)
    later = InboundMessage.objects.filter(
        business=sender.business, address__in=known, received_at__gt=event.at, action__in=other
    )
    return later.exists()


def _strictest(choices: Iterable[Choice | None], kind: str) -> Choice | None:
    """Returns the one that allows least."""
    found = set(choices)
    for choice in (Choice.OPT_OUT, Choice.NO_PROMOS):
        if choice in found:
            return choice
    return Choice.OPT_IN if Choice.OPT_IN in found and kind in _SAID else None


def _answering(event: Inbound, sender: Sender, address: str, answered: Recipient | None) -> Answering:
    """Returns what a message answers: what it quotes, else the last that the person got."""
    is_quoted = bool(answered and answered.provider_message_id == event.answers_message_id)
    known = identity.addresses_of(sender.business, address)
    written = DirectMessage.objects.filter(
        business=sender.business, sender=sender, address__in=known, created_at__lt=event.at
    ).exclude(kind=DirectKind.TEST)
    last = None if is_quoted else written.order_by("-created_at").select_related("template").first()
    since = answered.accepted_at if answered else None
    if last and (since is None or last.created_at > since):
        if last.kind == DirectKind.REPLY or last.template is None:
            return Answering.TALK
        is_marketing = last.template.category == TemplateCategory.MARKETING
        return Answering.MARKETING if is_marketing else Answering.SERVICE
    if answered is None:
        return Answering.NOTHING
    is_marketing = answered.broadcast.template_category == TemplateCategory.MARKETING
    return Answering.MARKETING if is_marketing else Answering.SERVICE


def _mark_of_button(event: Inbound, sender: Sender, answered: Recipient | None) -> Choice | str | None:
    """Returns the mark of the button that was pressed: a choice, "" for an ordinary one, None if it is unknown."""
    quoted = answered if answered and answered.provider_message_id == event.answers_message_id else None
    if quoted and quoted.broadcast.template:
        return marks_of(quoted.broadcast.template).get(event.text)
    known = MessageTemplate.objects.filter(
        business=sender.business, provider=sender.provider, account_id=sender.account_id
    )
    marks = [mark for each in known.exclude(button_marks={}) if (mark := marks_of(each).get(event.text)) is not None]
    return _strictest((Choice(mark) for mark in marks if mark), BUTTON)  # other software sent it, with our templates
