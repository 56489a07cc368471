"""What forbids a recurring broadcast to be sent at the moment: the same that forbids it to any other broadcast."""

from __future__ import annotations

from django.utils.translation import gettext as _

from whatsapp.broadcasts import categories
from whatsapp.control.preflight import standing_problems
from whatsapp.models import Broadcast, BroadcastSeries
from whatsapp.reasons import shown


def problems_of(series: BroadcastSeries) -> list[str]:
    """Returns why nothing of it can be sent now, in words: its template or its number is unusable."""
    template = series.template
    probe = Broadcast(business=series.business, template=template, sender=series.sender)
    probe.template_components, probe.template_hash = template.components, series.template_hash
    probe.template_category = template.category  # a change of it is told by `category_words`: nobody is counted here
    found = standing_problems(probe)
    return [category_words(series), *found] if has_moved(series) else found


def has_moved(series: BroadcastSeries) -> bool:
    """Returns whether the template has another category than the one that somebody agreed to."""
    return series.template.category != series.template_category


def category_words(series: BroadcastSeries) -> str:
    """Returns both categories with what a message to the business's country costs."""
    country = series.business.region() or ""
    compared = categories.prices(country, series.template_category, series.template.category)
    text = _(
        "WhatsApp moved the template from “%(old_category)s” to “%(new_category)s”. A message to %(country)s costs "
        "%(new_price)s %(currency)s instead of %(old_price)s now. Resume only if you agree."
    )
    return text % {name: shown(name, value) for name, value in compared.items()}
