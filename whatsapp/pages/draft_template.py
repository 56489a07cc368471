"""The first step of a broadcast: its template. Choosing one makes the draft, or changes that of a draft."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from businesses.pages.access import PageRequest, business_page
from whatsapp.broadcasts import drafts
from whatsapp.errors import WhatsappError
from whatsapp.models import Broadcast, MessageTemplate
from whatsapp.numbers import template_sync
from whatsapp.pages.asked_for import MOST_TEMPLATES, id_of, sendable_templates
from whatsapp.pages.draft_step import draft_step, edition_in, refused, to_page, unfilled
from whatsapp.states import BroadcastStatus
from whatsapp.template_variables import UnsupportedTemplate, variables_of


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="broadcasts")
def new(request: PageRequest) -> HttpResponse:
    """Choose what is sent; only then is a draft stored. `?template=` shows one template first."""
    return _choose(request, None)


@draft_step
def change(request: PageRequest, draft: Broadcast) -> HttpResponse:
    """Choose what a draft sends."""
    return _choose(request, draft)


@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="broadcasts")
def moved(request: PageRequest) -> HttpResponse:
    """Lead from an address of earlier releases, whose steps had no id, to the draft that the person left last."""
    left = Broadcast.objects.filter(business=request.business, status=BroadcastStatus.DRAFT, created_by=request.user)
    draft = left.exclude(next_step="").select_related("business").order_by("-created_at").first()
    return to_page(draft) if draft else redirect("broadcast-new", slug=request.business.slug)


def _choose(request: PageRequest, draft: Broadcast | None) -> HttpResponse:
    approved = sendable_templates(request.business)
    chosen = approved.filter(pk=id_of(request.POST.get("template", ""))).first()
    if chosen is not None:
        if problem := _obstacle(chosen):
            return refused(request, problem)
        return _chosen(request, draft, chosen)
    first = approved.filter(pk=id_of(request.GET.get("template", ""))).first()
    shown = [first] if first else list(approved[:MOST_TEMPLATES])
    choices = [(template, unfilled(template), _obstacle(template)) for template in shown]
    context = {"choices": choices, "draft": draft, "is_one_of_many": first is not None}
    return render(request, "whatsapp/broadcast_new_template.html", context)


def _chosen(request: PageRequest, draft: Broadcast | None, chosen: MessageTemplate) -> HttpResponse:
    try:
        template, sender = template_sync.find(request.business, chosen.name, chosen.language)
        if draft is None:
            draft = drafts.begin(request.business, template, sender, actor=request.user)
        elif (draft.template_id, draft.template_hash) != (template.pk, template.content_hash):
            drafts.choose_template(draft, template, sender, edition=edition_in(request, draft))
    except WhatsappError as error:
        if draft is None:
            return refused(request, str(error))
        messages.error(request, str(error))
        return redirect("broadcast-edit-template", slug=request.business.slug, broadcast_id=draft.pk)
    return to_page(draft)


def _obstacle(template: MessageTemplate) -> str:
    """Returns why broadcasts can't send this template; "" if they can."""
    try:
        variables_of(template.components, template.parameter_format)
    except UnsupportedTemplate as error:
        return str(error)
    return ""
