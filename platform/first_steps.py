"""The first steps of a new business, up to its first call and broadcast, and which of them are done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, Model, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from businesses.models import Business
from businesses.remembered import remembered
from calls.models import Call
from whatsapp.models import Broadcast, MessageTemplate, Sender
from whatsapp.states import BroadcastStatus

A_DAY_S = 24 * 3600
_is_sent_or_will_be = Q(started_at__isnull=False) | Q(status=BroadcastStatus.SCHEDULED)


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what to do, and on which page."""

    text: str
    why: str
    url: str
    is_done: bool


def first_steps(business: Business) -> list[Step]:
    """Returns the steps in order. One query finds which are done."""
    has = _what_there_is(business)

    def step(text: str, why: str, page: str, *, is_done: bool) -> Step:
        return Step(text, why, reverse(page, kwargs={"slug": business.slug}), is_done)

    return [
        step(
            _("Write your greeting"),
            _("The first words that every caller hears, whole."),
            "settings",
            is_done=bool(business.greeting_text),
        ),
        step(
            _("Tell the assistant what it should know"),
            _("Services, prices, opening hours, address."),
            "settings",
            is_done=bool(business.instructions),
        ),
        step(
            _("Talk to your assistant"),
            _("From this browser, or by calling your number: you hear what callers hear."),
            "try-call",
            is_done=has["call"],
        ),
        step(
            _("Connect a WhatsApp number"),
            _("Your operator does this with you, once."),
            "senders",
            is_done=has["sender"],
        ),
        step(
            _("Fetch your message templates"),
            _("WhatsApp lets you send only templates that it has approved."),
            "templates",
            is_done=has["template"],
        ),
        step(
            _("Send your first broadcast"),
            _("Choose a template and people; you see what will happen before anything is sent."),
            "broadcast-new",
            is_done=has["broadcast"],
        ),
    ]


def _what_there_is(business: Business) -> dict[str, Any]:
    """Returns what the business has. Once it has all, that is remembered for a day: the home page asks each time."""
    key = f"first-steps-{business.pk.hex}"
    return remembered(key, A_DAY_S, lambda: _counted(business), is_worth_it=lambda has: all(has.values()))


def _counted(business: Business) -> dict[str, Any]:
    def one_of(model: type[Model]) -> Exists:
        return Exists(model._default_manager.filter(business=OuterRef("pk")))

    found = Business.objects.filter(pk=business.pk).annotate(
        call=one_of(Call),
        sender=one_of(Sender),
        template=one_of(MessageTemplate),
        broadcast=Exists(
            Broadcast.objects.filter(_is_sent_or_will_be, business=OuterRef("pk")).exclude(status=BroadcastStatus.DRAFT)
        ),
    )
    return dict(found.values("call", "sender", "template", "broadcast").get())
