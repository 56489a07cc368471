"""The result page of a broadcast, and the follow-up that one press makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from businesses.pages.access import PageRequest, business_page
from whatsapp.audience.choice import EarlierChoice, Group
from whatsapp.broadcasts import creation, lifecycle
from whatsapp.broadcasts.creation import NewBroadcast
from whatsapp.broadcasts.figures import SHARE_OF, Figure
from whatsapp.control import retrying
from whatsapp.control.results import FOLLOW_UPS, Result, result_of
from whatsapp.errors import WhatsappError
from whatsapp.models import Broadcast
from whatsapp.pages import kept_figures, reading
from whatsapp.pages.broadcast_page import find
from whatsapp.pages.button import button
from whatsapp.pages.group_words import group_words
from whatsapp.sending.costs import rates_at
from whatsapp.states import RecipientStatus

NAME_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Row:
    """One figure as the page shows it; `share_of` is the figure of which `percent` is a percentage."""

    figure: Figure
    people: int
    percent: float | None
    share_of: Figure | None


@require_safe
@business_page(section="broadcasts")
def result(request: PageRequest, broadcast_id: UUID) -> HttpResponse:
    """Show what came of a broadcast; of one that has not started there is nothing to show."""
    found = find(request, broadcast_id)
    if found.status in lifecycle.NOT_STARTED:
        return redirect("broadcast", slug=request.business.slug, broadcast_id=found.pk)
    now = timezone.now()
    shown = result_of(found)
    if shown.costs.billed is None and kept_figures.count(found, shown.counts.total, now=now):
        shown = result_of(found)
    failed = shown.counts.by_state[RecipientStatus.FAILED]
    context = {
        "broadcast": found,
        "people": shown.counts,
        "rows": _rows(shown),
        "result": shown,
        "follow_ups": [(each, group_words(each.group)) for each in shown.follow_ups if each.people],
        "retryable": retrying.retryable(found).count() if failed and found.status in retrying.RETRYABLE_IN else 0,
        "currency": rates_at(now).currency,
    }
    return render(request, "whatsapp/broadcast_result.html", context)


def _rows(shown: Result) -> list[Row]:
    figures = shown.figures
    return [
        Row(figure, people, figures.percent(figure), SHARE_OF.get(figure))
        for figure, people in figures.people.items()
        if people or figure in SHARE_OF
    ]


@button(section="broadcasts", page="broadcast-result", find=find)
def follow_up(request: PageRequest, found: Broadcast) -> HttpResponse:
    """Make a draft with the same template for a group of the broadcast's people."""
    try:
        group = Group(request.POST.get("group", ""))
    except ValueError:
        raise WhatsappError(_("Choose who should get it.")) from None
    if group not in FOLLOW_UPS:
        raise WhatsappError(_("Choose who should get it."))
    name = f"{found.name} – {group_words(group)}"
    new = NewBroadcast(found.template, found.sender, EarlierChoice(str(found.pk), group), name=name[:NAME_LENGTH])
    made = creation.create(request.business, new, now=timezone.now(), actor=request.user)
    reading.begin(made, now=timezone.now())
    messages.success(request, _("This is a draft. Look at it, then start it."))
    return redirect("broadcast", slug=request.business.slug, broadcast_id=made.pk)
