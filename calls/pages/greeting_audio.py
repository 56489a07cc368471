"""Pages of calls that are no webhooks."""

from __future__ import annotations

import io
import wave
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from calls.audio import ulaw
from calls.models import GreetingAudio


@require_safe
@cache_control(private=True, no_cache=True)
def greeting_audio(request: HttpRequest, greeting_id: UUID) -> HttpResponse:
    """A greeting's recording as a WAV file, for members of its business; to others it does not exist."""
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
