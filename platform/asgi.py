"""The ASGI application that Daphne serves: pages and webhooks over HTTP, media streams over WebSocket."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "frontdesk.settings")

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

http = get_asgi_application()  # sets Django up; what follows may import models

from calls.routing import websocket_urlpatterns  # noqa: E402

# The stubs ask for a pattern type of their own, which django.urls.path() doesn't make.
media = URLRouter(websocket_urlpatterns)  # type: ignore[arg-type]
application = ProtocolTypeRouter({"http": http, "websocket": media})
