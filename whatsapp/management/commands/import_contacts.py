"""Take contacts from a CSV or XLSX file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from businesses.tenancy import acting_for
from whatsapp.contact_import import ImportResult, import_contacts
from whatsapp.errors import WhatsappError
from whatsapp.management.asking import answer, business_of


class Command(BaseCommand):
    """Prints one JSON object: how many were added and updated, and the rejected rows with their reasons."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the options."""
        parser.add_argument("slug", metavar="SLUG", help="short name of the business")
        parser.add_argument(
            "--csv", required=True, metavar="FILE", help="columns: phone, name, language, tags; others are attributes"
        )
        parser.add_argument("--tag", action="append", default=[], help="give it to all of them; may be repeated")
        parser.add_argument("--consent", default="", metavar="SOURCE", help="they agreed to messages: where and when")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import and answer."""
        business = business_of(options["slug"])
        try:
            with acting_for(business), Path(options["csv"]).open("rb") as file:
                result = import_contacts(
                    business,
                    file,
                    now=timezone.now(),
                    tags=options["tag"],
                    consent_source=options["consent"],
                    on_progress=lambda rows: self.stderr.write(f"{rows:,} rows ..."),
                )
        except OSError as error:
            raise CommandError(f"--csv {options['csv']}: {error.strerror}.") from error
        except WhatsappError as error:
            raise CommandError(str(error)) from error
        answer(self, _report(result))


def _report(result: ImportResult) -> dict[str, Any]:
    return {
        "added": result.added,
        "updated": result.updated,
        "rejected": [
            {"row": row.row, "phone": row.given, "message": f"Row {row.row}: {row.text}"} for row in result.rejected
        ],
        "rejected_total": result.rejected_total,
    }
