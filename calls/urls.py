"""Addresses of phone calls."""

from collections.abc import Callable

from django.http import HttpResponse
from django.urls import URLPattern, path

from calls.pages import greeting
from calls.telephone import dictation_calls, outgoing_webhooks, webhooks

app_name = "calls"


def webhook(route: str, view: Callable[..., HttpResponse], name: str) -> list[URLPattern]:
    """Returns a webhook's address with and without its last slash: Django's redirect would lose the POST."""
    return [path(f"{route}/", view, name=name), path(route, view)]


urlpatterns = [
    *webhook("twilio/voice", webhooks.voice, name="twilio-voice"),
    *webhook("twilio/after", webhooks.after, name="twilio-after"),
    *webhook("twilio/status", webhooks.status, name="twilio-status"),
    *webhook("twilio/rang/<uuid:transfer_id>/<int:number>", webhooks.rang, name="twilio-rang"),
    *webhook("twilio/whisper/<uuid:transfer_id>/<int:number>/<slug:secret>", webhooks.whisper, name="twilio-whisper"),
    *webhook("twilio/key/<uuid:transfer_id>/<int:number>/<slug:secret>", webhooks.key, name="twilio-key"),
    *webhook("twilio/answered/<uuid:row_id>/<slug:secret>", outgoing_webhooks.answered, name="twilio-answered"),
    *webhook("twilio/progress/<uuid:row_id>/<slug:secret>", outgoing_webhooks.progress, name="twilio-progress"),
    *webhook("twilio/answerer/<uuid:row_id>/<slug:secret>", outgoing_webhooks.answerer, name="twilio-answerer"),
    *webhook("twilio/dictation/code", webhooks.dictation_code, name="twilio-dictation-code"),
    *webhook("twilio/dictation/<uuid:dictation_id>", webhooks.dictation, name="twilio-dictation"),
    path("twilio/dictation/<uuid:dictation_id>/<slug:secret>.wav", dictation_calls.sound, name="dictation-sound"),
    *webhook("twilio/voicemail/<uuid:voicemail_id>", webhooks.voicemail_left, name="twilio-voicemail"),
    *webhook("twilio/recorded/<uuid:voicemail_id>", webhooks.recorded, name="twilio-recorded"),
    path("greetings/<uuid:greeting_id>/audio.wav", greeting.audio, name="greeting-audio"),
]
