"""News of calls to the demo's owner and staff: what they have chosen, and what became of some WhatsApp messages."""

from __future__ import annotations

from datetime import datetime, timedelta

from businesses.models import Business, Membership, User
from calls.followups import whatsapp_choices
from calls.models import Call, WhatsappNews, WhatsappNewsChoice, WhatsappNewsResult, WhatsappWhen
from testing.demo_data import Keys

NUMBER, OTHER = "+972545550188", "+972545550189"


def add(business: Business, calls: Keys, *, owner: User, staff: User, now: datetime) -> None:
    """Store the choices and messages. The owner's number is proved, that of staff waits for its code."""
    waits = Membership.objects.get(business=business, user=staff)
    whatsapp_choices.choose(
        waits, when=WhatsappWhen.DAILY, digest_hour=19, number=OTHER, language="en", now=now - timedelta(minutes=4)
    )
    proved_at = now - timedelta(days=3)
    choice = WhatsappNewsChoice.objects.create(
        business=business,
        membership=Membership.objects.get(business=business, user=owner),
        when=WhatsappWhen.AT_ONCE,
        number=NUMBER,
        proved_at=proved_at,
        language="he",
        since=now,
    )
    results = (
        WhatsappNewsResult.ARRIVED,
        WhatsappNewsResult.NO_WINDOW,
        WhatsappNewsResult.FAILED,
        WhatsappNewsResult.NO_WHATSAPP,
    )
    told = Call.objects.filter(business=business, pk__in=calls.values()).order_by("-started_at", "pk")
    for call, result in zip(told, results, strict=False):
        WhatsappNews.objects.create(
            business=business,
            choice=choice,
            call=call,
            result=result,
            is_mailed=result != WhatsappNewsResult.ARRIVED,
            at=max(call.started_at + timedelta(minutes=3), proved_at),
        )
    WhatsappNews.objects.create(
        business=business,
        choice=choice,
        since=now - timedelta(days=2),
        until=now - timedelta(days=1),
        result=WhatsappNewsResult.ARRIVED,
        at=now - timedelta(days=1),
    )
