"""`manage.py sandbox`: the stand-in for OpenAI alone."""

from __future__ import annotations

import asyncio
import os
import signal
from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from calls.sandbox.openai.scenario import BadScenario, Scenario, load
from calls.sandbox.openai.server import RealtimeServer
from calls.sandbox.voices.phrases import phrases
from calls.sandbox.voices.senses import senses

_PARENT_CHECK_S = 1.0
# Real work takes real time, so the scenario must not add simulated delays.
_AS_FAST_AS_IT_CAN = Scenario(first_delta_s=0.0, transcript_delay_s=0.0)


class Command(BaseCommand):
    """Serves until Ctrl-C, SIGTERM, or the end of the parent process."""

    help = "Serve the stand-in for OpenAI Realtime and its speech endpoint (docs/sandbox.md)."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Define the options."""
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
        parser.add_argument("--port", type=int, default=settings.SANDBOX_PORT, help="port (SANDBOX_PORT)")
        parser.add_argument("--scenario", type=Path, metavar="FILE.json", help="failures to play (docs/sandbox.md)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve."""
        try:
            scenario = load(options["scenario"]) if options["scenario"] else _AS_FAST_AS_IT_CAN
            asyncio.run(self._serve(scenario, options["host"], options["port"]))
        except BadScenario as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(
                f"Port {options['port']} can't be used: {error.strerror}. Choose another: --port"
            ) from error

    async def _serve(self, scenario: Scenario, host: str, port: int) -> None:
        ended, parent = asyncio.Event(), os.getppid()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        async with senses() as own:
            server = RealtimeServer(scenario, voice=own.voice, listener=own.listener, phrases=phrases, records=False)
            await server.start(host=host, port=port)
            self.stdout.write(f"The stand-in for OpenAI serves at {server.http_url}")
            self.stdout.flush()
            try:
                while not ended.is_set() and os.getppid() == parent:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(_PARENT_CHECK_S):
                            await ended.wait()
            finally:
                await server.stop()
