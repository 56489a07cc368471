"""The sending loop without Celery. Any number of these may run, on any number of machines."""

from __future__ import annotations

import asyncio
import json
import signal
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from whatsapp.running.loop import LoopReport, SendingLoop


class Command(BaseCommand):
    """Send every running broadcast, start the scheduled ones, apply webhooks."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the option that ends the loop when it is idle."""
        parser.add_argument("--until-idle", action="store_true", help="end when nothing is left to send")

    def handle(self, *, until_idle: bool, **options: Any) -> None:
        """Run until stopped (Ctrl-C, SIGTERM); messages in flight are awaited first."""
        progress = asyncio.run(self._run(until_idle=until_idle))
        self.stdout.write(json.dumps({"accepted": progress.accepted}))

    async def _run(self, *, until_idle: bool) -> LoopReport:
        loop = SendingLoop(until_idle=until_idle, report=self._show)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, loop.stop)
        return await loop.run()

    def _show(self, progress: LoopReport) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{progress.accepted} accepted", ending="")
