"""Problems that a member of the business must solve, each with the page for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.template.defaultfilters import floatformat
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from businesses import usage
from businesses.models import Business, Limit
from businesses.validators import dial_words
from calls.greetings import recordings
from calls.models import GreetingState
from whatsapp.broadcasts.reasons import reason_words, why_it_stands
from whatsapp.models import Broadcast, Sender, SenderHealth
from whatsapp.states import BroadcastStatus, PauseReason

MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Matter:
    """A problem: what is wrong, why, and the page on which to fix it."""

    text: str
    detail: str
    url: str
    action: str


def attention(business: Business) -> list[Matter]:
    """Returns the business's problems, the most urgent first."""
    return [*_limits(business), *_phone(business), *_senders(business), *_broadcasts(business)]


def apart(name: object) -> str:
    """Returns the name isolated from the text direction around it (UAX 9: FSI, PDI)."""
    return f"\u2068{name}\u2069"


def _page(name: str, business: Business, **named: object) -> str:
    return reverse(name, kwargs={"slug": business.slug, **named})


_LIMIT_REACHED = {
    Limit.CALLS: gettext_lazy("Callers hear that nobody can answer. Tomorrow the assistant answers again."),
    Limit.MINUTES: gettext_lazy("Callers hear that nobody can answer. Tomorrow the assistant answers again."),
    Limit.DIALLED_MINUTES: gettext_lazy("Callers are not put through to a person any more until tomorrow."),
    Limit.MESSAGES: gettext_lazy("Broadcasts are paused and go on tomorrow."),
    Limit.MONEY: gettext_lazy("Calls are not answered and broadcasts are paused until tomorrow."),
}


def _limits(business: Business) -> Iterator[Matter]:
    for standing in usage.standings(business, now=timezone.now()):
        if not standing.is_near:
            continue
        named = {"limit": standing.limit.label}
        reached, near = _("Today's limit is reached: %(limit)s"), _("Today's limit is near: %(limit)s")
        text = reached if standing.is_reached else near
        amounts = {"used": _amount(standing.used), "allowed": _amount(standing.allowed)}
        so_far = _("%(used)s of %(allowed)s are used. Your operator can raise the limit.") % amounts
        detail = f"{_LIMIT_REACHED[standing.limit]} {so_far}" if standing.is_reached else so_far
        yield Matter(text % named, detail, _page("calls", business), _("See the calls"))


def _amount(amount: Decimal) -> str:
    return floatformat(amount, "-2")


def _phone(business: Business) -> Iterator[Matter]:
    if business.minutes_left is not None and business.minutes_left <= 0:
        yield Matter(
            _("No paid minutes are left"),
            _("Calls are not answered, and nobody is put through."),
            _page("calls", business),
            _("See the calls"),
        )
    if refusal := business.dial_refusal(business.fallback_number) if business.fallback_number else None:
        number = _("Callers are not put through to %(number)s.") % {"number": apart(business.fallback_number)}
        yield Matter(
            _("The fallback number can't be called"),
            f"{number} {dial_words(refusal, business.countries_to_dial())}",
            _page("settings", business),
            _("Change the number"),
        )
    if business.record_calls and not business.notice():
        yield Matter(
            _("Calls are recorded, and callers are not told"),
            _("Many countries forbid that. Write a notice that callers hear, or stop recording."),
            _page("settings", business) + "#recording",
            _("Write a notice"),
        )
    greeting = recordings.current(business)
    if greeting is not None and greeting.state == GreetingState.FAILED:
        yield Matter(
            _("The greeting could not be recorded"),
            _("Until it is, the assistant speaks it itself, a moment later."),
            _page("settings", business),
            _("Look at the greeting"),
        )


def _senders(business: Business) -> Iterator[Matter]:
    ill = Sender.objects.filter(business=business).exclude(health=SenderHealth.READY)
    for sender in ill[:MOST_SHOWN]:
        yield Matter(
            _("WhatsApp number %(sender)s: %(state)s")
            % {"sender": apart(sender), "state": sender.get_health_display()},
            reason_words(sender),
            _page("senders", business),
            _("Look at the number"),
        )


def _broadcasts(business: Business) -> Iterator[Matter]:
    waiting = Broadcast.objects.filter(
        business=business, status__in=[BroadcastStatus.PAUSED, BroadcastStatus.MISSED, BroadcastStatus.FAILED]
    ).exclude(pause_reason__in=[PauseReason.WINDOW, PauseReason.QUOTA_24H, PauseReason.DAY_LIMIT])
    for broadcast in waiting.order_by("-created_at")[:MOST_SHOWN]:
        yield Matter(
            _("Broadcast “%(name)s” waits") % {"name": apart(broadcast.name)},
            why_it_stands(broadcast) or str(broadcast.get_status_display()),
            _page("broadcast", business, broadcast_id=broadcast.pk),
            _("Open it"),
        )
