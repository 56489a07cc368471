"""Sending the caller a WhatsApp message during the call: what they want in writing, if they agree to it."""

from __future__ import annotations

from typing import Annotated
from uuid import uuid5

import msgspec
from django.utils.translation import gettext_lazy as _

from businesses import messenger
from businesses.messenger import MessageRefused, Refusal
from businesses.models import Business
from calls.tools.kinds import Choice, Context, Outcome, Tool, ToolRefused

ASK_FIRST = "ask_first"
_WORDS = {
    Refusal.NO_NUMBER: "The number is withheld or can't have WhatsApp. Offer to say it aloud instead.",
    Refusal.OPTED_OUT: "This person has asked for no WhatsApp messages from the business. Offer to say it aloud.",
    Refusal.NO_WINDOW: "WhatsApp allows only a prepared template now, and the business has chosen none. Say it aloud.",
    Refusal.NO_TEMPLATE: "The business's template can't be sent at the moment. Say it aloud instead.",
}


class Text(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What to send. `agreed` is the caller's own yes in this call."""

    text: Annotated[
        str, msgspec.Meta(description="What to send, in the caller's language, complete.", min_length=1, max_length=900)
    ]
    agreed: Annotated[
        bool, msgspec.Meta(description="True only if the caller has said yes to a WhatsApp message in this call.")
    ]


def send(context: Context, wanted: Text) -> Outcome:
    """Have a message sent, as free text where WhatsApp allows it, else in the template that the owner has chosen."""
    business, number = context.business, context.caller_number
    if not number:
        raise _refused(Refusal.NO_NUMBER)
    if not wanted.agreed and not messenger.has_agreed(business, number, now=context.now):
        raise ToolRefused(ASK_FIRST, {"say": "Ask the caller first whether they want it on WhatsApp."})
    key = uuid5(context.call.pk, wanted.text)
    try:
        if wanted.agreed:
            messenger.agree(business, number, name="", now=context.now)
        try:
            messenger.send_text(business, number, wanted.text, key=key, now=context.now)
        except MessageRefused as refusal:
            if refusal.why is not Refusal.NO_WINDOW or not context.options.get("template"):
                raise
            _send_template(context, number, wanted.text)
    except MessageRefused as refusal:
        raise _refused(refusal.why) from None
    return Outcome("sent", {"say": "The message is on its way."})


def _send_template(context: Context, number: str, text: str) -> None:
    name = context.options["template"]
    choice = next((each for each in messenger.templates(context.business) if each.name == name), None)
    if choice is None:
        raise MessageRefused(Refusal.NO_TEMPLATE)
    values = dict.fromkeys(choice.variables, " ".join(text.split()))
    key = uuid5(context.call.pk, f"{name} {text}")
    messenger.send_template(context.business, number, name, values, key=key, now=context.now)


def _refused(why: Refusal) -> ToolRefused:
    return ToolRefused(why.value, {"say": _WORDS.get(why, "It can't be sent. Say it aloud instead.")})


def _templates(business: Business) -> list[tuple[str, str]]:
    """Returns the templates that one text fills: name, and name with the text."""
    return [
        (each.name, f"{each.name} ({each.body[:60]})")
        for each in messenger.templates(business)
        if len(each.variables) == 1
    ]


def _has_whatsapp(business: Business) -> bool:
    return bool(messenger.templates(business))


TOOL = Tool(
    name="send_whatsapp",
    title=_("Send a WhatsApp message"),
    help_text=_(
        "The caller gets what they want in writing, like an address or a link, after they have said yes. The consent "
        "is recorded with the contact, and nobody who opted out gets a message."
    ),
    description=(
        "Send the caller a WhatsApp message, for example an address, a price or a link, when they want it in writing. "
        "Ask first whether they want it on WhatsApp at the number they call from."
    ),
    arguments=Text,
    run=send,
    outcomes={
        "sent": _("Message handed over to WhatsApp"),
        ASK_FIRST: _("Not sent: the caller was not asked"),
        Refusal.NO_NUMBER.value: _("Not sent: no number that WhatsApp could reach"),
        Refusal.OPTED_OUT.value: _("Not sent: this person opted out"),
        Refusal.NO_WINDOW.value: _("Not sent: WhatsApp allows only a template, and none is chosen"),
        Refusal.NO_TEMPLATE.value: _("Not sent: the template can't be sent"),
        Refusal.BAD_VALUES.value: _("Not sent: WhatsApp does not take this text"),
        Refusal.NO_WHATSAPP.value: _("Not sent: no WhatsApp number is ready"),
    },
    argument_names={"text": _("Text")},
    options=(
        Choice(
            "template",
            _("Template for callers who have not written"),
            _(
                "WhatsApp allows free text only to people who wrote within 24 hours. Others get this template, with "
                "the text in its place. Only templates with one place are listed."
            ),
            _templates,
        ),
    ),
    is_offered=_has_whatsapp,
)
