"""Raw notices of providers: whose they are, how long they are kept, and which of them name a person."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from businesses.keeping.person import Person
from businesses.models import Business
from whatsapp.models import Sender, WebhookNews
from whatsapp.webhooks.origin import news_about

UNAPPLIED = "news_arriving"
BATCH = 500
NOBODYS_NEWS_KEPT = timedelta(days=30)
"""How long notices about numbers that no business has are kept: for finding out whose they should have been."""


def news_of(business: Business) -> QuerySet[WebhookNews]:
    """Returns the notices about the numbers and accounts that a business has proved, from who may speak for them.

    The numbers are asked for first: by them the notices are found in an index, and not among everybody's.
    """
    senders = Sender.objects.filter(business=business)
    numbers = {name for both in senders.values_list("number_id", "phone") for name in both}
    return news_about(senders).filter(number_id__in=sorted({"", *numbers}))  # "": about an account


def naming(person: Person) -> QuerySet[WebhookNews]:
    """Returns the notices in which one of the person's addresses stands."""
    wanted = Q(pk=None)
    for address in person.addresses:
        wanted |= Q(text__contains=address.removeprefix("+"))
    return news_of(person.business).annotate(text=Cast("payload", TextField())).filter(wanted)


def erase(person: Person, most: int) -> int:
    """Remove notices that name the person. They have been applied; what they said is in the messages."""
    keys = list(naming(person).filter(applied_at__isnull=False).values_list("pk", flat=True)[:most])
    return WebhookNews.objects.filter(pk__in=keys).delete()[0]


def waits_for(person: Person, _now: datetime) -> str:
    """Returns a code while a notice that names the person is still to be applied: it would bring them back."""
    return UNAPPLIED if naming(person).filter(applied_at=None).exists() else ""


def remove_old(business: Business, *, before: datetime, most: int, **_now: object) -> int:
    """Remove old notices of a business that have been applied or given up."""
    return _remove(news_of(business), before, most)


def remove_old_of_nobody(*, before: datetime, most: int) -> int:
    """Remove old notices about numbers and accounts that belong to no business of this installation."""
    ours = news_about(Sender._base_manager.all())  # every business's: only what is nobody's is removed
    return _remove(WebhookNews.objects.exclude(pk__in=ours.values("pk")), before, most)


def _remove(rows: QuerySet[WebhookNews], before: datetime, most: int) -> int:
    old = rows.filter(received_at__lt=before, applied_at__isnull=False).order_by("pk").values_list("pk", flat=True)
    return WebhookNews.objects.filter(pk__in=list(old[:most])).delete()[0]
