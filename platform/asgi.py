"""The ASGI application that Daphne serves: pages and webhooks over HTTP, media streams over WebSocket.

Importing it starts nothing, but puts our bounds into Daphne (`web_server.py`), cleans its log of requests, and takes
our files away from other users of the machine. When Daphne's reactor runs, the process logs remarks about its
configuration, handles SIGTERM by draining, and runs the background work itself if there is no broker.
"""

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "frontdesk.settings")

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

http = get_asgi_application()  # sets up Django: the imports below need its models, and Daphne's reactor

from django.conf import settings  # noqa: E402
from twisted.internet import reactor  # noqa: E402

from calls.line import realtime  # noqa: E402
from calls.line.routing import websocket_urlpatterns  # noqa: E402
from frontdesk import access_log, collector, draining, embedded_worker, private_files, startup, web_server  # noqa: E402
from frontdesk.large_bodies import LargeBodies  # noqa: E402

application = ProtocolTypeRouter({"http": LargeBodies(http), "websocket": URLRouter(websocket_urlpatterns)})

access_log.install()
private_files.tighten()
web_server.install()
# Seconds that a busy thread (a webhook, a page, the embedded worker) keeps the interpreter while the event loop waits
# for it. The loop asks for it several times in each turn, so with Python's 0.005 one busy thread makes calls late.
sys.setswitchinterval(0.0005)
realtime.warm_up()
reactor.callWhenRunning(startup.log_remarks)
reactor.callWhenRunning(collector.load_and_freeze)
draining.install(reactor)
if settings.CELERY_BROKER_URL.startswith("memory:"):
    embedded_worker.install(reactor)
