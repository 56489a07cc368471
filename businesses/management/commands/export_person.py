"""Write what a business keeps of a person to one archive (ZIP): JSON, recordings as WAV, and a page that lists them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone, translation

from businesses.keeping import exporting
from businesses.management.persons import add_person, business_of, person_of
from businesses.tenancy import acting_for


class Command(BaseCommand):
    """Prints one JSON object: the file, `rows` by sort of data, and the number of files (recordings, traces) in it."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        add_person(parser)
        parser.add_argument("--out", metavar="FILE.zip", required=True, help="a new file, readable by its owner only")

    def handle(self, *args: Any, **options: Any) -> None:
        """Collect and write."""
        business, path = business_of(options["slug"]), Path(options["out"])
        with acting_for(business), translation.override(business.language):
            person = person_of(business, options)
            try:
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except OSError as error:
                raise CommandError(f"--out {path}: {error.strerror}. Name a file that does not exist yet.") from error
            with os.fdopen(descriptor, "wb") as file:
                ready = exporting.export(person, now=timezone.now())
                for part in ready.parts():
                    file.write(part)
        rows = {sheet.name.removesuffix(".json"): sheet.records for sheet in ready.sheets}
        self.stdout.write(
            json.dumps({"business": business.slug, "out": str(path), "rows": rows, "files": len(ready.files)})
        )
