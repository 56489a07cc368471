"""The business's WhatsApp numbers: their state, and how to connect one."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from businesses.pages.access import OWNERS, PageRequest, business_page
from whatsapp.errors import WhatsappError
from whatsapp.models import Sender
from whatsapp.numbers import connecting, reporting, template_sync
from whatsapp.numbers.asking import PAGE_TIMEOUT_S
from whatsapp.providers.base import ProviderUnavailable


@require_safe
@business_page(section="senders")
def senders(request: PageRequest) -> HttpResponse:
    """Show every number with its state."""
    context = {
        "senders": list(Sender.objects.filter(business=request.business).order_by("-created_at")),
        "may_try": settings.DEBUG and request.is_owner,
    }
    return render(request, "whatsapp/senders.html", context)


@business_page(section="senders", roles=OWNERS, action_of="senders")
def check(request: PageRequest, sender_id: UUID) -> HttpResponse:
    """Ask the provider for the state of a number."""
    sender = get_object_or_404(Sender, pk=sender_id)
    try:
        connecting.check(sender, now=timezone.now(), timeout_s=PAGE_TIMEOUT_S)
        reporting.ask_for_reports(sender, timeout_s=PAGE_TIMEOUT_S)
        messages.success(request, _("%(number)s was checked.") % {"number": sender})
    except (WhatsappError, ProviderUnavailable) as error:
        messages.error(request, f"{sender}: {error}")
    return redirect("senders", slug=request.business.slug)


@business_page(section="senders", roles=OWNERS, action_of="senders")
def try_stand_in(request: PageRequest) -> HttpResponse:
    """Connect the sandbox and fetch its templates; only where it is allowed."""
    if not settings.DEBUG:
        raise Http404
    try:
        now = timezone.now()
        sender = connecting.connect(request.business, connecting.stand_in(request.business), now=now).sender
        template_sync.sync(sender, now=now)
    except (WhatsappError, ProviderUnavailable) as error:
        messages.error(request, str(error))
        return redirect("senders", slug=request.business.slug)
    messages.success(
        request, _("Connected to the stand-in. Its messages go nowhere, and are reported as if they had been sent.")
    )
    return redirect("templates", slug=request.business.slug)
