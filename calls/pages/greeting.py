"""The state of the greeting's recording: ready, under way or failed. Part of the settings page, and a page itself."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from businesses.hours.after_hours import as_closed
from businesses.models import Business
from businesses.pages.access import OWNERS, PageRequest, business_page
from calls import tasks
from calls.audio.wav import as_wav
from calls.errors import SpeechFailed
from calls.greetings import own_recordings, recordings
from calls.models import GreetingAudio, GreetingState
from calls.pages import words


class OwnForm(forms.Form):
    """A recording that a person of the business has made."""

    file = forms.FileField(
        label=gettext_lazy("Sound file"),
        widget=forms.ClearableFileInput(attrs={"accept": "audio/*,.wav"}),
        help_text=gettext_lazy("Up to three minutes. Without scripts: a WAV file."),
    )

    def clean_file(self) -> UploadedFile[bytes]:
        """Refuse a file that is too large."""
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > own_recordings.MOST_BYTES:
            raise forms.ValidationError(_("The file is too large. Choose one of up to 16 MB."))
        return file


@require_safe
@business_page(section="settings", roles=OWNERS)
def state(request: PageRequest) -> HttpResponse:
    """Show the state of the recording. The page polls while it is being made."""
    return _state(request)


@business_page(section="settings", roles=OWNERS, action_of="greeting-state")
def again(request: PageRequest) -> HttpResponse:
    """Record the greetings again."""
    for each in recordings.versions(request.business):
        row = recordings.request(each, now=timezone.now())
        if row is not None:
            recordings.request_again(row, now=timezone.now())
            tasks.ring_for(row.pk)
    return _changed(request)


@business_page(section="settings", roles=OWNERS, action_of="greeting-state")
def upload(request: PageRequest) -> HttpResponse:
    """Take the owner's own recording, and have it listened to."""
    form = OwnForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            row = own_recordings.offer(request.business, form.cleaned_data["file"], now=timezone.now())
        except SpeechFailed as failure:
            form.add_error("file", words.own_recording_failure(failure))
        else:
            tasks.ring_for(row.pk)
            return redirect("greeting-state", slug=request.business.slug)
    return _state(request, form)


@business_page(section="settings", roles=OWNERS, action_of="greeting-state")
def accept(request: PageRequest) -> HttpResponse:
    """Play the owner's recording to callers, as they have listened to it."""
    own_recordings.accept(request.business, now=timezone.now())
    return _changed(request)


@business_page(section="settings", roles=OWNERS, action_of="greeting-state")
def discard(request: PageRequest) -> HttpResponse:
    """Drop a recording that is not played to callers yet."""
    own_recordings.discard(request.business)
    return _changed(request)


@business_page(section="settings", roles=OWNERS, action_of="greeting-state")
def remove(request: PageRequest) -> HttpResponse:
    """Go back to the assistant's voice."""
    own_recordings.remove(request.business, now=timezone.now())
    messages.success(request, _("Callers hear the assistant's voice."))
    return redirect("greeting-state", slug=request.business.slug)


@business_page(section="settings", roles=OWNERS, action_of="greeting-state")
def undo(request: PageRequest) -> HttpResponse:
    """Let callers hear the previous own recording again."""
    if own_recordings.undo(request.business, now=timezone.now()):
        messages.success(request, _("Callers hear the previous recording again."))
    return redirect("greeting-state", slug=request.business.slug)


def _changed(request: PageRequest) -> HttpResponse:
    return _state(request) if request.htmx else redirect("greeting-state", slug=request.business.slug)


def _state(request: PageRequest, form: OwnForm | None = None) -> HttpResponse:
    greeting, heard = recordings.current(request.business), recordings.playable(request.business)
    closed = _closed(request.business)
    context = {
        "greeting": greeting,
        "heard": heard,
        "has_text": bool(request.business.opening_words()),
        "is_waiting": _is_waiting(greeting),
        "closed": closed,
        "polls": (bool(request.business.opening_words()) and _is_waiting(greeting)) or (closed and closed.is_waiting),
        "older": None if heard else _older(request),
        "offered": own_recordings.offered(request.business),
        "previous": own_recordings.previous(request.business),
        "form": form or OwnForm(),
    }
    template = "calls/greeting_state.html" if request.htmx else "calls/greeting.html"
    return render(request, template, context, status=422 if form else 200)


@dataclass(frozen=True, slots=True)
class Closed:
    """The greeting of closed hours: its words, what is to be made, and what callers hear."""

    words: str
    greeting: GreetingAudio | None
    heard: GreetingAudio | None

    @property
    def is_waiting(self) -> bool:
        """Whether its recording is still to come."""
        return _is_waiting(self.greeting)


def _closed(business: Business) -> Closed | None:
    closed = as_closed(business)
    if closed is business:
        return None
    return Closed(closed.opening_words(), recordings.current(closed), recordings.playable(closed))


def _is_waiting(greeting: GreetingAudio | None) -> bool:
    return greeting is None or greeting.state == GreetingState.PENDING


def _older(request: PageRequest) -> GreetingAudio | None:
    """Returns the last recording of an earlier text, voice or language. Callers no longer hear it; its owner can."""
    found = GreetingAudio.objects.filter(business=request.business, rendered_at__isnull=False).defer("audio")
    return found.order_by("-rendered_at").first()


@require_safe
@cache_control(private=True, no_cache=True)
def audio(request: HttpRequest, greeting_id: UUID) -> HttpResponse:
    """Send a greeting's recording as a WAV file to members of its business; to anyone else it does not exist."""
    if not request.user.is_authenticated:
        raise Http404
    greeting = get_object_or_404(GreetingAudio, pk=greeting_id)  # the middleware shows the person's businesses only
    if not greeting.audio:
        raise Http404
    return HttpResponse(as_wav(bytes(greeting.audio)), content_type="audio/wav")
