"""Addresses of a business's WhatsApp pages, below /b/<slug>/."""

from django.urls import include, path

urlpatterns = [
    path("broadcasts/", include("whatsapp.pages.broadcast_urls")),
    path("", include("whatsapp.pages.people_urls")),
]
