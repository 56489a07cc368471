"""The figures of a business's calls: each has one definition and one name, and is a filter of the list of calls.

| figure | which calls |
|---|---|
| answered | the assistant answered the caller, and served them until one of them, or a person, ended it |
| missed | the assistant did not, or could not, serve the caller |
| tried | a member tried the assistant in the browser: nobody called, so it is neither of the two |

Minutes are what is billed, tries included.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Count, Exists, Max, OuterRef, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from calls.conversation.end_reasons import EndReason
from calls.models import BROWSER, Call, CallOutcome
from calls.records import finishing

MISSED = (CallOutcome.REFUSED, CallOutcome.FAILED, CallOutcome.FALLBACK)


def last_calls(business: Business) -> dict[str, datetime]:
    """Returns when somebody last called each number of the business through the telephone; trials don't count."""
    calls = Call.objects.filter(business=business, is_outgoing=False).exclude(_TRIED).order_by().values("called_number")
    return dict(calls.annotate(at=Max("started_at")).values_list("called_number", "at"))


class CallFigure(models.TextChoices):
    """A number of calls."""

    ANSWERED = "answered", _("Calls answered")
    MISSED = "missed", _("Calls missed")
    TRIED = "tried", _("Test calls from the browser")


_TRIED = Q(caller_number=BROWSER)
_CAME = ~_TRIED & Q(is_outgoing=False)
CALLS_IN = {
    CallFigure.ANSWERED: _CAME & Q(stream_opened_at__isnull=False) & ~Q(outcome__in=MISSED),
    CallFigure.MISSED: _CAME & Q(outcome__in=MISSED),
    CallFigure.TRIED: _TRIED,
}
"""The calls that are counted in each figure."""


@dataclass(frozen=True, slots=True)
class CallFigures:
    """The figures of a stretch of time."""

    answered: int
    missed: int
    minutes: Decimal


@dataclass(frozen=True, slots=True)
class CallsOfHome:
    """Today since midnight by the business's clock, the last seven days (today included), and the seven before them.

    `live`: calls on the line now.
    """

    today: CallFigures
    week: CallFigures
    week_before: CallFigures
    live: int


def calls_of_home(business: Business, *, now: datetime) -> CallsOfHome:
    """Count the calls of the last two weeks, in one query."""
    midnight = _midnight(business, now)
    week, before = midnight - timedelta(days=6), midnight - timedelta(days=13)
    stretches = {
        "today": Q(started_at__gte=midnight),
        "week": Q(started_at__gte=week),
        "week_before": Q(started_at__lt=week),
    }
    sums: dict[str, Any] = {"live": Count("pk", filter=finishing.holding_a_line(now=now))}
    for name, within in stretches.items():
        sums[f"{name}_answered"] = Count("pk", filter=within & CALLS_IN[CallFigure.ANSWERED])
        sums[f"{name}_missed"] = Count("pk", filter=within & CALLS_IN[CallFigure.MISSED])
        sums[f"{name}_minutes"] = Sum("minutes_charged", filter=within)
    found = Call.objects.filter(business=business, started_at__gte=before).aggregate(**sums)
    of = {
        name: CallFigures(found[f"{name}_answered"], found[f"{name}_missed"], found[f"{name}_minutes"] or Decimal(0))
        for name in stretches
    }
    return CallsOfHome(of["today"], of["week"], of["week_before"], found["live"])


def missed_today(business: Business) -> int:
    """Returns how many calls were missed since midnight by the business's clock."""
    today = Call.objects.filter(business=business, started_at__gte=_midnight(business, timezone.now()))
    return today.filter(CALLS_IN[CallFigure.MISSED]).count()


def missed_callers(business: Business, *, now: datetime, most: int) -> list[Call]:
    """Returns the last missed call of each caller who has not been answered since, newest first, of two days.

    Callers without a number can't be called back, and are left out.
    """
    since = _midnight(business, now) - timedelta(days=1)
    answered = Call.objects.filter(
        CALLS_IN[CallFigure.ANSWERED]
        | Q(outcome=CallOutcome.TRANSFERRED)
        | Q(is_outgoing=True, user_has_spoken=True),  # called back
        business=business, caller_number=OuterRef("caller_number"), started_at__gt=OuterRef("started_at"),
    )  # fmt: skip
    missed = Call.objects.filter(CALLS_IN[CallFigure.MISSED], business=business, started_at__gte=since)
    missed = missed.exclude(end_reason=EndReason.BLOCKED).filter(~Exists(answered), caller_number__startswith="+")
    latest: dict[str, Call] = {}
    for call in missed.order_by("-started_at").only("started_at", "caller_number", "outcome")[: 10 * most]:
        latest.setdefault(call.caller_number, call)
    return list(latest.values())[:most]


def _midnight(business: Business, now: datetime) -> datetime:
    return now.astimezone(ZoneInfo(business.time_zone)).replace(hour=0, minute=0, second=0, microsecond=0)
