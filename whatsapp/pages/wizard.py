"""What the steps of creating a broadcast have gathered so far, kept in the session."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from django.contrib.sessions.backends.base import SessionBase

from businesses.models import Business
from whatsapp.audience.choice import Choice, ContactsChoice, EarlierChoice, FileChoice, from_json, to_json
from whatsapp.tables.readings import NO_ANSWERS, Answers


@dataclass(frozen=True, slots=True)
class Gathered:
    """Template and people.

    `upload` is the stored name of a `FileChoice`'s file, `file_name` the owner's name for it, and `answers` what the
    owner has said about it.
    """

    template: str
    kind: str = ""
    audience: dict[str, Any] = field(default_factory=dict)
    upload: str = ""
    file_name: str = ""
    answers: dict[str, str] = field(default_factory=dict)

    @property
    def choice(self) -> Choice:
        """Returns how the people are chosen."""
        return from_json(self.kind, self.audience)

    def with_answers(self, answers: Answers) -> Self:
        """Returns a copy with these answers."""
        return replace(self, answers=answers.kept())

    def with_choice(
        self, choice: Choice, *, upload: str = "", file_name: str = "", answers: Answers = NO_ANSWERS
    ) -> Self:
        """Returns a copy with these people."""
        kinds = {FileChoice: "file", ContactsChoice: "contacts", EarlierChoice: "earlier"}
        return replace(
            self,
            kind=kinds[type(choice)],
            audience=to_json(choice),
            upload=upload,
            file_name=file_name[:120],
            answers=answers.kept(),
        )


def load(session: SessionBase, business: Business) -> Gathered | None:
    """Returns what was gathered for this business; None if there is nothing."""
    kept = session.get(_key(business))
    return Gathered(**kept) if kept else None


def store(session: SessionBase, business: Business, gathered: Gathered) -> None:
    """Keep it in the session for the next step."""
    session[_key(business)] = asdict(gathered)


def clear(session: SessionBase, business: Business) -> None:
    """Forget it, once the broadcast is created."""
    session.pop(_key(business), None)


def _key(business: Business) -> str:
    return f"new-broadcast-{business.pk.hex}"
