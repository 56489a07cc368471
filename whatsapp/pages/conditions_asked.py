"""The conditions in the address of a list of contacts: written out, or as the id of a segment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.shortcuts import get_object_or_404
from django.urls import reverse

from businesses.models import Business
from businesses.pages.access import PageRequest
from whatsapp.audience import segments
from whatsapp.audience.conditions import Conditions
from whatsapp.models import Consent, Segment, Tag
from whatsapp.pages.asked_for import id_of
from whatsapp.pages.conditions_form import ConditionsForm, in_address, names_of_fields


@dataclass(frozen=True, slots=True)
class Asked:
    """`conditions` is None if they can't be understood: then nobody is meant, and not everybody."""

    conditions: Conditions | None
    segment: Segment | None = None


def conditions_asked(request: PageRequest) -> Asked:
    """Returns the conditions in the address. 404 for a segment that this business does not have."""
    known: Asked | None = getattr(request, "conditions_asked", None)
    if known is None:
        known = _asked(request)
        request.conditions_asked = known  # type: ignore[attr-defined] # asked for by several parts of a page
    return known


def to_save(request: PageRequest) -> Conditions | None:
    """Returns what a list of contacts shows as conditions, with its quick filters by a tag and by consent."""
    asked = conditions_asked(request).conditions
    if asked is not None and request.GET.get("consent") in Consent.values:
        asked = replace(asked, consent=request.GET["consent"])
    written = request.GET.get("tag", "")
    if asked is None or not (written.isdecimal() and len(written) < 19):
        return asked
    name = Tag.objects.filter(business=request.business, pk=int(written)).values_list("name", flat=True).first()
    return replace(asked, all_tags=(*asked.all_tags, name)) if name and name not in asked.all_tags else asked


def people_address(business: Business, conditions: Conditions) -> str:
    """Returns the address of the list of these people."""
    return f"{reverse('contacts', args=[business.slug])}?{query_of(conditions)}"


def query_of(conditions: Conditions) -> str:
    """Returns the conditions as the query of an address."""
    return urlencode(in_address(conditions), doseq=True)


def carried(request: PageRequest) -> list[tuple[str, str]]:
    """Returns what a search among these people has to keep in its address, beside its own fields."""
    names = (names_of_fields() | {"segment"}) - {"consent"}
    return [(name, value) for name in sorted(names) for value in request.GET.getlist(name) if value]


def _asked(request: PageRequest) -> Asked:
    if written := request.GET.get("segment", ""):
        segment = get_object_or_404(Segment, business=request.business, pk=id_of(written))
        return Asked(segments.conditions_of(segment), segment)
    said = request.GET.copy()
    if said.get("consent") not in Consent.values:
        said.pop("consent", None)
    if not names_of_fields() & {name for name, value in said.items() if value}:
        return Asked(Conditions())
    form = ConditionsForm(said, business=request.business)
    return Asked(form.conditions() if form.is_valid() else None)
