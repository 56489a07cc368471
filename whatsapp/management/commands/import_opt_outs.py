"""Import addresses that must not be messaged, from a CSV or XLSX file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from businesses.audit import acting_command
from businesses.tenancy import acting_for
from whatsapp.broadcasts.reasons import in_words
from whatsapp.errors import WhatsappError
from whatsapp.importing.opt_outs import Report, import_opt_outs, reading_by
from whatsapp.management import file_answers
from whatsapp.management.asking import answer, business_of
from whatsapp.models import SuppressionCategory
from whatsapp.people.messaging_settings import region_of
from whatsapp.tables.readings import FileQuestion
from whatsapp.tables.tables import open_table

MOST_PRINTED = 10_000
"""How many rejected rows are printed."""


class Command(BaseCommand):
    """Prints one JSON object: how many were added and were known, and the rejected rows with their reasons."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options for the file and what holds for rows that say nothing."""
        parser.add_argument("slug", metavar="SLUG", help="short name of the business")
        parser.add_argument("--csv", required=True, metavar="FILE", help="what export_opt_outs wrote, or only numbers")
        file_answers.add_options(parser)
        parser.add_argument(
            "--category",
            choices=SuppressionCategory.values,
            default=SuppressionCategory.ALL.value,
            help="what they opted out of, in rows that don't say it",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Import the file and print the counts."""
        business, path = business_of(options["slug"]), Path(options["csv"])
        category, answers = SuppressionCategory(options["category"]), file_answers.answers_in(options)
        how: dict[str, Any] = {"category": category, "answers": answers, "now": timezone.now()}
        reading = reading_by(answers)
        try:
            with (
                acting_command(),
                acting_for(business),
                path.open("rb") as file,
                open_table(file, reading=reading, country=region_of(business)) as table,
            ):
                report = import_opt_outs(business, table, **how)
        except FileQuestion as question:
            raise file_answers.asking(question) from question
        except OSError as error:
            raise CommandError(f"--csv {options['csv']}: {error.strerror}.") from error
        except WhatsappError as error:
            raise CommandError(str(error)) from error
        answer(self, _printed(report))


def _printed(report: Report) -> dict[str, Any]:
    return {
        "added": report.added,
        "known": report.known,
        "rejected": [
            {"row": each.row, "address": each.given, "message": f"Row {each.row}: {in_words(each.reason)}"}
            for each in report.rejected[:MOST_PRINTED]
        ],
        "rejected_total": len(report.rejected),
    }
