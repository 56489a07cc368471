"""Import contacts from a CSV or XLSX file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from businesses import garbage
from businesses.tenancy import acting_for
from whatsapp.broadcasts.reasons import reason_words
from whatsapp.errors import WhatsappError
from whatsapp.importing.contact_import import import_contacts
from whatsapp.importing.imports import notes_of
from whatsapp.management import file_answers
from whatsapp.management.asking import answer, business_of
from whatsapp.models import ContactImport, RejectedRow
from whatsapp.tables.readings import FileQuestion

MOST_PRINTED = 10_000
"""How many rejected rows are printed; the import's page lists all of them."""


class Command(BaseCommand):
    """Prints one JSON object: how many were added, updated and unchanged, and the rejected rows with their reasons."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options for the file and what holds for all of its rows."""
        parser.add_argument("slug", metavar="SLUG", help="short name of the business")
        parser.add_argument(
            "--csv", required=True, metavar="FILE", help="columns: phone, name, language, tags; others are attributes"
        )
        parser.add_argument("--tag", action="append", default=[], help="give all of them this tag; may be repeated")
        file_answers.add_options(parser)
        parser.add_argument("--consent", default="", metavar="SOURCE", help="they agreed to messages: where and when")

    def run_from_argv(self, argv: list[str]) -> None:
        """Run in a process of its own: what it has loaded stays, and would be searched again and again."""
        garbage.exempt_what_is_loaded()
        super().run_from_argv(argv)

    def handle(self, *args: Any, **options: Any) -> None:
        """Import the file and print the counts."""
        business, path = business_of(options["slug"]), Path(options["csv"])
        try:
            with acting_for(business), path.open("rb") as file:
                made = import_contacts(
                    business,
                    file,
                    now=timezone.now(),
                    clock=timezone.now,
                    tags=options["tag"],
                    consent_source=options["consent"],
                    name=path.name,
                    answers=file_answers.answers_in(options),
                    on_progress=lambda rows: self.stderr.write(f"{rows:,} rows ..."),
                )
                answer(self, _report(made))
        except OSError as error:
            raise CommandError(f"--csv {options['csv']}: {error.strerror}.") from error
        except FileQuestion as question:
            raise file_answers.asking(question) from question
        except WhatsappError as error:
            raise CommandError(str(error)) from error


def _report(made: ContactImport) -> dict[str, Any]:
    rejected = RejectedRow.objects.filter(contact_import=made).order_by("row").defer("cells")
    notes = [str(note) for note in notes_of(made)]
    return {
        "added": made.added,
        "updated": made.updated,
        "unchanged": made.unchanged,
        "rejected": [
            {"row": row.row, "phone": row.given, "message": f"Row {row.row}: {reason_words(row)}"}
            for row in rejected[:MOST_PRINTED]
        ],
        "rejected_total": made.rejected,
        **({"notes": notes} if notes else {}),
    }
