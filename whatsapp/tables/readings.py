"""How a file is read, and what is asked when that isn't clear. Stored as JSON. No database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from whatsapp.errors import BadAudience
from whatsapp.reasons import Cause, Reason, reason
from whatsapp.states import FileMatter

_ANSWERED = (*(matter.value for matter in FileMatter), "region")


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is read. An empty field follows from the file.

    `header` is the number of the row with the columns' names: 0 if there is none, None if it is the first row.
    `region` is the country of numbers without one, "" for that of the business.
    """

    encoding: str = ""
    sheet: str = ""
    header: int | None = None
    region: str = ""

    def kept(self) -> dict[str, Any]:
        """Returns it as it is stored."""
        return {"encoding": self.encoding, "sheet": self.sheet, "header": self.header, "region": self.region}

    @classmethod
    def from_kept(cls, kept: Mapping[str, Any]) -> Self:
        """Returns the reading that was stored so; {} is that of files from before there were questions."""
        texts = (kept.get("encoding", ""), kept.get("sheet", ""))
        return cls(*texts, kept.get("header"), kept.get("region", ""))


@dataclass(frozen=True, slots=True)
class Answers:
    """What a person has said about a file. An empty field: nothing yet. `header` is "yes" or "no".

    `region` is the country of numbers without one, "" for that of the business.
    """

    encoding: str = ""
    sheet: str = ""
    header: str = ""
    phone_column: str = ""
    region: str = ""

    def kept(self) -> dict[str, str]:
        """Returns them as they are stored."""
        return {name: getattr(self, name) for name in _ANSWERED}

    @classmethod
    def from_kept(cls, kept: Mapping[str, Any]) -> Self:
        """Returns the answers that were stored so."""
        return cls(**{name: str(kept.get(name, "")) for name in _ANSWERED})

    def plus(self, matter: FileMatter, answer: str) -> Self:
        """Returns these answers and one more."""
        return type(self)(**{**self.kept(), matter.value: answer})


AS_IT_IS = Reading()
"""A file that is read by what follows from it."""
NO_ANSWERS = Answers()


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the answers to choose from, with examples from the file."""

    value: str
    examples: tuple[str, ...] = ()


NAMED = 4
"""How many choices the words of a question name."""


class FileQuestion(BadAudience):
    """A file can be read in several ways: a person must choose. The likeliest choice comes first."""

    def __init__(self, matter: FileMatter, choices: tuple[Choice, ...]) -> None:
        super().__init__(_asked(matter, _in_words(choices)))
        self.matter, self.choices = matter, choices


def _asked(matter: FileMatter, choices: str) -> Reason:
    match matter:
        case FileMatter.ENCODING:
            return reason(Cause.ASKED_ENCODING, choices=choices)
        case FileMatter.SHEET:
            return reason(Cause.ASKED_SHEET, choices=choices)
        case FileMatter.HEADER:
            return reason(Cause.ASKED_HEADER, choices=choices)
        case FileMatter.PHONE_COLUMN:
            return reason(Cause.ASKED_PHONE_COLUMN, choices=choices)


def _in_words(choices: tuple[Choice, ...]) -> str:
    named = [f"{choice.value} ({', '.join(choice.examples)})" for choice in choices[:NAMED]]
    return "; ".join(named)
