"""The state of the greeting's recording: ready, under way or failed. Part of the settings page, and a page itself."""

from __future__ import annotations

import io
import wave
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from businesses.pages.access import OWNERS, PageRequest, business_page
from calls import tasks
from calls.audio import ulaw
from calls.greetings import recordings
from calls.models import GreetingAudio, GreetingState


@require_safe
@business_page(section="settings", roles=OWNERS)
def state(request: PageRequest) -> HttpResponse:
    """Show the state of the recording. The page polls while it is being made."""
    return _state(request)


@require_POST
@business_page(section="settings", roles=OWNERS)
def again(request: PageRequest) -> HttpResponse:
    """Record the greeting again."""
    row = recordings.request(request.business, now=timezone.now())
    if row is not None:
        recordings.request_again(row, now=timezone.now())
        tasks.ring_for(row.pk)
    if request.htmx:
        return _state(request)
    return redirect("greeting-state", slug=request.business.slug)


def _state(request: PageRequest) -> HttpResponse:
    greeting = recordings.current(request.business)
    is_waiting = greeting is None or greeting.state == GreetingState.PENDING
    context = {
        "greeting": greeting,
        "has_text": bool(request.business.opening_words()),
        "is_waiting": is_waiting,
        "is_ready": greeting is not None and greeting.rendered_at is not None,
        "older": _older(request, greeting) if greeting is None or greeting.rendered_at is None else None,
    }
    return render(request, "calls/greeting_state.html" if request.htmx else "calls/greeting.html", context)


def _older(request: PageRequest, current: GreetingAudio | None) -> GreetingAudio | None:
    """Returns the last recording of an earlier text, voice or language. Callers no longer hear it; its owner can."""
    found = GreetingAudio.objects.filter(business=request.business, rendered_at__isnull=False).defer("audio")
    others = found.exclude(pk=current.pk) if current else found
    return others.order_by("-rendered_at").first()


@require_safe
@cache_control(private=True, no_cache=True)
def audio(request: HttpRequest, greeting_id: UUID) -> HttpResponse:
    """Send a greeting's recording as a WAV file to members of its business; to anyone else it does not exist."""
    if not request.user.is_authenticated:
        raise Http404
    greeting = get_object_or_404(GreetingAudio, pk=greeting_id)  # the middleware shows the person's businesses only
    if not greeting.audio:
        raise Http404
    return HttpResponse(_as_wav(bytes(greeting.audio)), content_type="audio/wav")


def _as_wav(audio: bytes) -> bytes:
    """µ-law as 16-bit samples: not every browser plays µ-law."""
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(ulaw.SAMPLE_RATE)
        wav.writeframes(ulaw.decode(audio).astype("<i2").tobytes())
    return file.getvalue()
