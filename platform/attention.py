"""Problems that a member of the business must solve, each with the page for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.template.defaultfilters import floatformat
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from businesses import heartbeats, usage
from businesses.dialling import DialRefusal, countries_in
from businesses.models import Business, Limit
from businesses.remembered import remembered
from businesses.validators import dial_words
from calls import model_checks, weekly
from calls.greetings import recordings
from calls.model_checks import CheckFault, ModelTrouble, ModelUse
from calls.models import GreetingState
from calls.pages.figures import listed
from calls.pages.model_words import shown_day
from whatsapp.broadcasts import announced
from whatsapp.broadcasts.reasons import reason_words, why_it_stands
from whatsapp.models import Broadcast, Sender, SenderHealth
from whatsapp.states import BroadcastStatus, PauseReason

MOST_SHOWN = 5
MODELS_KEPT_S = 60
"""The models are checked every hour."""
BACKGROUND_KEPT_S = 20
WEEKS_KEPT_S = 60
LIMITS_KEPT_S = 15
"""Short: who sees that a limit is reached looks again soon after it was raised."""


@dataclass(frozen=True, slots=True)
class Matter:
    """A problem: what is wrong, why, and the page on which to fix it."""

    text: str
    detail: str
    url: str
    action: str


def attention(business: Business, broadcasts: Iterable[Broadcast]) -> list[Matter]:
    """Returns the business's problems, the most urgent first. `broadcasts`: those that are not over."""
    broadcasts = list(broadcasts)
    return [
        *_models(business),
        *_background(business),
        *_limits(business),
        *_phone(business),
        *_weeks(business),
        *_senders(business),
        *_broadcasts(business, broadcasts),
        *_announced(business, broadcasts),
    ]


def apart(name: object) -> str:
    """Returns the name isolated from the text direction around it (UAX 9: FSI, PDI)."""
    return f"\u2068{name}\u2069"


def _page(name: str, business: Business, **named: object) -> str:
    return reverse(name, kwargs={"slug": business.slug, **named})


_NO_CALLS = {
    CheckFault.NO_ACCESS: gettext_lazy("The AI service does not accept this installation's key"),
    CheckFault.NO_CREDIT: gettext_lazy("The AI service's credit is used up"),
}
_USES = {
    ModelUse.CALLS: gettext_lazy("The AI that answers calls"),
    ModelUse.GREETINGS: gettext_lazy("The AI that speaks greetings"),
    ModelUse.TRANSCRIPTS: gettext_lazy("The AI that writes down what callers say"),
    ModelUse.SUMMARIES: gettext_lazy("The AI that writes summaries of calls"),
}


def _models(business: Business) -> Iterator[Matter]:
    """Yields what ails the installation's models: its operator can mend it, and an owner should ask them to."""
    row = remembered(f"models-{business.pk.hex}", MODELS_KEPT_S, lambda: (model_checks.latest(),))[0]
    if row is None:
        return
    look = (_page("calls", business), _("See the calls"))
    if row.fault in _NO_CALLS:
        heading = _NO_CALLS[CheckFault(row.fault)]
        yield Matter(str(heading), _("Callers can't be answered. Tell your operator."), *look)
    for found in model_checks.findings_of(row):
        if found.trouble == ModelTrouble.ENDS:
            text = _("%(use)s is available until %(day)s only") % {"use": _USES[found.use], "day": shown_day(found)}
            yield Matter(text, _("Your operator can choose another one before that. Remind them."), *look)
        else:
            text = _("%(use)s is not available any more") % {"use": _USES[found.use]}
            yield Matter(text, _("Your operator must choose another one. Tell them."), *look)


def _background(business: Business) -> Iterator[Matter]:
    """Yields that nothing is done in the background: the operator must start it, and an owner should tell them."""
    known = remembered(f"background-{business.pk.hex}", BACKGROUND_KEPT_S, heartbeats.look)
    if known.worker_is_dead:
        yield Matter(
            _("Work in the background stands still"),
            _("Broadcasts, summaries of calls and new recordings of the greeting wait. Tell your operator."),
            _page("broadcasts", business),
            _("See the broadcasts"),
        )


_LIMIT_REACHED = {
    Limit.CALLS: gettext_lazy("Callers hear that nobody can answer. Tomorrow the assistant answers again."),
    Limit.MINUTES: gettext_lazy("Callers hear that nobody can answer. Tomorrow the assistant answers again."),
    Limit.DIALLED_MINUTES: gettext_lazy("Callers are not put through to a person any more until tomorrow."),
    Limit.MESSAGES: gettext_lazy("Broadcasts are paused and go on tomorrow."),
    Limit.MONEY: gettext_lazy("Calls are not answered and broadcasts are paused until tomorrow."),
}


def _limits(business: Business) -> Iterator[Matter]:
    key = f"limits-{business.pk.hex}"
    for standing in remembered(key, LIMITS_KEPT_S, lambda: usage.standings(business, now=timezone.now())):
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
    if refusal := _dial_refusal(business):
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
    heard = recordings.heard(business) if greeting is not None and greeting.state == GreetingState.FAILED else []
    if greeting is not None and greeting.state == GreetingState.FAILED and not any(each.is_own for each in heard):
        yield Matter(
            _("The greeting could not be recorded"),
            _("Callers go on hearing the last recording of the same words.")
            if heard
            else _("Until it is, the assistant speaks it itself, a moment later."),
            _page("settings", business),
            _("Look at the greeting"),
        )


def _dial_refusal(business: Business) -> DialRefusal | None:
    """Returns why the fallback number can't be called; it depends on the numbers of the installation, too."""
    number = business.fallback_number
    if not number:
        return None
    key = f"dial-{business.pk.hex}-{number}-{'-'.join(countries_in(business.dial_countries))}"
    return remembered(key, LIMITS_KEPT_S, lambda: (business.dial_refusal(number),))[0]


def _weeks(business: Business) -> Iterator[Matter]:
    """Yields that calls of this week or the last one did not go as they should."""
    key = f"weeks-{business.pk.hex}"
    broken = remembered(key, WEEKS_KEPT_S, lambda: weekly.fallen_short(business, now=timezone.now()))
    if broken:
        yield Matter(
            _("Calls of this week or the last one did not go as promised"),
            capfirst(listed(broken)),
            _page("figures", business),
            _("See the figures"),
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


_WAITS = (BroadcastStatus.PAUSED, BroadcastStatus.MISSED, BroadcastStatus.FAILED)
GOES_ON_BY_ITSELF = (PauseReason.WINDOW, PauseReason.QUOTA_24H, PauseReason.DAY_LIMIT)


def _broadcasts(business: Business, broadcasts: Iterable[Broadcast]) -> Iterator[Matter]:
    waiting = [each for each in broadcasts if each.status in _WAITS and each.pause_reason not in GOES_ON_BY_ITSELF]
    for broadcast in sorted(waiting, key=lambda each: each.created_at, reverse=True)[:MOST_SHOWN]:
        yield Matter(
            _("Broadcast “%(name)s” waits") % {"name": apart(broadcast.name)},
            why_it_stands(broadcast) or str(broadcast.get_status_display()),
            _page("broadcast", business, broadcast_id=broadcast.pk),
            _("Open it"),
        )


def _announced(business: Business, broadcasts: Iterable[Broadcast]) -> Iterator[Matter]:
    """Yields templates of broadcasts that are not over and that WhatsApp is about to move to another category."""
    templates = {each.template_id: each.template for each in broadcasts}
    for template in templates.values():
        template.business = business
        if words := announced.of_template(template, timezone.now()):
            yield Matter(
                _("The template “%(name)s” will be in another category") % {"name": apart(template)},
                words,
                _page("template", business, template_id=template.pk),
                _("Look at the template"),
            )
