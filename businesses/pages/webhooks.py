"""An address that is told what happens: adding it, its page with the log, trying it, and its secret."""

from __future__ import annotations

import json
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from businesses import tasks
from businesses.errors import TooManyEndpoints
from businesses.hooks import endpoints
from businesses.models import SwitchedOff, WebhookDelivery, WebhookEndpoint
from businesses.pages.access import OWNERS, PageRequest, business_page
from businesses.pages.integrations import overview
from businesses.pages.listing import listing
from businesses.pages.webhook_form import PROBLEMS, WebhookForm
from businesses.safe_http import Problem


@business_page(section="integrations", roles=OWNERS, action_of="integrations")
def add(request: PageRequest) -> HttpResponse:
    """Add an address. Its secret is in this answer, and can't be read again."""
    form = WebhookForm(request.POST)
    if form.is_valid():
        try:
            endpoint, secret = endpoints.add(
                request.business, url=form.cleaned_data["url"], kinds=form.happenings, now=timezone.now()
            )
        except TooManyEndpoints as refused:
            form.add_error(None, _("There can be %(most)s addresses. Remove one first.") % {"most": refused.most})
        else:
            return _page(request, endpoint, secret=secret)
    return overview(request, webhook_form=form, status=422)


@require_safe
@business_page(section="integrations", roles=OWNERS)
def webhook(request: PageRequest, endpoint_id: UUID) -> HttpResponse:
    """Show an address and what was sent to it."""
    return _page(request, _found(endpoint_id))


@business_page(section="integrations", roles=OWNERS, action_of="webhook")
def change(request: PageRequest, endpoint_id: UUID) -> HttpResponse:
    """Store another address or other kinds."""
    endpoint, form = _found(endpoint_id), WebhookForm(request.POST)
    if not form.is_valid():
        return _page(request, endpoint, form=form)
    endpoints.change(endpoint, url=form.cleaned_data["url"], kinds=form.happenings)
    messages.success(request, _("Saved."))
    return _to(request, endpoint)


@business_page(section="integrations", roles=OWNERS, action_of="webhook")
def switch(request: PageRequest, endpoint_id: UUID) -> HttpResponse:
    """Switch it on or off."""
    endpoint = _found(endpoint_id)
    if request.POST.get("to") == "on":
        endpoints.switch_on(endpoint)
    else:
        endpoints.switch_off(endpoint, because=SwitchedOff.BY_MEMBER, now=timezone.now())
    return _to(request, endpoint)


@business_page(section="integrations", roles=OWNERS, action_of="webhook")
def rotate(request: PageRequest, endpoint_id: UUID) -> HttpResponse:
    """Make a new secret, which is in this answer only."""
    endpoint = _found(endpoint_id)
    secret = endpoints.rotate(endpoint, now=timezone.now())
    endpoint.refresh_from_db()
    return _page(request, endpoint, secret=secret)


@business_page(section="integrations", roles=OWNERS, action_of="webhook")
def try_out(request: PageRequest, endpoint_id: UUID) -> HttpResponse:
    """Send a test message."""
    endpoint = _found(endpoint_id)
    if endpoint.is_on:
        endpoints.try_out(endpoint, now=timezone.now())
        tasks.ring_for_webhooks()
        messages.success(request, _("A test message is on its way. Load this page again to see what became of it."))
    else:
        messages.error(request, _("Switch the address on first."))
    return _to(request, endpoint)


@business_page(section="integrations", roles=OWNERS, action_of="integrations")
def remove(request: PageRequest, endpoint_id: UUID) -> HttpResponse:
    """Remove an address and its log."""
    endpoints.remove(_found(endpoint_id))
    messages.success(request, _("The address is removed."))
    return redirect("integrations", slug=request.business.slug)


@business_page(section="integrations", roles=OWNERS, action_of="integrations")
def send_again(request: PageRequest, delivery_id: UUID) -> HttpResponse:
    """Send one message of the log again."""
    delivery = get_object_or_404(WebhookDelivery.objects.select_related("endpoint"), pk=delivery_id)
    if not delivery.endpoint.is_on:
        messages.error(request, _("Switch the address on first."))
    elif endpoints.send_again(delivery, now=timezone.now()):
        tasks.ring_for_webhooks()
        messages.success(request, _("The message is sent again."))
    return _to(request, delivery.endpoint)


def _found(endpoint_id: UUID) -> WebhookEndpoint:
    return get_object_or_404(WebhookEndpoint.objects.select_related("business"), pk=endpoint_id)


def _to(request: PageRequest, endpoint: WebhookEndpoint) -> HttpResponse:
    return redirect("webhook", slug=request.business.slug, endpoint_id=endpoint.pk)


def _page(
    request: PageRequest, endpoint: WebhookEndpoint, *, form: WebhookForm | None = None, secret: str = ""
) -> HttpResponse:
    sent = listing(request, WebhookDelivery.objects.filter(endpoint=endpoint).order_by("-happened_at", "-pk"))
    context = {
        "endpoint": endpoint,
        "form": form or WebhookForm(initial={"url": endpoint.url, "kinds": endpoint.kinds}),
        "secret": secret,
        "old_secret_until": _until(endpoint),
        "listing": sent,
        "rows": [(each, _reason(each), _readable(each.body)) for each in sent.rows],
    }
    return render(request, "pages/webhook.html", context, status=422 if form else 200)


def _until(endpoint: WebhookEndpoint) -> object:
    until = endpoint.old_secret_until
    return until if until and until > timezone.now() else None


def _reason(delivery: WebhookDelivery) -> str:
    """Returns what came of the last try, in words."""
    if delivery.last_status:
        return _("answered %(status)s") % {"status": delivery.last_status}
    return str(PROBLEMS[Problem(delivery.last_problem)]) if delivery.last_problem in set(Problem) else ""


def _readable(body: str) -> str:
    try:
        return json.dumps(json.loads(body), ensure_ascii=False, indent=2)
    except ValueError:
        return body
