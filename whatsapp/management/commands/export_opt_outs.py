"""Write the list of addresses that must not be messaged to a CSV file, as import_opt_outs takes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from businesses.audit import AuditKind, acting_command, record
from businesses.pages.csv_export import write_csv
from businesses.tenancy import acting_for
from whatsapp.management.asking import answer, business_of
from whatsapp.models import Suppression
from whatsapp.people import opt_out_table


class Command(BaseCommand):
    """Prints one JSON object: the business, the file and the number of rows."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the business and the file."""
        parser.add_argument("slug", metavar="SLUG", help="short name of the business")
        parser.add_argument("--out", required=True, metavar="FILE", help="a new file")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file and print what is in it."""
        business, path = business_of(options["slug"]), Path(options["out"])
        try:
            with (
                acting_command(),
                acting_for(business),
                timezone.override(ZoneInfo(business.time_zone)),
                path.open("xb") as file,
            ):
                entries = Suppression.objects.filter(business=business)
                write_csv(file, opt_out_table.header(), opt_out_table.lines(entries.iterator()))
                record(business, AuditKind.CONTACTS_EXPORTED, what="suppressions")
                rows = entries.count()
        except OSError as error:
            raise CommandError(f"--out {options['out']}: {error.strerror}.") from error
        answer(self, {"business": business.slug, "out": str(path), "rows": rows})
