"""Addresses of broadcasts."""

from django.urls import path

from calls.pages import stub

urlpatterns = [
    path("", stub.stub, name="broadcasts"),
    path("new/", stub.stub, name="broadcast-new"),
    path("<uuid:broadcast_id>/", stub.stub, name="broadcast"),
]
