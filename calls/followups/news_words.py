"""The mails about calls, in words: the reader's language and the business's clock are set by the caller."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from businesses.known_people import KnownPerson, people_with
from businesses.mail import defused
from businesses.models import Business
from businesses.public_address import public_url
from calls.followups import todo
from calls.models import Call, CallOutcome, Sentiment, Task, TaskKind
from calls.weekly import Promise, Week

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as StrOrPromise

MOST_CALLS: Final = 100
_MISSED = (CallOutcome.REFUSED, CallOutcome.FAILED, CallOutcome.FALLBACK)


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail."""

    subject: str
    body: str


def of_call(call: Call, *, is_instead: bool = False) -> Letter:
    """Returns the mail about one call. `is_instead`: a WhatsApp message about it did not reach the member."""
    business = call.business
    subject, lines = told_of(call, list(Task.objects.filter(call=call).order_by("created_at")))
    lines = [*lines, "", address("call", business, call_id=call.pk), "", _why(business, is_instead=is_instead)]
    return Letter(subject, "\n".join(lines))


def told_of(call: Call, tasks: Sequence[Task]) -> tuple[str, list[str]]:
    """Returns what is told of one call: a subject, and lines."""
    business = call.business
    who = _caller(call, people_with(business, [call.caller_number]))
    if any(task.kind in todo.LEFT_BY_CALLERS for task in tasks):
        subject = _("%(business)s: a message from %(who)s")
    elif call.outcome in _MISSED:
        subject = _("%(business)s: a missed call from %(who)s")
    else:
        subject = _("%(business)s: a call from %(who)s")
    return _one_line(subject % {"business": defused(business.name), "who": who}), _lines(call, who, tasks)


def headline_of_day(business: Business, calls: Sequence[Call]) -> str:
    """Returns how many calls there were, and how many of them were missed."""
    return _one_line(f"{defused(business.name)}: {_how_many(calls)}")


def of_day(business: Business, calls: Sequence[Call], *, is_instead: bool = False) -> Letter:
    """Returns the mail about the calls of a day; of more than `MOST_CALLS` the first."""
    shown = calls[:MOST_CALLS]
    known = people_with(business, {call.caller_number for call in shown})
    tasks: dict[object, list[Task]] = {}
    for task in Task.objects.filter(business=business, call__in=shown).order_by("created_at"):
        tasks.setdefault(task.call_id, []).append(task)
    lines = [_how_many(calls), ""]
    for call in shown:
        lines += [*_lines(call, _caller(call, known), tasks.get(call.pk, [])), ""]
    if len(calls) > MOST_CALLS:
        lines += [_("There were more: the page shows all."), ""]
    lines += [address("calls", business), "", _why(business, is_instead=is_instead)]
    return Letter(headline_of_day(business, calls), "\n".join(lines))


PROMISES: Final[dict[Promise, StrOrPromise]] = {
    Promise.GREETINGS: gettext_lazy("not every caller heard the greeting whole"),
    Promise.INTERRUPTIONS: gettext_lazy("the assistant was slow to fall silent when it was interrupted"),
    Promise.ANSWERS: gettext_lazy("callers waited too long for answers"),
}
"""What a week fell short of, in a member's words."""


def of_week(business: Business, week: Week) -> Letter:
    """Returns the mail about a week that fell short of what it promises."""
    day = date_format(week.monday, "SHORT_DATE_FORMAT")
    subject = _("%(business)s: in the week of %(day)s callers were served less well than promised")
    lines = [f"• {PROMISES[promise]}" for promise in week.broken]
    lines += ["", address("figures", business), "", _why(business)]
    return Letter(_one_line(subject % {"business": defused(business.name), "day": day}), "\n".join(lines))


def _lines(call: Call, who: str, tasks: Sequence[Task]) -> list[str]:
    at = date_format(timezone.localtime(call.started_at), "SHORT_DATETIME_FORMAT")
    lines = [f"{at} · {who} · {call.get_outcome_display()}"]
    if call.summary:
        lines.append(call.summary)
    if call.sentiment == Sentiment.UNHAPPY:
        lines.append(_("The caller was unhappy."))
    if call.wishes:
        lines.append(_("What the caller wanted:"))
        lines += [f"- {wish}" for wish in call.wishes.splitlines()]
    there = {task.follow_up for task in tasks}
    if left := [each for place, each in enumerate(call.follow_ups) if place not in there]:
        lines.append(_("Left to do, without a task:"))
        lines += [f"- {each['what']}" + (f" ({each['when']})" if each["when"] else "") for each in left]
    for task in tasks:
        said = [task.get_kind_display(), task.who, task.number, task.when]
        lines.append("• " + " · ".join(part for part in said if part))
        if task.about:
            lines.append(task.about)
        elif task.kind == TaskKind.VOICEMAIL:
            lines.append(_("There are no words of it yet. You can listen to it on the page."))
    return lines


def _caller(call: Call, known: dict[str, KnownPerson]) -> str:
    person = known.get(call.caller_number)
    number = call.caller_number or _("a withheld number")
    return f"{person.name} ({number})" if person else number


def address(page: str, business: Business, **named: object) -> str:
    """Returns the whole address of a page."""
    return public_url() + reverse(page, kwargs={"slug": business.slug, **named})


def _how_many(calls: Sequence[Call]) -> str:
    shown, missed = len(calls[:MOST_CALLS]), sum(call.outcome in _MISSED for call in calls)
    count = ngettext("%(count)s call", "%(count)s calls", shown) % {"count": shown}
    return count + (", " + _("missed: %(count)s") % {"count": missed} if missed else "")


def _why(business: Business, *, is_instead: bool = False) -> str:
    if is_instead:
        why = _("You get this mail because a WhatsApp message about it did not reach you: %(address)s")
        return why % {"address": address("news", business)}
    return _("You get this mail because you chose so: %(address)s") % {"address": address("news", business)}


def _one_line(text: str) -> str:
    return " ".join(text.split())[:150]
