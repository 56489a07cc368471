"""Copy the whole installation into a folder, while it runs: the database, the files, and a manifest."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from frontdesk.backups import making
from frontdesk.backups.manifest import BadBackup


class Command(BaseCommand):
    """Prints one JSON object."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("folder", metavar="FOLDER", type=Path, help="it must be new or empty")
        parser.add_argument("--with-secrets", action="store_true", help="also copy the settings with their secrets")
        parser.add_argument("--without-files", action="store_true", help="leave recordings and other files out")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it."""
        folder, with_secrets = options["folder"], options["with_secrets"]
        try:
            made = making.make(
                folder, with_secrets=with_secrets, with_files=not options["without_files"], now=timezone.now()
            )
        except BadBackup as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{folder} can't be written: {error.strerror or type(error).__name__}.") from error
        if not with_secrets:
            self.stderr.write(
                "Note: FIELD_ENCRYPTION_KEYS are not in this backup. Without them every stored credential is lost: "
                "keep them elsewhere, or add --with-secrets and keep the backup as safe as they are."
            )
        self.stdout.write(
            json.dumps(
                {
                    "folder": str(folder),
                    "version": made.version,
                    "made_at": made.made_at.isoformat(),
                    "bytes": sum(part.bytes for part in made.parts.values()),
                    "parts": sorted(made.parts),
                }
            )
        )
