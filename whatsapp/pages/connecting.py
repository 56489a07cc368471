"""Owners connect a number, correct what they typed, give it another token, and disconnect it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from businesses.pages.access import OWNERS, PageRequest, business_page
from whatsapp.errors import WhatsappError
from whatsapp.models import Provider, Sender
from whatsapp.numbers import connecting, disconnecting, reporting
from whatsapp.numbers.asking import PAGE_TIMEOUT_S
from whatsapp.pages.connect_forms import FORMS, SecretForm
from whatsapp.providers.base import ProviderUnavailable

REFUSED = 422
SUBSCRIBED = (
    "messages",
    "message_template_status_update",
    "message_template_quality_update",
    "template_category_update",
    "phone_number_quality_update",
    "business_capability_update",
    "account_update",
    "user_preferences",
)
"""The fields of Meta's webhooks that are read here (`providers.cloud.splitting`)."""


@sensitive_post_parameters("secret", "app_secret")
@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="senders", roles=OWNERS)
def connect(request: PageRequest) -> HttpResponse:
    """Choose the provider, then enter the number; on POST the provider is asked."""
    provider = request.POST.get("provider") or request.GET.get("provider", "")
    if provider not in FORMS:
        return render(request, "whatsapp/connect.html", {"form": None})
    return _entered(request, provider, None)


@sensitive_post_parameters("secret", "app_secret")
@require_http_methods(["GET", "HEAD", "POST"])
@business_page(section="senders", roles=OWNERS)
def correct(request: PageRequest, sender_id: UUID) -> HttpResponse:
    """Enter a number again that the provider has not confirmed, or that was disconnected."""
    sender = get_object_or_404(Sender, pk=sender_id)
    if sender.provider not in FORMS:
        raise Http404
    if sender.is_proved:
        return redirect("sender", slug=request.business.slug, sender_id=sender.pk)
    return _entered(request, sender.provider, sender)


@require_safe
@business_page(section="senders", roles=OWNERS)
def sender(request: PageRequest, sender_id: UUID) -> HttpResponse:
    """Show one number: what to enter at the provider, whether it has reached us, another token, disconnecting."""
    return _shown(request, get_object_or_404(Sender, pk=sender_id))


@sensitive_post_parameters("secret", "app_secret")
@business_page(section="senders", roles=OWNERS, action_of="sender")
def replace_token(request: PageRequest, sender_id: UUID) -> HttpResponse:
    """Replace the token, if the provider confirms the number with it; otherwise the old one stays."""
    found = get_object_or_404(Sender, pk=sender_id)
    if found.provider not in FORMS or not found.is_proved:
        raise Http404
    form = SecretForm(request.POST, provider=found.provider)
    if form.is_valid():
        secret, own = form.cleaned_data["secret"], form.cleaned_data.get("app_secret", "")
        try:
            connecting.replace_secret(found, secret, now=timezone.now(), app_secret=own, timeout_s=PAGE_TIMEOUT_S)
        except ProviderUnavailable as problem:
            form.refuse(problem)
        else:
            messages.success(request, _("The new token was confirmed, and is in use from now on."))
            return redirect("sender", slug=request.business.slug, sender_id=sender_id)
    return _shown(request, get_object_or_404(Sender, pk=sender_id), form)


@business_page(section="senders", roles=OWNERS, action_of="sender")
def disconnect(request: PageRequest, sender_id: UUID) -> HttpResponse:
    """Disconnect the number; the page has asked before."""
    found = get_object_or_404(Sender, pk=sender_id)
    if disconnecting.disconnect(found, now=timezone.now()):
        messages.success(request, _("%(number)s was disconnected. Its history stays.") % {"number": found})
    else:
        messages.success(request, _("%(number)s was removed.") % {"number": found})
    return redirect("senders", slug=request.business.slug)


def _entered(request: PageRequest, provider: str, waiting: Sender | None) -> HttpResponse:
    """Show the form; on POST ask the provider, and keep what was entered in any case."""
    has_secret = bool(waiting and waiting.encrypted_credentials)
    initial = {"account_id": waiting.account_id, "number_id": waiting.number_id} if waiting else {}
    form = FORMS[provider](request.POST or None, business=request.business, waiting=has_secret, initial=initial)
    if form.is_valid():
        try:
            done = connecting.connect(
                request.business, form.number(), now=timezone.now(), timeout_s=PAGE_TIMEOUT_S, instead_of=waiting
            )
        except WhatsappError as error:
            form.add_error(None, str(error))
        else:
            if done.problem is None:
                return _connected(request, done.sender)
            waiting = done.sender
            form.refuse(done.problem)
            form.fields["secret"].required = False
            form.fields["secret"].help_text = _("Leave empty to keep the one that you entered before.")
    context = {"form": form, "provider": provider, "waiting": waiting, **_addresses(provider)}
    return render(request, "whatsapp/connect.html", context, status=REFUSED if form.errors else 200)


def _connected(request: PageRequest, found: Sender) -> HttpResponse:
    """Have the provider report to us, and lead to the number's page."""
    messages.success(request, _("%(number)s was confirmed and is active.") % {"number": found})
    try:
        reporting.ask_for_reports(found, timeout_s=PAGE_TIMEOUT_S)
    except ProviderUnavailable as problem:
        text = _("Meta could not be asked to send us this account's news: %(why)s Press “Check now” to ask again.")
        messages.warning(request, text % {"why": problem})
    return redirect("sender", slug=request.business.slug, sender_id=found.pk)


def _shown(request: PageRequest, found: Sender, form: SecretForm | None = None) -> HttpResponse:
    has_token = found.provider in FORMS and found.is_proved
    context: dict[str, Any] = {
        "sender": found,
        "form": form or (SecretForm(provider=found.provider) if has_token else None),
        "heard_at": reporting.last_heard(found),
        "to_pause": disconnecting.broadcasts_to_pause(found),
        **_addresses(found.provider),
        "has_own_app": bool(found.app_key),
    }
    return render(request, "whatsapp/sender.html", context, status=REFUSED if form and form.errors else 200)


def _addresses(provider: str) -> dict[str, Any]:
    """Returns what has to be entered at the provider."""
    return {
        "webhook_url": f"{settings.PUBLIC_URL}/whatsapp/webhooks/{provider}/",
        "verify_token": settings.WHATSAPP_VERIFY_TOKEN if provider == Provider.CLOUD else "",
        "fields": ", ".join(SUBSCRIBED),
        "shares_app": bool(settings.WHATSAPP_APP_SECRET),
    }
