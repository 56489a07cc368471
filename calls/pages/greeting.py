"""What callers hear first: its recordings, ready, under way or failed. Part of the settings page, and a page itself."""

from __future__ import annotations

from typing import Any
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

from businesses.pages.access import OWNERS, PageRequest, business_page
from calls import tasks
from calls.audio.wav import as_wav
from calls.errors import SpeechFailed
from calls.greetings import dictations, own_recordings, recordings
from calls.greetings.opening import text_of
from calls.models import GreetingAudio, GreetingPart, GreetingState
from calls.pages import greeting_parts, words


class OwnForm(forms.Form):
    """A recording that a person of the business has made."""

    file = forms.FileField(
        label=gettext_lazy("Sound file"),
        widget=forms.ClearableFileInput(attrs={"accept": "audio/*,.wav"}),
        help_text=gettext_lazy("Up to three minutes. Without scripts: a WAV file."),
    )

    part = forms.TypedChoiceField(choices=GreetingPart.choices, coerce=GreetingPart, widget=forms.HiddenInput)

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
        for row in recordings.request_all(each, now=timezone.now()):
            recordings.request_again(row, now=timezone.now())
            tasks.ring_for(row.pk)
    return _changed(request)


@business_page(section="settings", roles=OWNERS, action_of="greeting-state")
def upload(request: PageRequest) -> HttpResponse:
    """Take the owner's own recording, and have it listened to."""
    form = OwnForm(request.POST, request.FILES)
    if form.is_valid():
        part: GreetingPart = form.cleaned_data["part"]
        if not text_of(request.business, part):
            raise Http404
        try:
            row = own_recordings.offer(request.business, form.cleaned_data["file"], now=timezone.now(), part=part)
        except SpeechFailed as failure:
            form.add_error("file", words.own_recording_failure(failure))
        else:
            tasks.ring_for(row.pk)
            return redirect("greeting-state", slug=request.business.slug)
    return _state(request, form)


@business_page(section="settings", roles=OWNERS, action_of="greeting-state")
def accept(request: PageRequest) -> HttpResponse:
    """Play the owner's recording to callers, as they have listened to it."""
    own_recordings.accept(request.business, now=timezone.now(), part=_part(request))
    tasks.on_call_settings_changed(business=request.business)  # what is heard beside it
    return _changed(request)


@business_page(section="settings", roles=OWNERS, action_of="greeting-state")
def discard(request: PageRequest) -> HttpResponse:
    """Drop a recording that is not played to callers yet."""
    own_recordings.discard(request.business, _part(request))
    return _changed(request)


@business_page(section="settings", roles=OWNERS, action_of="greeting-state")
def remove(request: PageRequest) -> HttpResponse:
    """Go back to the assistant's voice."""
    own_recordings.remove(request.business, now=timezone.now(), part=_part(request))
    tasks.on_call_settings_changed(business=request.business)
    messages.success(request, _("Callers hear the assistant's voice."))
    return redirect("greeting-state", slug=request.business.slug)


@business_page(section="settings", roles=OWNERS, action_of="greeting-state")
def undo(request: PageRequest) -> HttpResponse:
    """Let callers hear the previous own recording again."""
    if own_recordings.undo(request.business, now=timezone.now(), part=_part(request)):
        tasks.on_call_settings_changed(business=request.business)
        messages.success(request, _("Callers hear the previous recording again."))
    return redirect("greeting-state", slug=request.business.slug)


@require_safe
@business_page(section="settings", roles=OWNERS)
def heard(request: PageRequest, when: str) -> HttpResponse:
    """Send what callers hear first as a WAV file, to the last byte as it is played to them."""
    business = greeting_parts.version_of(request.business, when)
    sound = b"".join(bytes(each.audio) for each in recordings.heard(business)) if business else b""
    if not sound:
        raise Http404
    return HttpResponse(as_wav(sound), content_type="audio/wav")


def _part(request: PageRequest) -> GreetingPart:
    """Returns which text a button stands for."""
    asked = request.POST.get("part", GreetingPart.GREETING)
    if asked not in GreetingPart.values:
        raise Http404
    return GreetingPart(asked)


def _changed(request: PageRequest) -> HttpResponse:
    return _state(request) if request.htmx else redirect("greeting-state", slug=request.business.slug)


def shown(request: PageRequest, **more: Any) -> HttpResponse:
    """Returns the whole page, with what `by_phone.py` has to show."""
    return _state(request, **more)


def _state(request: PageRequest, form: OwnForm | None = None, **more: Any) -> HttpResponse:
    now = timezone.now()
    parts = greeting_parts.parts(request.business)
    openings = greeting_parts.openings(request.business, parts)
    is_open = any(each.words for each in openings if not each.is_closed)
    context = {
        "openings": openings,
        "has_text": is_open,
        "state": _state_word(openings),
        "dictation": dictations.latest(request.business, request.user, now=now),
        "our_numbers": request.business.phone_numbers.filter(is_active=True).order_by("pk"),
        "polls": any(each.is_waiting or each.waits_for_rest for each in openings)
        or any(each.offered and each.offered.state == GreetingState.PENDING for each in parts),
        "older": None if not is_open or openings[0].heard else _older(request),
        "shown": [(each, _form_of(each.part, form)) for each in parts],
        "offers": any(each.part != GreetingPart.TOGETHER for each in parts),
        **more,
    }
    context["polls"] = context["polls"] or bool(context["dictation"])
    template = "calls/greeting_state.html" if request.htmx else "calls/greeting.html"
    return render(request, template, context, status=422 if form or "by_phone" in more else 200)


def _form_of(part: GreetingPart, sent: OwnForm | None) -> OwnForm:
    """Returns the form of a text: that which was sent, if it was this one."""
    if sent is not None and sent.data.get("part") == part:
        sent.auto_id = f"{part}-%s"
        return sent
    return OwnForm(initial={"part": part.value}, auto_id=f"{part}-%s")


def _state_word(openings: list[greeting_parts.Opening]) -> str:
    first = next((each for each in openings if not each.is_closed), None)
    if first is None:
        return "none"
    return first.greeting.state if first.greeting else GreetingState.PENDING


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
