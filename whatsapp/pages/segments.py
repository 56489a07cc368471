"""Pages of segments: the list, a new one, one that is changed, and how many people conditions mean."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import IntegerField, Subquery
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from businesses.models import Business
from businesses.pages.access import PageRequest, business_page
from businesses.pages.listing import listing
from whatsapp.audience import segments
from whatsapp.audience.conditions import Conditions
from whatsapp.audience.matching import people_matching, tags_in
from whatsapp.errors import NameTaken, WhatsappError
from whatsapp.models import Segment
from whatsapp.pages.condition_words import names_of_broadcasts, words_of
from whatsapp.pages.conditions_asked import conditions_asked, people_address
from whatsapp.pages.conditions_form import ConditionsForm, SegmentForm

PER_PAGE = 20
MOST_COUNTED = 10_000
"""So many people of each segment are counted for the list; of more it says that they are more."""


class CountOf(Subquery):
    """The number of a query's rows."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


@require_safe
@business_page(section="contacts")
def segment_list(request: PageRequest) -> HttpResponse:
    """Show the segments, each with its conditions and the number of people now."""
    found = listing(request, Segment.objects.filter(business=request.business), per_page=PER_PAGE)
    known = {segment.pk: segments.conditions_of(segment) for segment in found.rows}
    names = names_of_broadcasts(request.business, filter(None, known.values()))
    people = _numbers(request.business, {key: each for key, each in known.items() if each is not None})
    rows = [
        {
            "segment": segment,
            "words": words_of(conditions, names) if conditions is not None else None,
            "people": people.get(segment.pk),
        }
        for segment in found.rows
        for conditions in (known[segment.pk],)
    ]
    return render(request, "whatsapp/segments.html", {"listing": found, "rows": rows, "most": MOST_COUNTED})


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="contacts")
def new(request: PageRequest) -> HttpResponse:
    """Put conditions together, starting from those in the address; look at the people, or save them as a segment."""
    started = conditions_asked(request).conditions
    form = SegmentForm(request.POST or None, business=request.business, known=started)
    if form.is_valid():
        try:
            segment = segments.save(request.business, form.cleaned_data["name"], form.conditions(), by=request.user)
        except WhatsappError as error:
            form.add_error("name" if isinstance(error, NameTaken) else None, str(error))
        else:
            messages.success(request, _("Segment “%(name)s” saved.") % {"name": segment.name})
            return redirect("segments", slug=request.business.slug)
    return _page(request, form, None, started)


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="contacts")
def segment(request: PageRequest, segment_id: UUID) -> HttpResponse:
    """Rename a segment, or change whom it means."""
    found = get_object_or_404(Segment, business=request.business, pk=segment_id)
    known = segments.conditions_of(found)
    form = SegmentForm(request.POST or None, business=request.business, known=known, initial={"name": found.name})
    if form.is_valid():
        try:
            segments.change(found, form.cleaned_data["name"], form.conditions())
        except WhatsappError as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("segments", slug=request.business.slug)
    return _page(request, form, found, known)


@business_page(section="contacts", action_of="segment")
def remove(request: PageRequest, segment_id: UUID) -> HttpResponse:
    """Delete a segment."""
    found = get_object_or_404(Segment, business=request.business, pk=segment_id)
    try:
        segments.delete(found)
    except WhatsappError as error:
        messages.error(request, str(error))
        return redirect("segment", slug=request.business.slug, segment_id=segment_id)
    messages.success(request, _("Segment “%(name)s” deleted.") % {"name": found.name})
    return redirect("segments", slug=request.business.slug)


@require_safe
@business_page(section="contacts")
def count(request: PageRequest) -> HttpResponse:
    """Show how many people the conditions in the address mean, with a way to them. Nothing is stored."""
    form = ConditionsForm(request.GET, business=request.business)
    known = form.conditions() if form.is_valid() else None
    return render(request, "whatsapp/segment_count.html", _counted(request.business, known))


def _page(request: PageRequest, form: SegmentForm, found: Segment | None, known: Conditions | None) -> HttpResponse:
    if form.is_bound:
        known = form.conditions() if form.is_valid() else None
    uses = segments.uses(found) if found else []
    context = {"form": form, "segment": found, "uses": uses, **_counted(request.business, known)}
    return render(request, "whatsapp/segment.html", context, status=422 if form.errors else 200)


def _counted(business: Business, known: Conditions | None) -> dict[str, Any]:
    if known is None:
        return {"people": None}
    found = people_matching(business, known, now=timezone.now())
    return {"people": found.count(), "address": people_address(business, known)}


def _numbers(business: Business, known: dict[UUID, Conditions]) -> dict[UUID, int]:
    """Returns how many people each of these conditions mean now, one more than `MOST_COUNTED` for more. Two queries.

    Each is counted by itself: asked of every contact, none of them could be found by an index.
    """
    if not known:
        return {}
    now, tags = timezone.now(), tags_in(business, known.values())
    people = {key: people_matching(business, each, now=now, tags=tags).order_by() for key, each in known.items()}
    counts = {f"n{key.hex}": CountOf(each.values("pk")[: MOST_COUNTED + 1]) for key, each in people.items()}
    counted: Any = Business.objects.filter(pk=business.pk).values(**counts).get()
    return {key: counted[f"n{key.hex}"] for key in known}
