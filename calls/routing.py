"""WebSocket addresses of phone calls."""

from django.urls import path

from calls.consumers import TwilioMediaConsumer
from calls.twilio import MEDIA_PATH

websocket_urlpatterns = [path(MEDIA_PATH.lstrip("/"), TwilioMediaConsumer.as_asgi())]
