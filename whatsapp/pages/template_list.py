"""The business's message templates, as WhatsApp last reported them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language_info, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from businesses.pages.access import OWNERS, PageRequest, business_page
from businesses.pages.listing import listing
from whatsapp.broadcasts import announced, template_results
from whatsapp.errors import WhatsappError
from whatsapp.models import InboundAction, MessageTemplate, ParameterFormat, Sender, TemplateCategory, TemplateStatus
from whatsapp.numbers import opt_out_buttons, template_sync, template_writing
from whatsapp.numbers.connecting import senders_of
from whatsapp.pages.bubble import bubble
from whatsapp.pages.rejection import is_explained
from whatsapp.providers.base import ProviderUnavailable
from whatsapp.template_variables import UnsupportedTemplate, variables_of

MARKS_IN_WORDS = {
    "": gettext_lazy("An ordinary answer"),
    InboundAction.NO_PROMOS.value: gettext_lazy("No more marketing"),
    InboundAction.OPT_OUT.value: gettext_lazy("No more broadcasts"),
}


@require_safe
@business_page(section="templates")
def templates(request: PageRequest) -> HttpResponse:
    """Show the list; templates that WhatsApp no longer has are shown only on request."""
    asked = {name: request.GET.get(name, "")[:100].replace("\0", "") for name in ("q", "status", "category")}
    found = MessageTemplate.objects.filter(business=request.business).select_related("business")
    if asked["q"]:
        found = found.filter(name__icontains=asked["q"].strip().replace(" ", "_"))
    found = (
        found.filter(status=asked["status"])
        if asked["status"] in TemplateStatus.values
        else found.exclude(status=TemplateStatus.DELETED)
    )
    if asked["category"] in TemplateCategory.values:
        found = found.filter(category=asked["category"])
    shown = listing(request, found.order_by("name", "language", "pk"), per_page=24)
    results = template_results.results_of(shown.rows, now=timezone.now())
    context = {
        **asked,
        "listing": shown,
        "shown": [_as_shown(template) | {"results": results.get(template.pk)} for template in shown.rows],
        "may_write": request.is_owner and bool(template_writing.accounts_to_write_in(request.business)),
        "statuses": TemplateStatus.choices,
        "categories": TemplateCategory.choices,
        "is_filtered": any(asked.values()),
        "has_sender": Sender.objects.filter(business=request.business).exists(),
    }
    return render(request, "whatsapp/templates.html", context)


@require_safe
@business_page(section="templates")
def template(request: PageRequest, template_id: UUID) -> HttpResponse:
    """Show one template."""
    found = get_object_or_404(MessageTemplate, pk=template_id)
    context = {**_as_shown(found), "variables": [], "unsupported": ""}
    is_ours = request.is_owner and template_writing.account_of(found) is not None
    context |= {
        "results": template_results.results_of([found], now=timezone.now()).get(found.pk),
        "may_change": is_ours and found.status in template_writing.EDITABLE,
        "may_delete": is_ours and found.status not in (TemplateStatus.DELETED, TemplateStatus.PENDING_DELETION),
        "may_copy": request.is_owner and bool(template_writing.accounts_to_write_in(request.business)),
        "used_by": template_writing.broadcasts_using(found),
        "is_explained": is_explained(found),
    }
    context |= {"quick_replies": opt_out_buttons.buttons_of(found), "marks": MARKS_IN_WORDS.items()}
    try:
        context["variables"] = list(
            dict.fromkeys(each.key for each in variables_of(found.components, found.parameter_format))
        )
    except UnsupportedTemplate as error:
        context["unsupported"] = str(error)
    return render(request, "whatsapp/template.html", context)


@business_page(section="templates", roles=OWNERS, action_of="template")
def mark_button(request: PageRequest, template_id: UUID) -> HttpResponse:
    """Decide what a quick reply does: stop all broadcasts, stop marketing, or nothing."""
    found = get_object_or_404(MessageTemplate, pk=template_id)
    try:
        opt_out_buttons.mark(found, request.POST.get("text", ""), request.POST.get("mark", "?"), by=request.user)
    except (KeyError, ValueError):  # a page from before the template changed
        messages.error(request, _("The template has no such button any more. Nothing was changed."))
    else:
        messages.success(request, _("Saved."))
    return redirect("template", slug=request.business.slug, template_id=template_id)


@business_page(section="templates", action_of="templates")
def fetch(request: PageRequest) -> HttpResponse:
    """Fetch the templates of every account of the business."""
    try:
        accounts = {(sender.provider, sender.account_id): sender for sender in senders_of(request.business)}
    except WhatsappError:
        messages.error(request, _("Connect a WhatsApp number first."))
        return redirect("senders", slug=request.business.slug)
    for sender in accounts.values():
        try:
            result = template_sync.sync(sender, now=timezone.now())
        except ProviderUnavailable as error:
            text = _("%(number)s: the templates could not be fetched. %(why)s")
            messages.error(request, text % {"number": sender, "why": error})
            continue
        text = _("%(number)s: %(added)d new, %(changed)d changed, %(gone)d gone.")
        values = {"number": sender, "added": result.added, "changed": result.changed, "gone": result.gone}
        messages.success(request, text % values)
    return redirect("templates", slug=request.business.slug)


def language_in_words(code: str) -> str:
    """Returns the name of a template's language: “Hebrew”, “English (US)”. An unknown code is returned as it is."""
    language, _sign, place = code.partition("_")
    try:
        name = str(get_language_info(language.lower())["name_translated"])
    except KeyError:
        return code
    return f"{name} ({place})" if place else name


def _as_shown(found: MessageTemplate) -> dict[str, Any]:
    named = found.parameter_format == ParameterFormat.NAMED
    return {
        "template": found,
        "bubble": bubble(found.components, {}, named=named),
        "language": language_in_words(found.language),
        "announced": announced.of_template(found, timezone.now()),
    }
