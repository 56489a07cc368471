"""WebSocket addresses of phone calls."""

from typing import Any, cast

from django.urls import path

from calls.line.consumers import TwilioMediaConsumer
from calls.telephone.twilio import MEDIA_PATH

# Django's path() takes what Channels' URLRouter calls; its types know only views.
_media = cast("Any", TwilioMediaConsumer.as_asgi())
websocket_urlpatterns = [path(MEDIA_PATH.lstrip("/"), _media)]
