"""`manage.py serve`: the whole installation in one process, for trying and developing (`make run`)."""

from __future__ import annotations

import socket
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from businesses import public_address
from frontdesk import children, demo

HOST = "127.0.0.1"
PORT_WAIT_S = 15.0
"""How long a port may still be held by an earlier run that is ending: its stand-in ends a moment after it."""
LOOK_EVERY_S = 0.2
SANDBOX_START_S = 30.0  # the stand-in listens after two seconds, before its speech models are loaded


class Command(BaseCommand):
    """Migrate, start the stand-in engine where there is no OpenAI key, and serve until stopped."""

    help = "Migrate and serve on http://127.0.0.1:PORT, with the stand-in engine when OPENAI_API_KEY is unset."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Define the options."""
        parser.add_argument("--demo", action="store_true", help="seed a demo business and print its owner's login")

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until Ctrl-C or SIGTERM."""
        if options["demo"] and not settings.DEBUG:
            raise CommandError("--demo makes a login that everyone knows. Leave it out, or set DEBUG=1.")
        self.require_free_port(settings.PORT, "PORT")
        self.say("Migrating the database ...")
        call_command("migrate", verbosity=0)
        if options["demo"]:
            self.say("Made the demo business." if demo.seed() else "The demo business is there already.")
        connections.close_all()  # the server's come from a pool, which could not take these back
        with ExitStack() as running:
            if not settings.OPENAI_API_KEY:
                self.require_free_port(settings.SANDBOX_PORT, "SANDBOX_PORT")
                self.say(f"OPENAI_API_KEY is not set: starting the stand-in engine on port {settings.SANDBOX_PORT} ...")
                sandbox = [sys.executable, sys.argv[0], "sandbox"]
                running.enter_context(children.running(sandbox, on_early_end=self.say_sandbox_ended))
                if not listens_within(SANDBOX_START_S, settings.SANDBOX_PORT):
                    self.stderr.write("The stand-in engine does not answer yet. Calls reach it once it does.")
            self.serve(running, with_demo=options["demo"])

    def serve(self, running: ExitStack, *, with_demo: bool) -> None:
        """Run Daphne in this process."""
        from frontdesk.asgi import application  # noqa: PLC0415 - importing it installs what runs beside the server
        from frontdesk.web_server import WebServer  # noqa: PLC0415 - imports Daphne's reactor

        def ready() -> None:
            url = f"http://{HOST}:{settings.PORT}"
            running.enter_context(announced(url))
            self.say(f"\n  Frontdesk is at  {url}/\n  Its admin is at  {url}/admin/")
            if with_demo:
                self.say(
                    f"  Sign in as       {demo.OWNER_EMAIL}, password {demo.OWNER_PASSWORD}\n"
                    f'  Place a call     .venv/bin/python manage.py call {demo.SLUG} --say "When are you open?"'
                )
            self.say("  Stop it          Ctrl-C\n")

        WebServer(application, endpoints=[f"tcp:port={settings.PORT}:interface={HOST}"], ready_callable=ready).run()

    def require_free_port(self, port: int, variable: str) -> None:
        """Wait until a port is free. Raises `CommandError` if it is still in use after a while."""
        if is_free(port):
            return
        self.say(f"Port {port} is taken: waiting for an earlier run to end ...")
        give_up_at = time.monotonic() + PORT_WAIT_S
        while not is_free(port):
            if time.monotonic() > give_up_at:
                raise CommandError(
                    f"Port {port} is taken. Stop what listens there, or choose another: make run {variable}={port + 10}"
                )
            time.sleep(LOOK_EVERY_S)

    def say_sandbox_ended(self, code: int) -> None:
        """Print that calls are no longer answered."""
        self.stderr.write(f"The stand-in engine has ended (code {code}): calls reach nobody. Stop and start again.")

    def say(self, line: str) -> None:
        """Print to the terminal and flush."""
        self.stdout.write(line)
        self.stdout.flush()


def is_free(port: int) -> bool:
    """Returns whether a port of this machine can be listened at."""
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def listens_within(seconds: float, port: int) -> bool:
    """Wait until something listens on a port of this machine. Returns False if nothing does in time."""
    give_up_at = time.monotonic() + seconds
    while time.monotonic() < give_up_at:
        with closing(socket.socket()) as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return True
        time.sleep(0.05)
    return False


@contextmanager
def announced(url: str) -> Iterator[None]:
    """Note the address in var/serving for the duration of the block; `manage.py call` reads it."""
    serving = public_address.note()
    serving.write_text(url)
    try:
        yield
    finally:
        if serving.exists() and serving.read_text() == url:  # don't remove the note of a later process on another port
            serving.unlink()
