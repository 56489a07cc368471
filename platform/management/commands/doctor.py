"""Try everything that this installation needs, and say what is wrong and how to mend it."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from businesses.doctor import table
from businesses.doctor.verdicts import State
from frontdesk.doctor import report, running


class Command(BaseCommand):
    """Prints a line for each check; exits with 1 if one of them is wrong."""

    help = __doc__ or ""
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--only", default="", help='a subject or one check, like "background: worker"')
        parser.add_argument("--json", action="store_true", help="print one JSON object instead")

    def handle(self, *args: Any, **options: Any) -> None:
        """Try, and print each line as it comes."""
        lines = []
        for line in running.run(table.sources(), only=options["only"]):
            lines.append(line)
            if not options["json"]:
                self.stdout.write(report.shown(line))
                self.stdout.flush()
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(lines)))
        if not lines:
            raise CommandError(f"There is no check “{options['only']}”. Without --only you see them all.")
        wrong = sum(line.verdict.state is State.WRONG for line in lines)
        if wrong:
            raise CommandError(f"{wrong} of {len(lines)} checks are wrong.")
