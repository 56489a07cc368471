"""The assistant's first utterance in a call, and its protection: nothing interrupts it before it was heard.

    state       begin(kind)    take_back()   end(how)   meaning
    NOT_BEGUN   PROTECTED (*)  -             OVER       nothing is protected: it was not asked for, or need not be
    PROTECTED   -              NOT_BEGUN     OVER       what the caller says is kept, and answered afterwards
    OVER        -              -             -          barge-in is on for the rest of the call

A dash means that nothing changes. (*) Only what the business's `first_utterance_protection` names is protected.

Protection is a state and not a timer. It ends when playback says that the last byte was heard, so a slow line,
a lost mark or a second attempt can neither cut the utterance nor leave the caller locked out.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from calls.conversation.commands import Command, Log, ResponseKind
from calls.conversation.settings import ConversationSettings, Protection

OPENINGS = (ResponseKind.GREETING, ResponseKind.OPENING)
"""What the assistant says before the caller has said anything."""


class State(Enum):
    """Where the first utterance of a call stands."""

    NOT_BEGUN = "not begun"
    PROTECTED = "protected"
    OVER = "over"


_PROTECTED = State.PROTECTED  # asked for every 20 ms, and Python 3.11 is slow to look a member up


class End(Enum):
    """How the first utterance ended."""

    HEARD = "heard"
    GIVEN_UP = "given up"
    INTERRUPTED = "interrupted"  # only one that was not protected


class FirstUtterance:
    """The owner of the protection; everybody else asks `is_protected`. Its end is logged through `emit`."""

    def __init__(self, settings: ConversationSettings, emit: Callable[[Command], None]) -> None:
        self.state = State.NOT_BEGUN
        self.was_heard = False
        self._settings = settings
        self._emit = emit

    @property
    def is_protected(self) -> bool:
        """Nothing may interrupt the assistant now."""
        return self.state is _PROTECTED

    @property
    def is_over(self) -> bool:
        """The caller has heard the assistant, or part of it."""
        return self.state is State.OVER

    def begin(self, kind: ResponseKind) -> None:
        """Protect an utterance of this kind if it is the first one and the business wants it protected."""
        protection = self._settings.first_utterance_protection
        is_opening = protection is Protection.OPENING_ONLY and kind in OPENINGS
        if self.state is State.NOT_BEGUN and (protection is Protection.FIRST_RESPONSE or is_opening):
            self.state = State.PROTECTED

    def take_back(self) -> None:
        """Stop protecting an utterance that was cancelled before any of it was heard; the next one is the first."""
        if self.state is State.PROTECTED:
            self.state = State.NOT_BEGUN

    def end(self, how: End) -> None:
        """End protection for the rest of the call. Ending it again changes nothing."""
        if self.state is State.OVER:
            return
        self.state = State.OVER
        self.was_heard = how is End.HEARD
        if how is End.INTERRUPTED:
            return  # barge-in was on already, and has its own line in the log
        barge_in = "enabled" if self._settings.barge_in_enabled else "switched off by the business"
        self._emit(Log("[FIRST_UTTERANCE]", f"{how.value}, barge-in now {barge_in} for the rest of the call"))
