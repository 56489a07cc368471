"""WebSocket addresses of phone calls."""

from django.urls import URLPattern

websocket_urlpatterns: list[URLPattern] = []
