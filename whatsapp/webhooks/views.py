"""The addresses that providers post to. They verify, store and answer, and do nothing else."""

from __future__ import annotations

import hmac
import logging

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseForbidden
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from businesses.credentials import CredentialsUnreadable
from businesses.tenancy import across_businesses
from whatsapp.models import Provider, Sender
from whatsapp.providers.base import WebhookRequest
from whatsapp.providers.registry import provider_for
from whatsapp.providers.twilio.webhooks import account_of
from whatsapp.webhooks import gate, intake
from whatsapp.webhooks.app_secrets import app_secret
from whatsapp.webhooks.gate import posted_with, unsigned

logger = logging.getLogger(__name__)


@csrf_exempt
@require_http_methods(["GET", "POST"])
@posted_with("X-Hub-Signature-256", r"sha256=[0-9a-f]{64}")
def cloud(request: HttpRequest) -> HttpResponse:
    """Meta: answer the handshake (GET), and store all reports (POST)."""
    if request.method == "GET":
        return _handshake(request)
    return _store_and_answer(request, Provider.CLOUD, app_secret(request.body))


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
    return _store_and_answer(request, Provider.TWILIO, _auth_token(account_of(request.body)))


def _store_and_answer(request: HttpRequest, name: Provider, secret: str) -> HttpResponse:
    """Answers 401 to a wrong signature, 400 to a body that can't be split into parcels, else 200 once it is stored."""
    provider = provider_for(name)
    webhook = WebhookRequest(
        url=settings.PUBLIC_URL + request.get_full_path(),
        headers={key.lower(): value for key, value in request.headers.items()},
        body=request.body,
    )
    if not provider.verify(webhook, secret):
        logger.warning("Refused a webhook of %s: its signature is missing or wrong", name)
        return unsigned()
    try:
        with gate.large(webhook.body):
            parcels = provider.split(webhook)
            intake.store(name, parcels, now=timezone.now())
    except ValueError:
        return HttpResponseBadRequest("This can't be understood.", content_type="text/plain")
    intake.ring(parcels)
    return HttpResponse(status=200, content_type="text/plain")


def _auth_token(account_sid: str) -> str:
    """Returns the token with which an account signs: of one of its senders, or of the installation's own account."""
    with across_businesses():  # the account in it tells the business
        sender = Sender.objects.filter(provider=Provider.TWILIO, account_id=account_sid).first()
    if sender:
        try:
            return sender.credentials.get("auth_token", "")
        except CredentialsUnreadable:
            return ""
    return settings.TWILIO_AUTH_TOKEN if account_sid == settings.TWILIO_ACCOUNT_SID else ""
