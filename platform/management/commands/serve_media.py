"""`manage.py serve_media`: the media streams of calls alone, on a faster server than the pages'."""

from __future__ import annotations

import asyncio
import socket
from argparse import ArgumentParser
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from businesses import garbage


class Command(BaseCommand):
    """Serve media streams until stopped; running calls end first."""

    help = (
        "Serve media streams (WS /calls/twilio/media/) alone, for several times as many calls on a core as Daphne. "
        "Pages and webhooks stay with Daphne; the proxy sends the streams here. Needs Redis and a database server."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Define the options."""
        parser.add_argument("--host", default="127.0.0.1", help="address to listen at (default: %(default)s)")
        parser.add_argument("--port", type=int, default=8100, help="port to listen at (default: %(default)s)")
        parser.add_argument("--fd", type=int, help="listen at this open socket, which the parent process hands over")

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until Ctrl-C or SIGTERM."""
        if not settings.REDIS_URL:
            raise CommandError(
                "serve_media needs REDIS_URL: without Redis, pages can't reach the calls that this process holds."
            )
        loop = own_loop()
        listener = listening(options)
        from twisted.internet import asyncioreactor  # noqa: PLC0415 - the reactor must be that of our loop

        asyncioreactor.install(loop)  # type: ignore[no-untyped-call]
        reactor: Any = import_module("twisted.internet.reactor")
        garbage.pause()
        from calls import openai_websocket  # noqa: PLC0415 - it and the next are for this command alone
        from frontdesk import beside_calls, media_server  # noqa: PLC0415 - loads what calls need

        garbage.exempt_and_resume()
        openai_websocket.warm_up()
        beside_calls.install(reactor, serves_pages=False)
        reactor.callWhenRunning(lambda: loop.create_task(media_server.listen(listener)))
        self.stdout.write(f"Serving media streams on port {listener.getsockname()[1]}")
        reactor.run()


def own_loop() -> asyncio.AbstractEventLoop:
    """Returns the fastest event loop of this platform, as the current one."""
    try:
        import uvloop  # noqa: PLC0415 - not on every platform
    except ImportError:
        loop = asyncio.new_event_loop()
    else:
        loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    return loop


def listening(options: dict[str, Any]) -> socket.socket:
    """Returns the bound socket, at which nobody listens yet. Several processes may share a port."""
    if options["fd"] is not None:
        return socket.socket(fileno=options["fd"])
    listener = socket.socket(socket.AF_INET6 if ":" in options["host"] else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind((options["host"], options["port"]))
    except OSError as error:
        raise CommandError(f"Can't listen at {options['host']} port {options['port']}: {error.strerror}") from None
    return listener
