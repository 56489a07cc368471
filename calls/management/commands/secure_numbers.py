"""Tell Twilio what to do with callers while this installation does not answer: ring the business's fallback number."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from calls.telephone import outage, securing


class Command(BaseCommand):
    """Prints one JSON object; exits with 1 if a number has a problem, or with --check if anything would change."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--check", action="store_true", help="change nothing, only look")
        parser.add_argument(
            "--at",
            default=outage.ECHO,
            metavar="URL",
            help="a service outside of this installation that answers with the TwiML that stands behind its address",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Set or check the fallback address of every number."""
        try:
            found = list(securing.secure(at=options["at"], only_check=options["check"]))
        except securing.TwilioUnreachable as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps({"numbers": [asdict(each) for each in found]}))
        wrong = [f"{each.number}: {each.problem}" for each in found if each.problem]
        if options["check"]:
            wrong += [f"{each.number}: its fallback address is not up to date" for each in found if each.changed]
        if wrong:
            raise CommandError(" ".join(wrong))
