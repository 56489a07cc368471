"""What the steps of making a broadcast share: each is a page about one draft, with the draft's id in its address."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from businesses.pages.access import PageRequest, business_page
from whatsapp.models import Broadcast, MessageTemplate
from whatsapp.pages.broadcast_page import find, step_page
from whatsapp.pages.bubble import Bubble, bubble
from whatsapp.states import BroadcastStatus

Step = Callable[[PageRequest, Broadcast], HttpResponse]
EDITION = "edition"
"""The hidden field with the edition of the draft that a form was made of."""


def draft_step(view: Step) -> Callable[..., HttpResponseBase]:
    """Make a page of a step: of a broadcast that is no draft (any more), its own page is shown instead."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @business_page(section="broadcasts")
    @wraps(view)
    def page(request: PageRequest, broadcast_id: UUID) -> HttpResponse:
        draft = find(request, broadcast_id)
        if draft.status != BroadcastStatus.DRAFT:
            return to_page(draft)
        return view(request, draft)

    return page


def to_page(broadcast: Broadcast) -> HttpResponse:
    """Returns a redirection to the broadcast's page, or to the step at which its draft was left."""
    return redirect(step_page(broadcast))


def edition_in(request: PageRequest, draft: Broadcast) -> int:
    """Returns the edition that a posted form was made of; the present one if the form does not say."""
    said = request.POST.get(EDITION, "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else draft.edition


def refused(request: PageRequest, problem: str, draft: Broadcast | None = None) -> HttpResponse:
    """Say why the step can't be taken, with a way on."""
    return render(request, "whatsapp/broadcast_new_refused.html", {"problem": problem, "draft": draft}, status=422)


def unfilled(template: MessageTemplate) -> Bubble:
    """Returns the template without values."""
    return bubble(template.components, {}, named=template.parameter_format == "NAMED")
