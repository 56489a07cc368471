"""What came of a template: when it was last sent, and the figures of its broadcasts of the last 90 days, summed."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Max

from businesses.remembered import remembered
from whatsapp.broadcasts.figures import Figure, figures_of_many
from whatsapp.broadcasts.tallies import counts_of_broadcasts
from whatsapp.models import Broadcast, MessageTemplate

SPAN = timedelta(days=90)
KEPT_S = 60
"""Counting reads an index entry for each person, so a page that is looked at again is not counted again at once."""
SUMMED = (Figure.TAKEN, Figure.DELIVERED, Figure.READ, Figure.REPLIED, Figure.OPTED_OUT)


@dataclass(frozen=True, slots=True)
class TemplateResults:
    """`people` by figure; a person who got two broadcasts counts twice."""

    last_sent_at: datetime | None = None
    broadcasts: int = 0
    people: Mapping[Figure, int] = field(default_factory=dict)


def results_of(templates: Collection[MessageTemplate], *, now: datetime) -> dict[uuid.UUID, TemplateResults]:
    """Returns the results by template; one that was never sent has none. Three queries, or none for a minute after."""
    if not templates:
        return {}
    keys = sorted(template.pk for template in templates)
    name = f"template-results-{uuid.uuid5(uuid.NAMESPACE_OID, ' '.join(map(str, keys))).hex}"
    return remembered(name, KEPT_S, lambda: _counted(keys, now))


def _counted(keys: Collection[uuid.UUID], now: datetime) -> dict[uuid.UUID, TemplateResults]:
    started = Broadcast.objects.filter(template__in=keys, started_at__isnull=False).order_by()
    last = dict(started.values("template").annotate(at=Max("started_at")).values_list("template", "at"))
    sent = list(started.filter(started_at__gte=now - SPAN).only("status", "epoch", "total", "template"))
    recent = {broadcast.pk: broadcast.template_id for broadcast in sent}
    figures = figures_of_many(counts_of_broadcasts(sent)) if sent else {}
    summed: defaultdict[uuid.UUID, dict[Figure, int]] = defaultdict(lambda: dict.fromkeys(SUMMED, 0))
    number: defaultdict[uuid.UUID, int] = defaultdict(int)
    for broadcast, each in figures.items():
        number[recent[broadcast]] += 1
        for figure in SUMMED:
            summed[recent[broadcast]][figure] += each.people[figure]
    return {key: TemplateResults(at, number[key], summed.get(key, {})) for key, at in last.items()}
