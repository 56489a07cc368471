"""The business's own systems: addresses that are told what happens, and tokens with which they may ask."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from businesses.models import Business, WebhookEndpoint
from businesses.pages.access import OWNERS, PageRequest, business_page
from businesses.pages.webhook_form import WebhookForm


@require_safe
@business_page(section="integrations", roles=OWNERS)
def integrations(request: PageRequest) -> HttpResponse:
    """Show addresses and tokens."""
    return overview(request)


def overview(request: PageRequest, *, webhook_form: WebhookForm | None = None, status: int = 200) -> HttpResponse:
    """Returns the page, with a form as it was sent and refused, if there is one."""
    business: Business = request.business
    context = {
        "endpoints": WebhookEndpoint.objects.filter(business=business),
        "webhook_form": webhook_form or WebhookForm(),
    }
    return render(request, "pages/integrations.html", context, status=status)
