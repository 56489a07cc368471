"""Emptying rows that are counted and so can't be removed: nothing in them says any more who it was."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Case, CharField, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Concat

from businesses.keeping.person import ERASED
from whatsapp.media import files
from whatsapp.models import Attempt, InboundMedia, InboundMessage, Recipient
from whatsapp.reasons import NO_REASON

_NAMELESS = Concat(Value(ERASED), Cast("pk", CharField()))
FULL = (
    (Q(address__isnull=False) & ~Q(address__startswith=ERASED))
    | ~Q(given_address="")
    | ~Q(given_name="")
    | ~Q(params={})
    | (Q(provider_message_id__isnull=False) & ~Q(provider_message_id__startswith=ERASED))
)
"""The condition of a recipient that still says who it is."""


def empty_recipients(rows: QuerySet[Recipient], most: int) -> int:
    """Take addresses, values, texts and message ids out of rows of broadcasts. Returns their number.

    States, times and costs stay, so the counts of the broadcast are what they were. Meta's message ids go too: they
    hold the number, in base64. Late reports still find a row by its attempt, and don't bring the id back.
    """
    keys = _full(rows, most)
    Attempt.objects.filter(recipient__in=keys).update(provider_message_id="", error=None)
    return _empty(keys)


def empty_settled(rows: QuerySet[Recipient], most: int) -> int:
    """Do the same with rows of which no report can come any more. Their attempts go: only reports ask for them."""
    keys = _full(rows, most)
    Attempt.objects.filter(recipient__in=keys).delete()
    return _empty(keys)


def _full(rows: QuerySet[Recipient], most: int) -> list[int]:
    # By address: the index of a broadcast's addresses has this order, and emptied rows stand together in it. By key,
    # PostgreSQL walks through the rows of all broadcasts from the oldest on until it has found enough.
    return list(rows.filter(FULL).order_by("address").values_list("pk", flat=True)[:most])


def _empty(keys: Collection[int]) -> int:
    return Recipient.objects.filter(pk__in=keys).update(
        address=Case(When(address__isnull=False, then=_NAMELESS), default=None),
        given_address="",
        given_name="",
        params={},
        contact=None,
        provider_message_id=Case(When(Q(attempt_id__isnull=False), then=_NAMELESS), default=None),
        error_text="",
        **NO_REASON,
    )


def drop_inbound(rows: QuerySet[InboundMessage], most: int) -> int:
    """Remove messages of people. Those that answer a broadcast are emptied instead: they count there as replies.

    Their files go with them.
    """
    keys = list(rows.exclude(address__startswith=ERASED).order_by("pk").values_list("pk", flat=True)[:most])
    chosen = InboundMessage.objects.filter(pk__in=keys)
    files.remove(InboundMedia.objects.filter(message__in=keys))
    emptied = chosen.filter(recipient__isnull=False).update(
        address=_NAMELESS,
        provider_message_id=_NAMELESS,
        reply_to_message_id="",
        text="",
        earlier=[],
        payload={},
        contact=None,
    )
    return emptied + chosen.exclude(address__startswith=ERASED).delete()[0]
