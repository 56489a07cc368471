"""A file of a message: shown or downloaded by members of its business, and asked for again.

Strangers made these files. Only pictures, sound and film are shown in the browser, as what their content is and as
nothing else; everything else is a download. No script of one could run: its own policy is a sandbox.
"""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from businesses.pages import byte_ranges
from businesses.pages.access import PageRequest, business_page
from whatsapp import doorbell
from whatsapp.media import claims, files
from whatsapp.media.adding import TASK
from whatsapp.media.kinds import KINDS
from whatsapp.models import InboundMedia
from whatsapp.pages.inbox import Place
from whatsapp.pages.media_words import file_name

POLICY = (
    "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
)
"""Browsers put pictures and films that are opened alone into a page with styles of their own."""


@require_safe
@business_page(section="inbox")
def media(request: PageRequest, media_id: UUID) -> HttpResponseBase:
    """Send a file, whole or the range that a player asks for."""
    found = _media(request, media_id)
    kind, stored = KINDS.get(found.content_type), files.stored(found)
    if kind is None or stored is None:
        raise Http404
    answer = byte_ranges.answer(stored, request.headers.get("Range", ""), kind.content_type)
    is_download = not kind.shown_as or "download" in request.GET
    answer["Content-Disposition"] = content_disposition_header(is_download, file_name(found, kind)) or "attachment"
    answer["Content-Security-Policy"] = POLICY
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    patch_cache_control(answer, private=True, no_store=True)
    return answer


@business_page(section="inbox", action_of="inbox")
def again(request: PageRequest, media_id: UUID) -> HttpResponse:
    """Let a worker try to fetch it now."""
    found = _media(request, media_id)
    if claims.ask_again(found, now=timezone.now()):
        doorbell.ring_for(TASK, [])
        messages.success(request, _("It is being fetched."))
    contact = found.message.contact_id
    if contact is None:
        return redirect("inbox", slug=request.business.slug)
    there = redirect("thread", slug=request.business.slug, contact_id=contact)
    return redirect(there.url + Place.of(request).query)


def _media(request: PageRequest, media_id: UUID) -> InboundMedia:
    return get_object_or_404(InboundMedia.objects.select_related("message"), pk=media_id, business=request.business)
