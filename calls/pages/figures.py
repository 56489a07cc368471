"""How well calls went, week by week: `/b/<slug>/figures/`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import floatformat
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from businesses.pages.access import PageRequest, business_page
from businesses.pages.charts import Chart, Figure, Series, bar_chart, line_chart
from calls import weekly
from calls.followups.news_words import PROMISES
from calls.weekly import Advice, Promise, Week

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as StrOrPromise

CHOICES = (4, 12, 26)
"""How many weeks can be shown."""

ADVICE: dict[Advice, StrOrPromise] = {
    Advice.MORE_VOICE: gettext_lazy(
        "The assistant often falls silent for a sound that is no speech. Let it take more speech to interrupt it."
    ),
    Advice.LESS_VOICE: gettext_lazy(
        "The assistant is slow to fall silent, and hardly ever does so for nothing. "
        "Let it take less speech to interrupt it."
    ),
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A change of settings to try. `query`: the settings, for the address of the page that tries them."""

    text: StrOrPromise
    query: str


@require_safe
@business_page(section="figures")
def figures(request: PageRequest) -> HttpResponse:
    """Show the weeks."""
    asked = request.GET.get("weeks", "")
    number = int(asked) if asked in {str(choice) for choice in CHOICES} else CHOICES[1]
    shown = weekly.weeks(request.business, now=timezone.now(), number=number)
    context = {
        "choices": CHOICES,
        "number": number,
        "total": weekly.together(shown),
        "heads": list(heads(weekly.together(shown))),
        "charts": list(charts(shown)),
        "broken": [(week, listed(week.broken)) for week in reversed(shown) if week.broken],
        "suggestions": [
            Suggestion(ADVICE[advice], urlencode(changes))
            for advice, changes in weekly.advice(request.business, shown[-4:]).items()
        ],
    }
    return render(request, "calls/figures.html", context)


@dataclass(frozen=True, slots=True)
class Head:
    """A figure of all the weeks together."""

    shown: str
    label: StrOrPromise
    detail: str = ""


def heads(total: Week) -> Iterator[Head]:
    """Yields the figures of all the weeks together."""
    row = total.row
    heard = _("%(heard)s of %(all)s") % {"heard": row.greetings_heard, "all": row.greetings}
    left = _("Hung up during it: %(number)s") % {"number": row.greetings_left} if row.greetings_left else ""
    yield Head(heard if row.greetings else "–", gettext_lazy("Greetings heard whole"), left)
    for label, at in (
        (gettext_lazy("From the caller's voice to silence, usually"), total.interruption_ms),
        (gettext_lazy("From the caller's last word to the answer, usually"), total.answer_ms),
    ):
        slow = _("19 of 20 within %(time)s") % {"time": seconds(at(95))} if at(95) is not None else ""
        yield Head(seconds(at(50)) or "–", label, slow)
    false = _("%(false)s of %(all)s") % {"false": row.false_pauses, "all": row.pauses}
    yield Head(false if row.pauses else "–", gettext_lazy("Fell silent for nothing"))
    yield Head(_percent(total.talk_share) or "–", gettext_lazy("Of what was said, by the assistant"))
    yield Head(_percent(total.silence_share) or "–", gettext_lazy("Of the time, nobody spoke"))


def charts(shown: Sequence[Week]) -> Iterator[Chart]:
    """Yields the charts."""
    columns = [date_format(week.monday, "j M") for week in shown]
    week_of = _("Week from")

    def times(heading: StrOrPromise, at: Callable[[Week, int], int | None], limit_ms: int) -> Chart:
        lines = [
            Series(key, label, [_time(at(week, percent)) for week in shown])
            for key, label, percent in (("one", _("Half within"), 50), ("two", _("19 of 20 within"), 95))
        ]
        limit, shown_limit = limit_ms / 1000, seconds(limit_ms)
        return line_chart(heading, columns, lines, column_heading=week_of, limit=limit, limit_shown=shown_limit)

    def parts(heading: StrOrPromise, *each: tuple[str, StrOrPromise, Callable[[Week], float]]) -> Chart:
        bars = [Series(key, label, [_number(number(week)) for week in shown]) for key, label, number in each]
        return bar_chart(heading, columns, bars, column_heading=week_of)

    yield parts(
        _("Greetings"),
        ("one", _("Heard whole"), lambda week: week.row.greetings_heard),
        ("four", _("Not heard whole"), lambda week: week.row.greetings - week.row.greetings_heard),
        ("three", _("Hung up during it"), lambda week: week.row.greetings_left),
    )
    yield times(_("Interruptions, from the caller's voice to silence"), Week.interruption_ms, weekly.INTERRUPTION_MS)
    yield times(_("Answers, from the caller's last word"), Week.answer_ms, weekly.ANSWER_MS)
    yield parts(
        _("How often the assistant fell silent for a voice"),
        ("one", _("The caller spoke"), lambda week: week.row.pauses - week.row.false_pauses),
        ("two", _("For nothing, and went on"), lambda week: week.row.false_pauses),
    )
    yield parts(
        _("Minutes of speech and silence"),
        ("one", _("Caller"), lambda week: round(week.row.caller_ms / 60_000, 1)),
        ("two", _("Assistant"), lambda week: round(week.row.assistant_ms / 60_000, 1)),
        ("three", _("Nobody"), lambda week: round(week.row.silence_ms / 60_000, 1)),
    )


def seconds(milliseconds: int | None) -> str:
    """Returns a time as it is written; "" for none."""
    if milliseconds is None:
        return ""
    return _("%(seconds)s s") % {"seconds": floatformat(milliseconds / 1000, 2)}


def listed(broken: Sequence[Promise]) -> str:
    """Returns what weeks fell short of, as a reader's sentence has it."""
    return ", ".join(str(PROMISES[promise]) for promise in broken)


def _time(milliseconds: int | None) -> Figure:
    return Figure(None if milliseconds is None else milliseconds / 1000, seconds(milliseconds))


def _number(number: float) -> Figure:
    return Figure(number, floatformat(number, "-1g"))


def _percent(share: float | None) -> str:
    return "" if share is None else _("%(number)s %%") % {"number": round(share * 100)}
