"""Pages of recurring broadcasts: the list, one with its next dates and what came of the past ones, and its buttons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from businesses.pages.access import PageRequest, business_page
from businesses.pages.listing import listing
from whatsapp.audience.choice import SegmentChoice
from whatsapp.audience.conditions import Conditions
from whatsapp.audience.sources import contacts_of, values_known
from whatsapp.broadcasts.under_way import UnderWay, with_counts
from whatsapp.errors import BadAudience
from whatsapp.models import BroadcastSeries, Consent, Contact, Occurrence, SeriesPause, SeriesStatus
from whatsapp.pages.bubble import Bubble, bubble
from whatsapp.pages.button import button
from whatsapp.pages.condition_words import words_of
from whatsapp.pages.conditions_asked import people_address
from whatsapp.pages.draft_step import to_page, unfilled
from whatsapp.pages.repeat_words import repeat_words
from whatsapp.series import plans, steering
from whatsapp.series.dates import next_occasions, repeat_of
from whatsapp.series.plans import choice_of
from whatsapp.series.standing import problems_of
from whatsapp.template_variables import UnsupportedTemplate, variables_of

PER_PAGE = 25


@dataclass(frozen=True, slots=True)
class Past:
    """An occurrence with its broadcast and that one's counts, if one was made and is still there."""

    occurrence: Occurrence
    each: UnderWay | None


@require_safe
@business_page(section="broadcasts")
def series_list(request: PageRequest) -> HttpResponse:
    """Show the recurring broadcasts, newest first."""
    rows = BroadcastSeries.objects.filter(business=request.business).select_related("segment")
    found = listing(request, rows, per_page=PER_PAGE)
    context = {"listing": found, "rows": [(each, _when(each)) for each in found.rows]}
    return render(request, "whatsapp/series_list.html", context)


@require_safe
@business_page(section="broadcasts")
def series(request: PageRequest, series_id: UUID) -> HttpResponse:
    """Show one: when it occurs next, to whom, and what came of each occurrence so far."""
    found, now = find(request, series_id), timezone.now()
    people = _people_now(found, now)
    past = listing(request, found.occurrences.select_related("broadcast"), per_page=PER_PAGE)
    context = {
        "series": found,
        "when": _when(found),
        "next": next_occasions(found, now=now),
        "bubble": _bubble(found, people),
        "problems": problems_of(found) if found.status in plans.CHANGEABLE else [],
        "listing": past,
        "past": _with_results(past.rows),
        "may": _possible(found),
        **_people(found, people),
    }
    return render(request, "whatsapp/series.html", context)


def find(request: PageRequest, series_id: UUID) -> BroadcastSeries:
    """Returns the recurring broadcast of this business; 404 for any other."""
    rows = BroadcastSeries.objects.select_related("business", "sender", "template", "segment")
    return get_object_or_404(rows, business=request.business, pk=series_id)


_steers = button(section="broadcasts", page="series", find=find)


@_steers
def start(request: PageRequest, found: BroadcastSeries) -> str:
    """Let it occur from now on."""
    steering.start(found, now=timezone.now(), actor=request.user)
    return _("Started. Its broadcasts are sent by themselves from now on.")


@_steers
def pause(request: PageRequest, found: BroadcastSeries) -> str:
    """Let nothing occur for a while."""
    steering.pause(found, actor=request.user)
    return _("Paused. Broadcasts that were sent already go on.")


@_steers
def resume(request: PageRequest, found: BroadcastSeries) -> str:
    """Go on."""
    steering.resume(found, now=timezone.now(), actor=request.user)
    return _("It goes on.")


@_steers
def stop(request: PageRequest, found: BroadcastSeries) -> str:
    """End it for good."""
    steering.stop(found, actor=request.user)
    return _("Stopped. Broadcasts that were sent already go on.")


@_steers
def edit(request: PageRequest, found: BroadcastSeries) -> HttpResponse:
    """Change its plan, in the steps of a broadcast. Until that is saved it goes on as it is."""
    return to_page(plans.edit(found, actor=request.user))


def to_series(found: BroadcastSeries) -> HttpResponse:
    """Returns a redirection to the page of a recurring broadcast."""
    return redirect("series", slug=found.business.slug, series_id=found.pk)


def _when(found: BroadcastSeries) -> list[str]:
    repeat = repeat_of(found)
    return repeat_words(repeat) if repeat else [_("When it is sent can't be read here. Edit it.")]


def _people_now(found: BroadcastSeries, now: datetime) -> QuerySet[Contact] | None:
    """Returns who would get it now; None if that can't be found any more."""
    try:
        return contacts_of(found.business, choice_of(found), now=now)
    except BadAudience:
        return None


def _people(found: BroadcastSeries, people: QuerySet[Contact] | None) -> dict[str, object]:
    """Returns who is meant, how many they are now, and the address of their list."""
    if people is None:
        return {"people": None}
    choice = choice_of(found)
    if isinstance(choice, SegmentChoice):
        address = f"{reverse('contacts', args=[found.business.slug])}?segment={choice.segment}"
        return {"people": people.count(), "address": address}
    consent = Consent.GRANTED.value if choice.only_with_consent else ""
    meant = Conditions(all_tags=choice.tags, no_tags=choice.without_tags, consent=consent)
    address = people_address(found.business, meant)
    return {"people": people.count(), "address": address, "conditions": words_of(meant, {})}


def _bubble(found: BroadcastSeries, people: QuerySet[Contact] | None) -> Bubble:
    """Returns the message as the first of its people would get it; without values that nobody has."""
    template = found.template
    try:
        keys = [variable.key for variable in variables_of(template.components, template.parameter_format)]
    except UnsupportedTemplate:
        return unfilled(template)
    if people is None:
        return unfilled(template)
    values = values_known(choice_of(found), keys, people.order_by("pk").first(), {})
    return bubble(template.components, values, named=template.parameter_format == "NAMED")


def _with_results(occurrences: list[Occurrence]) -> list[Past]:
    made = [each.broadcast for each in occurrences if each.broadcast is not None]
    counted = {each.broadcast.pk: each for each in with_counts(made)}
    return [Past(each, counted.get(each.broadcast_id) if each.broadcast_id else None) for each in occurrences]


def _possible(found: BroadcastSeries) -> dict[str, bool]:
    """Returns which buttons the page shows."""
    status = found.status
    return {
        "start": status == SeriesStatus.READY,
        "pause": status == SeriesStatus.ACTIVE,
        "resume": status == SeriesStatus.PAUSED and found.pause_reason != SeriesPause.TEMPLATE,
        "edit": status in plans.CHANGEABLE,
        "stop": status in plans.CHANGEABLE,
    }
