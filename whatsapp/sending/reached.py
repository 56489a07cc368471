"""Whom the numbers of a portfolio have reached in 24 hours: people, whatever addresses they were written to.

Meta counts unique users. The database groups the addresses of one person, as far as they are tied; only addresses in a
form that is not the canonical one (`people.number_forms`), which are few, are looked at one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    UUIDField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Length

from whatsapp.models import Attempt, PersonAddress, Recipient, Sender
from whatsapp.people import identity
from whatsapp.people.number_forms import OTHER_SHAPES
from whatsapp.sending.day_window import DAY
from whatsapp.states import REACHED_PROVIDER, RecipientStatus

Key = UUID | str
_AT_ONCE = 1_000


def addresses(sender: Sender, now: datetime) -> int:
    """Returns how many addresses count: as many people at most, and known four times as fast."""
    return _reached(portfolio(sender), now).values("address").distinct().count()


def people(sender: Sender, now: datetime) -> int:
    """Returns how many people count against the limit of the sender's portfolio at this moment."""
    reached, other_form = _reached(portfolio(sender), now), _is_other_form()
    key = Coalesce(Cast("person", CharField()), F("address"))
    counted = reached.aggregate(
        known=Count(key, distinct=True, filter=~other_form), others=Count("pk", filter=other_form)
    )
    canonical, known = reached.exclude(other_form), int(counted["known"])
    others: set[str] = set()
    for some in _in_other_forms(reached) if counted["others"] else ():
        who = identity.people(sender.business, some)
        same = canonical.filter(address__in=who.every(some)).order_by().values_list("address", flat=True)
        others |= {who.key(address) for address in some} - {who.key(address) for address in same}
    return known + len(others)


def last_reached(sender: Sender, now: datetime) -> list[datetime]:
    """Returns when each of these people was last reached; who is under way or in doubt, now."""
    reached = _reached(portfolio(sender), now)
    lasts: dict[Key, datetime] = {}
    canonical = reached.exclude(_is_other_form()).order_by().values("person", "lone")
    for person, lone, last in canonical.annotate(last=_last(now)).values_list("person", "lone", "last"):
        lasts[person or lone or ""] = last
    for some in _in_other_forms(reached):
        who = identity.people(sender.business, some)
        found = reached.filter(address__in=some).order_by().values_list("address")
        for address, last in found.annotate(last=_last(now)):
            key = who.key(address)
            known: Key = UUID(key) if who.is_person(key) else key
            lasts[known] = max(last, lasts.get(known, last))
    return list(lasts.values())


def portfolio(sender: Sender) -> QuerySet[Sender]:
    """Returns the numbers that share the sender's limit."""
    numbers = Sender.objects.filter(business=sender.business_id, provider=sender.provider)
    if sender.portfolio_id:
        return numbers.filter(portfolio_id=sender.portfolio_id)
    return numbers.filter(account_id=sender.account_id)


def _last(now: datetime) -> Max:
    return Max(Coalesce("accepted_at", now))


def _reached(numbers: QuerySet[Sender], now: datetime) -> QuerySet[Any]:
    """Returns rows of the last 24 h: accepted by the provider, or still under way or in doubt.

    Each with its `person` if its address, as it is written, is tied; otherwise `lone` is the address.
    """
    lately = Q(status__in=REACHED_PROVIDER, accepted_at__gt=now - DAY)
    tried = Attempt.objects.filter(recipient=OuterRef("pk"), started_at__gt=now - DAY)
    doubted = Q(Exists(tried), status=RecipientStatus.UNKNOWN)
    under_way = Q(status=RecipientStatus.SENDING)
    rows = Recipient.objects.filter(under_way | doubted | lately, broadcast__sender__in=numbers)
    tied = PersonAddress.objects.filter(business=OuterRef("business"), address=OuterRef("address"))
    return rows.annotate(
        length=Length("address"),
        person=Subquery(tied.values("person")[:1], output_field=UUIDField()),
        lone=Case(When(person=None, then=F("address")), default=Value(""), output_field=CharField()),
    )


def _is_other_form() -> Q:
    found = Q()
    for prefix, length in OTHER_SHAPES:
        found |= Q(address__startswith=prefix, length=length)
    return found


def _in_other_forms(reached: QuerySet[Any]) -> Iterator[list[str]]:
    """Yields the addresses that have another form than the canonical one, some at a time."""
    found = iter(reached.filter(_is_other_form()).order_by().values_list("address", flat=True).distinct())
    while some := list(islice(found, _AT_ONCE)):
        yield [address for address in some if address]
