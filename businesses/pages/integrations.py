"""The business's own systems: addresses that are told what happens, and tokens with which they may ask."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from businesses.models import ApiToken, Business, WebhookEndpoint
from businesses.pages.access import OWNERS, PageRequest, business_page
from businesses.pages.token_form import TokenForm
from businesses.pages.webhook_form import WebhookForm


@require_safe
@business_page(section="integrations", roles=OWNERS)
def integrations(request: PageRequest) -> HttpResponse:
    """Show addresses and tokens."""
    return overview(request)


def overview(
    request: PageRequest,
    *,
    webhook_form: WebhookForm | None = None,
    token_form: TokenForm | None = None,
    token: str = "",
    status: int = 200,
) -> HttpResponse:
    """Returns the page, with a form as it was sent and refused, or a token that was just made, if there is one."""
    business: Business = request.business
    context = {
        "endpoints": WebhookEndpoint.objects.filter(business=business),
        "webhook_form": webhook_form or WebhookForm(),
        "tokens": ApiToken.objects.filter(business=business).select_related("made_by"),
        "token_form": token_form or TokenForm(),
        "token": token,
        "api_url": settings.PUBLIC_URL + reverse("api", args=["openapi.json"]).removesuffix("openapi.json"),
    }
    return render(request, "pages/integrations.html", context, status=status)
