"""Create a broadcast from a file, from contacts, or from the people of an earlier broadcast."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from businesses.models import Business
from businesses.tenancy import acting_for
from whatsapp.audience.choice import Choice, ContactsChoice, EarlierChoice, FileChoice, Group
from whatsapp.broadcasts import creation
from whatsapp.broadcasts.creation import NewBroadcast, Timing
from whatsapp.control import starting
from whatsapp.control.reports import creation_report
from whatsapp.errors import WhatsappError
from whatsapp.management import file_answers
from whatsapp.management.asking import amount, answer, business_of
from whatsapp.models import Broadcast, WindowZone
from whatsapp.numbers import template_sync
from whatsapp.tables.readings import FileQuestion


class Command(BaseCommand):
    """Prints one JSON object: id, accepted, and rejected rows with their reasons. Nothing is sent without --start.

    A file that as a whole can't be used leaves nothing behind.
    """

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options for template, people and time."""
        parser.add_argument("slug", metavar="SLUG", help="short name of the business")
        parser.add_argument("--template", required=True, metavar="NAME")
        parser.add_argument("--language", required=True, help="of the template, like en_US or he")
        parser.add_argument("--name", default="", help="what the broadcast is called; default: the template's name")
        parser.add_argument("--budget", type=amount, metavar="AMOUNT", help="pause before it costs more, like 25.50")
        parser.add_argument("--start", action="store_true", help="start it, or let it wait for --at")
        _add_audience(parser)
        file_answers.add_options(parser)
        _add_timing(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Create it, freeze its people, start it if asked to, and print the report."""
        business = business_of(options["slug"])
        with acting_for(business):
            try:
                broadcast = self._create(business, options)
                self._read_people(broadcast)
                creation.set_trial_share(broadcast, options["canary"].share)
                if options["start"]:
                    starting.start(broadcast, now=timezone.now())
            except FileQuestion as question:
                raise file_answers.asking(question) from question
            except WhatsappError as error:
                raise CommandError(str(error)) from error
            answer(self, creation_report(broadcast, now=timezone.now()))

    def _create(self, business: Business, options: dict[str, Any]) -> Broadcast:
        template, sender = template_sync.find(business, options["template"], options["language"])
        with _opened(options["csv"]) as file:
            new = NewBroadcast(
                template=template,
                sender=sender,
                choice=_choice(options),
                name=options["name"],
                file=file,
                answers=file_answers.answers_in(options),
                timing=_timing(options),
                canary_size=options["canary"].size,
                budget=options["budget"],
            )
            return creation.create(business, new, now=timezone.now())

    def _read_people(self, broadcast: Broadcast) -> None:
        try:
            creation.read_people(broadcast, now=timezone.now(), keep_going=self._show)
        except KeyboardInterrupt:
            raise CommandError(
                f"Interrupted at row {broadcast.audience_cursor or 0}. To go on: start_broadcast {broadcast.pk}. "
                f"To drop it: cancel_broadcast {broadcast.pk}"
            ) from None

    def _show(self, rows: int) -> bool:
        self.stderr.write(f"{rows:,} rows ...")
        return True


@dataclass(frozen=True, slots=True)
class Trial:
    """The size of a trial: a number of messages, or a share of all people."""

    size: int | None = None
    share: float | None = None


def _add_audience(parser: CommandParser) -> None:
    people = parser.add_mutually_exclusive_group(required=True)
    people.add_argument("--csv", metavar="FILE", help="CSV or XLSX: a column “phone”, and one per template variable")
    people.add_argument(
        "--tag", action="append", metavar="TAG", help="contacts with this tag; repeated: with all of them"
    )
    people.add_argument("--contacts", action="store_true", help="all contacts")
    people.add_argument("--earlier", metavar="ID", help="people of an earlier broadcast; see --who")
    parser.add_argument(
        "--who", choices=[group.value for group in Group], default=Group.NOT_READ.value, help="of --earlier"
    )
    parser.add_argument("--without-tag", action="append", default=[], metavar="TAG")
    parser.add_argument("--contact-language", default="", metavar="LANGUAGE", help="only contacts who speak it")
    parser.add_argument("--where", action="append", default=[], type=_pair, metavar="ATTRIBUTE=VALUE")
    parser.add_argument("--only-with-consent", action="store_true", help="only contacts who agreed to get messages")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        type=_pair,
        metavar="VARIABLE=TEXT",
        dest="constants",
        help="a value of the template that is the same for everybody, like header_image=https://…",
    )
    parser.add_argument(
        "--value",
        action="append",
        default=[],
        type=_pair,
        metavar="VARIABLE=SOURCE",
        dest="values",
        help="where a value comes from: a column of the file; of contacts name, first_name, phone, or an attribute",
    )


def _add_timing(parser: CommandParser) -> None:
    parser.add_argument("--at", default="", metavar="YYYY-MM-DDTHH:MM", help="local time at which it starts")
    parser.add_argument("--zone", default="", help="of --at, like Asia/Jerusalem; default: the business's")
    parser.add_argument("--late-after", type=int, metavar="MINUTES", help="if later than this, it is missed instead")
    parser.add_argument("--from", type=time.fromisoformat, dest="send_from", metavar="HH:MM", help="messages only from")
    parser.add_argument(
        "--until", type=time.fromisoformat, dest="send_until", metavar="HH:MM", help="messages only until"
    )
    parser.add_argument("--clock", choices=WindowZone.values, default=WindowZone.BUSINESS, help="of --from and --until")
    parser.add_argument(
        "--canary",
        type=_trial,
        default=Trial(),
        metavar="N|N%",
        help="send only this many first, then wait for resume_broadcast",
    )


def _choice(options: dict[str, Any]) -> Choice:
    constants, values = dict(options["constants"]), dict(options["values"])
    if options["csv"]:
        return FileChoice(constants, values)
    if options["earlier"]:
        return EarlierChoice(options["earlier"], Group(options["who"]), values, constants)
    return ContactsChoice(
        tags=tuple(options["tag"] or ()),
        without_tags=tuple(options["without_tag"]),
        language=options["contact_language"],
        attributes=dict(options["where"]),
        only_with_consent=options["only_with_consent"],
        values=values,
        constants=constants,
    )


def _timing(options: dict[str, Any]) -> Timing:
    return Timing(
        wall_time=options["at"],
        zone=options["zone"],
        late_after_minutes=options["late_after"],
        send_from=options["send_from"],
        send_until=options["send_until"],
        window_zone=WindowZone(options["clock"]),
    )


@contextmanager
def _opened(path: str | None) -> Iterator[BinaryIO | None]:
    if path is None:
        yield None
        return
    try:
        with Path(path).open("rb") as file:
            yield file
    except OSError as error:
        raise CommandError(f"--csv {path}: {error.strerror}.") from error


def _pair(written: str) -> tuple[str, str]:
    name, equals, value = written.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"{written!r} is not like NAME=TEXT")
    return name, value


def _trial(written: str) -> Trial:
    number = written.removesuffix("%")
    if not number.replace(".", "", 1).isdigit() or float(number) <= 0:
        raise argparse.ArgumentTypeError(f"{written!r} is neither a number of messages nor a share like 1%")
    if written.endswith("%"):
        return Trial(size=creation.DEFAULT_TRIAL, share=float(number) / 100)
    return Trial(size=int(float(number)))
