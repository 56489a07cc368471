"""Get an installation back from a folder that `backup` has written."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from frontdesk.backups import making
from frontdesk.backups.manifest import BadBackup

NEXT = (
    "Next: erase again whom you erased after the backup was made (manage.py erase_person), look at each broadcast that "
    "waits before you resume it, because it may have been sent since, start the processes, and run manage.py doctor."
)


class Command(BaseCommand):
    """Prints one JSON object."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("folder", metavar="FOLDER", type=Path)
        parser.add_argument("--over", action="store_true", help="also if there are data, which are lost")
        parser.add_argument(
            "--without-keys", action="store_true", help="also if the keys differ: stored credentials can't be read then"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore it, and say what comes next."""
        try:
            made, held = making.restore(
                options["folder"],
                over=options["over"],
                without_keys=options["without_keys"],
                now=timezone.now(),
                say=self.stderr.write,
            )
        except BadBackup as error:
            raise CommandError(str(error)) from error
        self.stderr.write(NEXT)
        report = {"version": made.version, "made_at": made.made_at.isoformat(), "waiting_broadcasts": held}
        self.stdout.write(json.dumps(report))
