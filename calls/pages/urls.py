"""Addresses of a business's calls, below /b/<slug>/calls/."""

from django.urls import path

from calls.pages import stub

urlpatterns = [
    path("", stub.stub, name="calls"),
    path("live/", stub.stub, name="live-calls"),
    path("try/", stub.stub, name="try-call"),
    path("greeting/", stub.stub, name="greeting-state"),
    path("<uuid:call_id>/", stub.stub, name="call"),
]
