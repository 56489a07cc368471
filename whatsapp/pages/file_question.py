"""Asking how a file is to be read: each answer is a button, with examples from the file."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from whatsapp.states import FileMatter
from whatsapp.tables.readings import Choice, FileQuestion
from whatsapp.tables.text_encodings import SHOWN

_TITLES = {
    FileMatter.ENCODING: gettext_lazy("Which names are right?"),
    FileMatter.SHEET: gettext_lazy("Which sheet holds the people?"),
    FileMatter.HEADER: gettext_lazy("Is the first row a person?"),
    FileMatter.PHONE_COLUMN: gettext_lazy("Which column holds the phone numbers?"),
}
_EXPLAINED = {
    FileMatter.ENCODING: gettext_lazy("The file does not say how its letters are stored. Choose what reads right."),
    FileMatter.SHEET: gettext_lazy("The file has several sheets, and none of them was left open. One is read."),
    FileMatter.HEADER: gettext_lazy("The first row looks like a person, not like the names of the columns."),
    FileMatter.PHONE_COLUMN: gettext_lazy("More than one column could be the one. WhatsApp needs mobiles, usually."),
}
_ONE_COLUMN = gettext_lazy("This column could be the one, but its name does not say so.")
_ENCODINGS = {
    "windows-1255": gettext_lazy("Hebrew (Windows)"),
    "windows-1252": gettext_lazy("Western European (Windows)"),
    "windows-1256": gettext_lazy("Arabic (Windows)"),
    "windows-1251": gettext_lazy("Cyrillic (Windows)"),
    "windows-1250": gettext_lazy("Central European (Windows)"),
    "windows-1253": gettext_lazy("Greek (Windows)"),
    "windows-1254": gettext_lazy("Turkish (Windows)"),
    "windows-1257": gettext_lazy("Baltic (Windows)"),
    "ibm862": gettext_lazy("Hebrew (DOS)"),
    "ibm866": gettext_lazy("Cyrillic (DOS)"),
    "ibm850": gettext_lazy("Western European (DOS)"),
    "ibm852": gettext_lazy("Central European (DOS)"),
    "mac-roman": gettext_lazy("Western European (old Mac)"),
    "utf-8": gettext_lazy("Unicode (UTF-8): unreadable rows are rejected"),
}


def question_context(question: FileQuestion) -> dict[str, Any]:
    """Returns what the page of a question shows: `first` answers, and `more` that are less likely."""
    matter = question.matter
    choices = [
        {"value": choice.value, "label": _label(matter, choice), "examples": choice.examples}
        for choice in question.choices
    ]
    shown = SHOWN if matter == FileMatter.ENCODING else len(choices)
    is_single = matter == FileMatter.PHONE_COLUMN and len(choices) == 1
    return {
        "matter": matter.value,
        "question": _TITLES[matter],
        "explained": _ONE_COLUMN if is_single else _EXPLAINED[matter],
        "first": choices[:shown],
        "more": choices[shown:],
    }


def answer_in(posted: Any) -> tuple[FileMatter, str] | None:
    """Returns what a posted form answers, None if it answers nothing."""
    matter, answer = posted.get("matter", ""), posted.get("answer", "")
    return (FileMatter(matter), answer[:200]) if matter in FileMatter.values and answer else None


def _label(matter: FileMatter, choice: Choice) -> str:
    match matter:
        case FileMatter.HEADER:
            return _("It is a person") if choice.value == "no" else _("It is a header")
        case FileMatter.ENCODING:
            return str(_ENCODINGS.get(choice.value, choice.value))
        case _:
            return choice.value
