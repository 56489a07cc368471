"""Addresses of a business's calls, below /b/<slug>/calls/."""

from django.urls import path

from calls.pages import call, calls, stub, try_call

urlpatterns = [
    path("", calls.calls, name="calls"),
    path("live/", stub.stub, name="live-calls"),
    path("try/", try_call.try_call, name="try-call"),
    path("try/start/", try_call.start, name="try-start"),
    path("greeting/", stub.stub, name="greeting-state"),
    path("<uuid:call_id>/", call.call, name="call"),
    path("<uuid:call_id>/turns/", call.turns, name="call-turns"),
    path("<uuid:call_id>/recording.wav", call.recording, name="call-recording"),
]
