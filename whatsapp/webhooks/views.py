"""The addresses that providers post to. They verify, store and answer, and do nothing else."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseForbidden
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from whatsapp.models import Provider
from whatsapp.providers.base import WebhookRequest
from whatsapp.providers.registry import provider_for
from whatsapp.providers.twilio.webhooks import account_of
from whatsapp.webhooks import intake, large, signers
from whatsapp.webhooks.gate import posted_with, unsigned
from whatsapp.webhooks.large import SplittingFailed, rows_of

logger = logging.getLogger(__name__)


@csrf_exempt
@require_http_methods(["GET", "POST"])
@posted_with("X-Hub-Signature-256", r"sha256=[0-9a-f]{64}")
def cloud(request: HttpRequest) -> HttpResponse:
    """Meta: answer the handshake (GET), and store all reports (POST)."""
    if request.method == "GET":
        return _handshake(request)
    return _store_and_answer(request, Provider.CLOUD, lambda fits: signers.meta_app(request.body, fits))


def _handshake(request: HttpRequest) -> HttpResponse:
    """Answer Meta's one-time check that the address is ours."""
    given, expected = request.GET.get("hub.verify_token", ""), settings.WHATSAPP_VERIFY_TOKEN
    if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
        return HttpResponseForbidden("The verify token is not WHATSAPP_VERIFY_TOKEN.", content_type="text/plain")
    return HttpResponse(request.GET.get("hub.challenge", ""), content_type="text/plain")


@csrf_exempt
@require_POST
@posted_with("X-Twilio-Signature", r"[A-Za-z0-9+/]{27}=")
def twilio(request: HttpRequest) -> HttpResponse:
    """Twilio: store statuses and messages."""
    account_sid = account_of(request.body)
    return _store_and_answer(request, Provider.TWILIO, lambda fits: signers.twilio_account(account_sid, fits))


def _store_and_answer(
    request: HttpRequest, name: Provider, signer: Callable[[signers.Fits], str | None]
) -> HttpResponse:
    """Answers 401 to a wrong signature, 400 to a body that can't be split, 503 if splitting failed, 200 once stored."""
    provider = provider_for(name)
    webhook = WebhookRequest(
        url=settings.PUBLIC_URL + request.get_full_path(),
        headers={key.lower(): value for key, value in request.headers.items()},
        body=request.body,
    )
    verified_by = signer(lambda secret: provider.verify(webhook, secret))
    if verified_by is None:
        logger.warning("Refused a webhook of %s: its signature is missing or wrong", name)
        return unsigned()
    prefix = intake.key_prefix(verified_by)
    try:
        if name is Provider.CLOUD and len(webhook.body) > large.LARGE:
            rows = large.split_apart(webhook.body, prefix)
        else:
            rows = rows_of(provider.split(webhook), prefix)
    except ValueError:
        return HttpResponseBadRequest("This can't be understood.", content_type="text/plain")
    except SplittingFailed:
        return HttpResponse("Try again later.", status=503, content_type="text/plain")
    intake.store(name, rows, verified_by=verified_by, now=timezone.now())
    intake.ring(rows)
    return HttpResponse(status=200, content_type="text/plain")
