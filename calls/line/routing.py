"""WebSocket addresses of phone calls."""

from typing import Any, cast

from django.urls import path, re_path

from calls.line.consumers import TwilioMediaConsumer
from calls.telephone.twilio import MEDIA_PATH

# Django's path() takes what Channels' URLRouter calls; its types know only views.
_media = cast("Any", TwilioMediaConsumer.as_asgi())


async def nowhere(_scope: Any, receive: Any, send: Any) -> None:
    """Refuse a socket at an address that does not exist. Without this, each would be a traceback in the log."""
    await receive()
    await send({"type": "websocket.close"})


websocket_urlpatterns = [path(MEDIA_PATH.lstrip("/"), _media), re_path("", cast("Any", nowhere))]
