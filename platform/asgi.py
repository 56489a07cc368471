"""The ASGI application that Daphne serves: pages and webhooks over HTTP, media streams over WebSocket.

Importing it starts nothing, but puts our bounds into Daphne (`web_server.py`), cleans its log of requests, and takes
our files away from other users of the machine. When Daphne's reactor runs, the process logs remarks about its
configuration, handles SIGTERM by draining, and runs the background work itself if there is no broker.
"""

import os
import sys
from functools import partial

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "frontdesk.settings")

import django
from channels.routing import ProtocolTypeRouter, URLRouter

django.setup(set_prefix=False)  # the imports below need Django's models, and Daphne's reactor

from django.conf import settings  # noqa: E402
from twisted.internet import reactor  # noqa: E402

from businesses import database_watch  # noqa: E402
from calls.line import realtime_connection  # noqa: E402
from calls.line.routing import websocket_urlpatterns  # noqa: E402
from calls.telephone import from_memory, status_reports  # noqa: E402
from frontdesk import (  # noqa: E402
    access_log,
    collector,
    database_pool,
    draining,
    embedded_worker,
    loop_lag,
    loop_tasks,
    private_files,
    sign_of_life,
    stand_in_beat,
    startup,
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
private_files.tighten()
web_server.install()
# Seconds that a busy thread (a webhook, a page, the embedded worker) keeps the interpreter while the event loop waits
# for it. The loop asks for it several times in each turn, so with Python's 0.005 one busy thread makes calls late.
sys.setswitchinterval(0.0005)
realtime_connection.warm_up()
reactor.callWhenRunning(database_pool.install)
beside = (
    (from_memory.READ_EVERY_S, from_memory.read),
    (status_reports.LOOK_EVERY_S, status_reports.note_kept),
    (stand_in_beat.EVERY.total_seconds(), stand_in_beat.look),
)
reactor.callWhenRunning(partial(database_watch.start, *beside))
reactor.callWhenRunning(sign_of_life.install, reactor)
reactor.callWhenRunning(startup.log_remarks)
reactor.callWhenRunning(collector.load_and_freeze)
reactor.callWhenRunning(loop_lag.here.start, reactor)
reactor.callWhenRunning(loop_tasks.here.start, reactor)
draining.install(reactor)
if settings.CELERY_BROKER_URL.startswith("memory:"):
    embedded_worker.install(reactor)
