"""The kinds of data that are kept for a number of days: default, bounds, and what holds for a business.

The operator narrows the bounds with `KEPT_DAYS_LIMITS`. A number of days outside of them, stored earlier, counts as
the nearest bound.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from businesses.models import Business, Retention


class Kind(models.TextChoices):
    """What is kept for a while."""

    NEWS = "news", _("Raw notices of WhatsApp")
    MESSAGES = "messages", _("Messages")
    RECORDINGS = "recordings", _("Recordings of calls")
    TRANSCRIPTS = "transcripts", _("Transcripts of calls")
    TRACES = "traces", _("Traces of calls")
    CALLERS = "callers", _("Numbers of callers")
    AUDIT = "audit", _("Audit log")


@dataclass(frozen=True, slots=True)
class Bounds:
    """The fewest and the most days."""

    shortest: int
    longest: int

    def nearest(self, days: int) -> int:
        """Returns the number of days within the bounds that is nearest to this one."""
        return min(max(days, self.shortest), self.longest)


WIDEST: Mapping[Kind, Bounds] = {
    # Meta repeats a webhook for seven days: a notice that is gone sooner would be taken for a new one.
    Kind.NEWS: Bounds(8, 365),
    # WhatsApp reports on a message for up to 30 days, and a person's last message opens 24 hours for an answer.
    Kind.MESSAGES: Bounds(31, 3650),
    Kind.RECORDINGS: Bounds(1, 3650),
    Kind.TRANSCRIPTS: Bounds(1, 3650),
    Kind.TRACES: Bounds(1, 3650),
    Kind.CALLERS: Bounds(1, 3650),
    Kind.AUDIT: Bounds(180, 3650),
}
"""What no operator can go beyond: less would remove what is still needed, more is for ever."""


def bounds_of(kind: Kind) -> Bounds:
    """Returns the installation's bounds of a kind."""
    given = settings.KEPT_DAYS_LIMITS.get(kind.value)
    if given is None:
        return WIDEST[kind]
    return Bounds(*(WIDEST[kind].nearest(days) for days in given))


def retention_of(business: Business) -> Retention:
    """Returns what a business has chosen, or an unsaved row of defaults. Expects the business to be set."""
    return Retention.objects.filter(business=business).first() or Retention(business=business)


def chosen_days(business: Business, retention: Retention, kind: Kind) -> int:
    """Returns the number of days that is stored for a kind."""
    if kind is Kind.RECORDINGS:
        return business.recordings_kept_days
    days: int = getattr(retention, f"{kind.value}_days")
    return days


def days_of(business: Business) -> dict[Kind, int]:
    """Returns how many days each kind is kept. Traces hold words, so they are never kept longer than these."""
    retention = retention_of(business)
    days = {kind: bounds_of(kind).nearest(chosen_days(business, retention, kind)) for kind in Kind}
    days[Kind.TRACES] = min(days[Kind.TRACES], days[Kind.TRANSCRIPTS])
    return days
