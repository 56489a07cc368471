"""Call this installation now as a caller would, and say how that went."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from calls.pages import synthetic_words
from calls.synthetic import runs


class Command(BaseCommand):
    """Prints one JSON object; exits with 1 if the call failed, or another one is running."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Define the options."""
        parser.add_argument("--url", default="", help="the server's address (PUBLIC_URL)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Place the call, keep how it went, and print it."""
        last = runs.run(clock=timezone.now, every=None, url=options["url"])
        if last is None:
            raise CommandError("Another synthetic call is running. Try again in two minutes.")
        with translation.override("en"):
            problem = synthetic_words.fault_words(last)
        figures = {
            "fault": last.fault or None,
            "greeting_whole": last.greeting_whole,
            "first_sound_ms": last.first_sound_ms,
            "answer_ms": last.answer_ms,
            "interruption_ms": last.interruption_ms,
        }
        self.stdout.write(json.dumps(figures))
        if problem:
            raise CommandError(problem)
