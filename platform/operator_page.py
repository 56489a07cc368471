"""The page on which an operator sees what the installation does: processes, work, senders, models, errors."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast

import django
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db import connection
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from businesses import heartbeats, web_processes
from businesses.hidden import seen
from businesses.models import Business, CalendarSource, User
from businesses.pages.source_form import reason
from calls import model_checks
from calls.models import GreetingAudio, GreetingState
from calls.pages import model_words, synthetic_words
from calls.synthetic import runs
from frontdesk import backlog, disk, figures, recent_errors, release, sign_of_life
from frontdesk.attention import GOES_ON_BY_ITSELF
from whatsapp.broadcasts.reasons import reason_words, why_it_stands
from whatsapp.models import Broadcast, Sender, SenderHealth
from whatsapp.states import BroadcastStatus, RecipientStatus

MOST_SHOWN = 10
"""Rows of each list of troubles."""
LATE_S = 600
"""Work that has waited for so long is marked, as by the alert for it."""

KINDS = {
    "news": _("News from WhatsApp"),
    "summaries": _("Summaries of calls"),
    "greetings": _("Greetings to be recorded"),
    "imports": _("Imports of contacts"),
    "media": _("Files of messages"),
    "unknown_messages": _("Messages whose answer was lost"),
}
SHOWN_PEOPLE = (RecipientStatus.PENDING, RecipientStatus.RETRY_WAIT, RecipientStatus.UNKNOWN, RecipientStatus.HELD)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something of one business that stands still."""

    business: Business
    what: str
    why: str


def for_operators(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Decorate a view as a page of operators: for everybody else who is signed in it does not exist."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if not cast("User", request.user).is_superuser:
            raise Http404
        return view(request)

    return cast("Callable[[HttpRequest], HttpResponse]", never_cache(require_safe(login_required(guarded))))


@for_operators
def operator(request: HttpRequest) -> HttpResponse:
    """Show the state of the installation; a script asks again every quarter of a minute."""
    is_part = bool(request.htmx)  # type: ignore[attr-defined]  # django_htmx's middleware sets it
    return render(request, "platform/operator_state.html" if is_part else "platform/operator.html", _state())


def _state() -> dict[str, Any]:
    background, waiting, check = heartbeats.look(), backlog.now(), model_checks.latest()
    last_call, disk_free = runs.latest(), figures.disk_free_bytes()
    return {
        "background": background,
        "processes": web_processes.look(),
        "this_process": sign_of_life.name(),
        "disk_free": disk_free,
        "disk_is_low": disk_free < disk.LOW_BYTES,
        "disk_problem": disk.problem(),
        "work": [
            (name, waiting.work[kind], kind != "imports" and waiting.work[kind].oldest_s > LATE_S)
            for kind, name in KINDS.items()
        ]
        if waiting
        else None,
        "sent_per_s": waiting.sent_per_s if waiting else None,
        "people_states": [status.label for status in SHOWN_PEOPLE],
        "broadcasts": _broadcasts(waiting) if waiting else [],
        "troubles": [*_senders(), *_paused(), *_greetings(), *_calendars(waiting)],
        "models": model_checks.in_use().items(),
        "model_check": check,
        "model_problems": list(model_words.sentences(check)) if check else [],
        "calls_itself": settings.SYNTHETIC_CALL_MINUTES,
        "synthetic": last_call,
        "synthetic_fault": synthetic_words.fault_words(last_call) if last_call else "",
        "synthetic_skip": synthetic_words.skip_words(last_call) if last_call else "",
        "errors": recent_errors.newest_first(),
        "versions": _versions(),
    }


def _broadcasts(waiting: backlog.Backlog) -> list[tuple[Any, int, list[tuple[Any, int]]]]:
    """Returns for each status its label, the number of broadcasts, and that of their people in each shown state."""
    return [
        (BroadcastStatus(status).label, amount, [(on.label, waiting.people[status, on]) for on in SHOWN_PEOPLE])
        for status, amount in waiting.broadcasts.items()
        if amount
    ]


def _senders() -> list[Trouble]:
    ill = Sender.objects.exclude(health=SenderHealth.READY).select_related("business").order_by("pk")
    return [Trouble(each.business, str(each), reason_words(each)) for each in ill[:MOST_SHOWN]]


def _paused() -> list[Trouble]:
    """Returns broadcasts that wait for somebody."""
    paused = Broadcast.objects.filter(status=BroadcastStatus.PAUSED).exclude(pause_reason__in=GOES_ON_BY_ITSELF)
    rows = paused.select_related("business").order_by("-created_at")[:MOST_SHOWN]
    return [Trouble(each.business, each.name, why_it_stands(each)) for each in rows]


def _greetings() -> list[Trouble]:
    failed = GreetingAudio.objects.filter(state=GreetingState.FAILED, rendered_at=None).defer("audio")
    rows = seen(failed).select_related("business").order_by("-created_at")[:MOST_SHOWN]
    return [Trouble(each.business, str(_("The greeting could not be recorded")), "") for each in rows]


def _calendars(waiting: backlog.Backlog | None) -> list[Trouble]:
    """Returns calendars that can't be read from their address; asked only while some can't."""
    if waiting is None or not waiting.calendars.addresses["failing"]:
        return []
    failing = CalendarSource.objects.exclude(problem="").select_related("business", "calendar")
    rows = failing.order_by(Coalesce("worked_at", "added_at"))[:MOST_SHOWN]
    return [Trouble(each.business, each.calendar.name, reason(each)) for each in rows]


def _versions() -> list[tuple[str, str]]:
    database = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}.get(connection.vendor, connection.vendor)
    numbers = [str(number) for number in connection.get_database_version() if number]
    return [
        ("Frontdesk", release.version()),
        ("Python", platform.python_version()),
        ("Django", django.__version__),
        (database, ".".join(numbers)),
    ]
