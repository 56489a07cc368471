"""The list of calls as CSV, filtered as on its page."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from businesses.keeping.fingerprints import PREFIX
from businesses.keeping.person import ERASED
from businesses.known_people import people_with
from businesses.models import Business, Permission
from businesses.pages.access import PageRequest, business_page
from businesses.pages.csv_export import people_answer
from businesses.templatetags.pages import duration
from calls.models import BROWSER, Call
from calls.pages import gist_words, moment_words, words
from calls.pages.calls import CallFilters
from calls.records import certificates

PART = 500
"""Calls whose callers are looked up together."""


@require_safe
@business_page(section="calls", needs=Permission.EXPORT_CONTACTS)
def export(request: PageRequest) -> HttpResponseBase:
    """Send the calls of the filters as CSV; the times are the business's, and the header says so."""
    zone = {"zone": request.business.time_zone}
    header = [
        _("started (%(zone)s)") % zone,
        _("caller"),
        _("name"),
        _("number called"),
        _("outcome"),
        _("how it ended"),
        _("length"),
        _("minutes billed"),
        _("greeting"),
        _("greeting heard at (seconds)"),
        _("greeting bytes sent"),
        _("greeting bytes confirmed"),
        _("greeting attempts"),
        _("greeting interruptions"),
        _("summary"),
        _("wishes"),
        _("follow-ups"),
        _("caller's mood"),
        _("OpenAI cost (US dollars)"),
    ]
    chosen = CallFilters(request.GET, business=request.business).chosen()
    name = f"calls-{timezone.localdate():%Y-%m-%d}"
    rows = _cells(request.business, chosen.iterator(chunk_size=PART))
    return people_answer(request.business, request.user, "calls", name=name, header=header, rows=rows)


def _caller(number: str) -> str:
    if number.startswith((ERASED, PREFIX)):
        return _("erased")
    return _("A test call from the browser") if number == BROWSER else number


def _greeting(call: Call) -> list[str]:
    """Returns the cells of a call's greeting certificate; empty ones where there is none."""
    certificate = certificates.of_stored(call.certificate)
    if certificate is None or not moment_words.verdict(certificate):
        return [""] * 6
    figures = (certificate.bytes_sent, certificate.bytes_marked, certificate.attempts, certificate.interruptions)
    heard_at = "" if certificate.heard_at_s is None else f"{certificate.heard_at_s:.2f}"
    return [moment_words.verdict(certificate), heard_at, *map(str, figures)]


def _cells(business: Business, calls: Iterator[Call]) -> Iterator[list[str]]:
    now = timezone.now()
    while part := list(islice(calls, PART)):
        known = people_with(business, {call.caller_number for call in part})
        for call in part:
            person = known.get(call.caller_number)
            yield [
                f"{timezone.localtime(call.started_at):%Y-%m-%d %H:%M:%S}",
                _caller(call.caller_number),
                person.name if person else "",
                call.called_number,
                str(call.get_outcome_display() or call.get_status_display()),
                words.end_reason(call),
                duration(words.seconds_on_the_line(call, now=now)),
                f"{call.minutes_charged:.2f}",
                *_greeting(call),
                call.summary,
                *gist_words.in_a_cell(call),
                words.cost(call),
            ]
