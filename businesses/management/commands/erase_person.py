"""Erase what a business keeps of a person. Without --yes it only says what there is."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from businesses.keeping import erasing, table
from businesses.management.persons import add_person, business_of, person_of
from businesses.models import Erasure
from businesses.tenancy import acting_for


class Command(BaseCommand):
    """Prints one JSON object: `rows` by sort of data, and whether they are erased."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        add_person(parser)
        parser.add_argument("--yes", action="store_true", help="erase for good")

    def handle(self, *args: Any, **options: Any) -> None:
        """Count, and erase if asked to."""
        business = business_of(options["slug"])
        with acting_for(business):
            person = person_of(business, options)
            report = {"business": business.slug, "rows": erasing.preview(person), "erased": False, "waits_for": None}
            if not options["yes"]:
                self.stderr.write("Nothing was erased. Add --yes to erase this for good.")
            else:
                asked = erasing.ask(person, now=timezone.now())
                report["erased"] = erasing.work(business, asked.pk, clock=timezone.now, keep_going=lambda: True)
                code = Erasure.objects.get(pk=asked.pk).waits_for
                if code:
                    report["waits_for"] = code
                    self.stderr.write(f"{table.wait_in_words(code)} A worker goes on with it by itself.")
        self.stdout.write(json.dumps(report))
