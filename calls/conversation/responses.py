"""One request to the model to speak, and what is still owed when it fails.

    state       its id is told (`adopt`)     revoked                 messages about it
    asked for   adopted                      revoked                 carried out
    adopted     -                            revoked, CancelResponse carried out
    revoked     CancelResponse, if not sent  -                       dropped, until its end

A response that ended, was refused, or lost its session is none. So each is cancelled once at most.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from calls.conversation.commands import ResponseKind
from calls.openai_errors import Meaning, meaning_of

RECOMMIT_WAIT_S = 1.5
"""After a reconnect the caller's last words are sent again: wait this long for them to become a turn."""
MOST_ATTEMPTS = 3
RETRY_AFTER_S = 0.3
FIRST_AUDIO_TIMEOUT_S = 6.0
MORE_AUDIO_TIMEOUT_S = 3.0
HEARD_OUT_PATIENCE_S = 1.0
"""After the caller has heard all that came: a model that is only slow is still faster than a new session."""
CANCEL_TIMEOUT_S = 2.0
GREETING_HOLD_S = 0.6
"""A greeting spoken by the model is held back this long: a response that fails at its start is never heard."""


@dataclass(slots=True)
class Owed:
    """Something that the assistant must still say."""

    kind: ResponseKind
    words: str = ""
    attempt: int = 1
    since: float = 0.0
    """From when on the caller waits for it."""
    not_before: float = 0.0
    turn_item: str = ""
    """The caller's turn that it answers."""
    awaits_recommit: bool = False
    """A new session hears that turn again, as the old one was lost before its words came."""

    def again(self, at: float, *, words: str | None = None) -> Owed:
        """The same once more, after a failure."""
        pause = 0.0 if self.attempt == 1 else RETRY_AFTER_S
        return replace(
            self, words=self.words if words is None else words, attempt=self.attempt + 1, not_before=at + pause
        )


@dataclass(slots=True)
class Response:
    """A response that was asked for and has not ended."""

    request: str
    owed: Owed
    progress_at: float
    response_id: str | None = None
    items: list[str] = field(default_factory=list)  # that audio came of, in order
    words: dict[str, str] = field(default_factory=dict)  # by item
    asked_for_tool: bool = False
    is_revoked: bool = False
    """We no longer want it: cancelled, or to be cancelled as soon as its id is known."""

    def is_refused_by(self, request: str | None, code: str) -> bool:
        """Tell whether an error means this response; `request` is the id of what it answers, where it tells one.

        A model that began to answer by itself refuses our request: what it has begun is the answer.
        """
        has_begun, meaning = self.response_id is not None or bool(self.items), meaning_of(code)
        if request:
            return request == self.request and not (has_begun and meaning is Meaning.ALREADY_ANSWERING)
        return not has_begun and meaning.refuses_to_speak

    def belongs_to(self, response_id: str) -> bool:
        """Tell whether a message about `response_id` is about this response. One without an id is assumed to be."""
        return response_id in ("", self.response_id)

    def stalls_at(self, heard_out_at: float | None) -> float | None:
        """When silence of the model means that it is stuck; None while something that it sent is still to be heard.

        `heard_out_at`: when the caller has heard all that it sent (`Playback.heard_out_at`).
        """
        if self.is_revoked:
            return self.progress_at + CANCEL_TIMEOUT_S
        if not self.items:
            return self.progress_at + FIRST_AUDIO_TIMEOUT_S
        if heard_out_at is None:
            return None
        return max(self.progress_at + MORE_AUDIO_TIMEOUT_S, heard_out_at + HEARD_OUT_PATIENCE_S)

    def after_failure(self, at: float, *, has_begun: bool, line_lost: bool, failed: bool) -> Aftermath:
        """Decide what is said again. What the caller has heard, or will hear from the buffer, is not repeated.

        `has_begun`: some of its audio was sent. `failed`: the model itself says that it broke off, on a line that
        is still there.
        """
        owed = self.owed
        is_last = owed.attempt >= MOST_ATTEMPTS
        if not has_begun:
            return Aftermath(gave_up=True) if is_last else Aftermath(retry=owed.again(at))
        if owed.kind is ResponseKind.GREETING:
            rest = words_left(owed.words, " ".join(self.words.values()))
            if rest and not is_last:
                return Aftermath(retry=owed.again(at, words=rest))
            return Aftermath()
        if not line_lost and (is_last or not failed):
            return Aftermath()
        attempt = 1 if line_lost else owed.attempt + 1  # a new line is counted by `link.py`
        return Aftermath(retry=Owed(ResponseKind.CONTINUATION, attempt=attempt, since=at))


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What the end of a response leaves to do."""

    retry: Owed | None = None
    gave_up: bool = False


def words_left(text: str, spoken: str) -> str:
    """Return what remains of `text` after as many words as were `spoken`."""
    return " ".join(text.split()[len(spoken.split()) :])
