"""The ASGI application that Daphne serves: pages and webhooks over HTTP, media streams over WebSocket.

Importing it starts nothing, but puts our bounds into Daphne (`web_server.py`), cleans its log of requests, and takes
our files away from other users of the machine. When Daphne's reactor runs, the process logs remarks about its
configuration, handles SIGTERM by draining, and runs the background work itself if there is no broker.
"""

import os

from businesses import garbage

garbage.pause()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "frontdesk.settings")

import django  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402

django.setup(set_prefix=False)  # the imports below need Django's models

import daphne.server  # noqa: E402, F401 - installs its reactor, and would replace another together with what waits in it
from django.conf import settings  # noqa: E402
from twisted.internet import reactor  # noqa: E402

from calls import openai_websocket  # noqa: E402
from calls.line.routing import websocket_urlpatterns  # noqa: E402
from calls.telephone import status_reports  # noqa: E402
from frontdesk import (  # noqa: E402
    access_log,
    beside_calls,
    embedded_worker,
    stand_in_beat,
    web_server,
)
from frontdesk.callers_first import CallersFirst  # noqa: E402
from frontdesk.http_handler import HttpHandler  # noqa: E402
from frontdesk.large_bodies import LargeBodies  # noqa: E402
from frontdesk.request_ids import RequestIds  # noqa: E402
from frontdesk.request_lanes import RequestLanes  # noqa: E402
from frontdesk.webhook_figures import WebhookFigures  # noqa: E402

lanes = RequestLanes(LargeBodies(HttpHandler()), connections=settings.DATABASE_POOL_SIZE)
pages = RequestIds(WebhookFigures(CallersFirst(lanes)))
application = ProtocolTypeRouter({"http": pages, "websocket": URLRouter(websocket_urlpatterns)})

access_log.install()
web_server.install()
openai_websocket.warm_up()
beside_calls.install(
    reactor,
    (status_reports.LOOK_EVERY_S, status_reports.note_kept),
    (stand_in_beat.EVERY.total_seconds(), stand_in_beat.look),
    serves_pages=True,
)
if settings.CELERY_BROKER_URL.startswith("memory:"):
    embedded_worker.install(reactor)
garbage.exempt_and_resume()
