"""The sending loop without Celery. Run as many as you like, on as many machines."""

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
        """Only how long to run."""
        parser.add_argument("--until-idle", action="store_true", help="end when nothing is left to send")

    def handle(self, *, until_idle: bool, **options: Any) -> None:
        """Run until stopped (Ctrl-C, SIGTERM): what is in flight lands first."""
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
