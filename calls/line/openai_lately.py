"""What OpenAI has lately answered to this process, for `/readyz`: the hourly check is too late for a key that dies."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from calls import figures
from calls.conversation.events import Event, ModelLost, ModelReady, ResponseEnded, ResponseStatus

MANY: Final = 3
"""So many failures in a row are no accident of one call."""


class Kind(StrEnum):
    """What can fail: opening a session, and an answer in one."""

    SESSION = "session"
    ANSWER = "answer"


@dataclass(slots=True)
class InARow:
    """Failures since the last success, and the code of the newest: one that is known here, or `other`."""

    count: int = 0
    code: str = ""


@dataclass(slots=True)
class Lately:
    """The last answers to one process."""

    failures: dict[Kind, InARow] = field(default_factory=lambda: {kind: InARow() for kind in Kind})

    def told(self, event: Event) -> None:
        """Take in what a session of any call said."""
        match event:
            case ModelReady():
                self.failures[Kind.SESSION] = InARow()
            case ModelLost(reason=code):
                self._failed(Kind.SESSION, code)
            case ResponseEnded(status=ResponseStatus.COMPLETED):
                self.failures[Kind.ANSWER] = InARow()
            case ResponseEnded(status=ResponseStatus.FAILED, reason=code):
                self._failed(Kind.ANSWER, code)

    def problems(self) -> list[str]:
        """Returns a sentence for each kind that fails again and again."""
        return [
            f"OpenAI's last {row.count} {kind}s failed ({row.code}): callers hear an apology, or a person's phone rings"
            for kind, row in self.failures.items()
            if row.count >= MANY
        ]

    def _failed(self, kind: Kind, code: str) -> None:
        self.failures[kind] = InARow(self.failures[kind].count + 1, figures.code_label(code))


here = Lately()
"""Of this process."""


def told(event: Event) -> None:
    """Take in what a session of this process said, and count it for `/metrics`."""
    figures.told_by_model(event)
    here.told(event)
