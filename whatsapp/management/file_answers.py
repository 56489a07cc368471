"""The options by which a command is told how to read a file, and what it says when it has to be told."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from whatsapp.states import FileMatter
from whatsapp.tables.readings import Answers, FileQuestion

_OPTIONS = {
    FileMatter.ENCODING: "--encoding NAME",
    FileMatter.SHEET: "--sheet NAME",
    FileMatter.HEADER: "--header yes|no",
    FileMatter.PHONE_COLUMN: "--phone-column NAME",
}


def add_options(parser: CommandParser) -> None:
    """Add the options that answer questions about a file."""
    file = parser.add_argument_group("answers to questions about the file")
    file.add_argument("--encoding", default="", metavar="NAME", help="like utf-8, windows-1255 or cp1252")
    file.add_argument("--sheet", default="", metavar="NAME", help="the sheet of a workbook")
    file.add_argument("--header", default="", choices=["", "yes", "no"], help="whether the first row names the columns")
    file.add_argument("--phone-column", default="", metavar="NAME", help="by its name, or by its letter if it has none")


def answers_in(options: dict[str, Any]) -> Answers:
    """Returns the answers that the options give."""
    return Answers(options["encoding"], options["sheet"], options["header"], options["phone_column"])


def asking(question: FileQuestion) -> CommandError:
    """Returns the refusal that names the choices and the option."""
    return CommandError(f"{question} Nothing was taken. Repeat the command with {_OPTIONS[question.matter]}.")
