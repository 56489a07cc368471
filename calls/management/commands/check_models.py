"""Ask OpenAI whether the models of this installation are there, and for how long."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from calls import model_checks
from calls.pages import model_words


class Command(BaseCommand):
    """Prints one JSON object; exits with 1 if anything is the matter."""

    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask, keep the answer, and print it."""
        row = model_checks.check(now=timezone.now())
        with translation.override("en"):
            problems = list(model_words.sentences(row))
        report = {
            "checked_at": row.checked_at.isoformat(),
            "models": {use.name.lower(): model for use, model in model_checks.in_use().items()},
            "fault": row.fault or None,
            "findings": [asdict(found) for found in model_checks.findings_of(row)],
            "problems": problems,
        }
        self.stdout.write(json.dumps(report))
        if problems:
            raise CommandError(" ".join(problems))
