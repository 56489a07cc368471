"""A broadcast that is being put together: what the steps of its form have gathered so far, in the session."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from django.contrib.sessions.backends.base import SessionBase

from businesses.models import Business
from whatsapp.audience.choice import Choice, ContactsChoice, EarlierChoice, FileChoice, from_json, to_json


@dataclass(frozen=True, slots=True)
class Gathered:
    """Template and people. `upload` names the kept file of a `FileChoice`; `file_name` is what its owner calls it."""

    template: str
    kind: str = ""
    audience: dict[str, Any] = field(default_factory=dict)
    upload: str = ""
    file_name: str = ""

    @property
    def choice(self) -> Choice:
        """How the people are chosen."""
        return from_json(self.kind, self.audience)

    def with_choice(self, choice: Choice, *, upload: str = "", file_name: str = "") -> Self:
        """The same with people."""
        kinds = {FileChoice: "file", ContactsChoice: "contacts", EarlierChoice: "earlier"}
        return replace(
            self, kind=kinds[type(choice)], audience=to_json(choice), upload=upload, file_name=file_name[:120]
        )


def load(session: SessionBase, business: Business) -> Gathered | None:
    """What was gathered for this business, if anything."""
    kept = session.get(_key(business))
    return Gathered(**kept) if kept else None


def store(session: SessionBase, business: Business, gathered: Gathered) -> None:
    """Remember it for the next step."""
    session[_key(business)] = asdict(gathered)


def clear(session: SessionBase, business: Business) -> None:
    """The broadcast is made."""
    session.pop(_key(business), None)


def _key(business: Business) -> str:
    return f"new-broadcast-{business.pk.hex}"
