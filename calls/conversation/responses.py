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
TURN_ENDS_S = 0.5
"""A caller waits for an answer from then on: so long after the last word OpenAI would have ended the turn."""
MOST_ATTEMPTS = 6
RETRY_PAUSES_S = (0.0, 0.3, 0.8, 1.6, 2.4)
"""Before the second attempt, the third and so on: together five seconds, in which most trouble passes."""
_ATTEMPTS_AT_ONCE = 2
UNAWAITED = (ResponseKind.CHECK, ResponseKind.GOODBYE, ResponseKind.HANDOVER, ResponseKind.FILLER)
"""Without these words the call goes on to where it was going."""
MOST_PIECES = 3
"""An answer that breaks off again and again is heard in so many pieces. Where it failed, a person is better then."""
LONGEST_PAUSE_S = 8.0
"""OpenAI may say when to try again. A caller who would have to wait longer than this is handed over at once."""
OTHER_RESPONSE_WAIT_S = 2.0
"""How long to wait for the end of the response that OpenAI says is in the way of ours."""
FIRST_AUDIO_TIMEOUT_S = 6.0
BEGINS_WITHIN_S = 1.5
"""After we had to end a turn ourselves: the session is in doubt already."""
CREATED_WITHIN_S = 2.0
"""OpenAI says at once that a response is created, long before its audio. A request without that was swallowed.

Each further attempt waits so much longer: where a new session is as slow, all of OpenAI is.
"""
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
    begun_since: float | None = None
    """`silent_since` of what broke off, where this is its rest."""
    not_before: float = 0.0
    turn_item: str = ""
    """The caller's turn that it answers."""
    voice_ended_at: float | None = None
    """When the caller's voice was last heard in that turn; None where our own ears didn't hear it."""
    awaits_recommit: bool = False
    """A new session hears that turn again, as the old one was lost before its words came."""
    awaits_other: bool = False
    """Another response is in its way: it is asked for when that has ended."""
    may_use_tools: bool = True
    is_hurried: bool = False
    """We had to end the turn that it answers: a session that doesn't begin soon is lost."""

    @property
    def silent_since(self) -> float:
        """Since when the caller hears nothing, if nothing was heard since: a turn may be ended late."""
        if self.begun_since is not None:
            return self.begun_since
        return self.since if self.voice_ended_at is None else min(self.since, self.voice_ended_at + TURN_ENDS_S)

    def again(self, at: float, *, words: str | None = None, pause_s: float = 0.0) -> Owed:
        """The same once more after a failure, `pause_s` later at the soonest."""
        pause_s = max(pause_s, RETRY_PAUSES_S[min(self.attempt, len(RETRY_PAUSES_S)) - 1])
        return replace(
            self, words=self.words if words is None else words, attempt=self.attempt + 1, not_before=at + pause_s
        )

    def wait_for_other(self, at: float) -> None:
        """Wait for the end of a response that is in the way, from the second refusal on: before, it may be ending."""
        if self.attempt > _ATTEMPTS_AT_ONCE:
            self.not_before, self.awaits_other = at + OTHER_RESPONSE_WAIT_S, True


@dataclass(frozen=True, slots=True)
class Failure:
    """How a response failed.

    `is_told`: the model itself says that it broke off, on a line that is still there. `pause_s`: OpenAI asks for so
    much time before the next request.
    """

    line_lost: bool = False
    is_told: bool = False
    pause_s: float = 0.0


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
            return self.progress_at + (FIRST_AUDIO_TIMEOUT_S if self._has_begun else self._begins_within_s)
        if heard_out_at is None:
            return None
        return max(self.progress_at + MORE_AUDIO_TIMEOUT_S, heard_out_at + HEARD_OUT_PATIENCE_S)

    @property
    def _has_begun(self) -> bool:
        """Anything was heard of it: its id, a word or the call of a function."""
        return self.response_id is not None or bool(self.words) or self.asked_for_tool

    @property
    def _begins_within_s(self) -> float:
        if self.owed.is_hurried:
            return BEGINS_WITHIN_S
        return min(FIRST_AUDIO_TIMEOUT_S, self.owed.attempt * CREATED_WITHIN_S)

    def after_failure(self, at: float, failure: Failure, *, has_begun: bool) -> Aftermath:
        """Decide what is said again. What the caller has heard, or will hear from the buffer, is not repeated.

        `has_begun`: some of its audio was sent.
        """
        owed, pause_s, line_lost = self.owed, failure.pause_s, failure.line_lost
        is_last = owed.attempt >= (MOST_PIECES if has_begun else MOST_ATTEMPTS) or pause_s > LONGEST_PAUSE_S
        if not has_begun:
            retry = None if is_last else owed.again(at, pause_s=pause_s)
            return Aftermath(retry, gave_up=is_last and owed.kind not in UNAWAITED)
        if owed.kind is ResponseKind.GREETING:
            rest = words_left(owed.words, " ".join(self.words.values()))
            if rest and not is_last:
                return Aftermath(retry=owed.again(at, words=rest, pause_s=pause_s))
            return Aftermath()
        if not line_lost and not failure.is_told:
            return Aftermath()
        if not line_lost and is_last:
            return Aftermath(gave_up=True)
        attempt = 1 if line_lost else owed.attempt + 1  # a new line is counted by `link.py`
        retry = Owed(ResponseKind.CONTINUATION, attempt=attempt, since=at, begun_since=owed.silent_since)
        return Aftermath(replace(retry, not_before=at + pause_s))


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What the end of a response leaves to do."""

    retry: Owed | None = None
    gave_up: bool = False


def words_left(text: str, spoken: str) -> str:
    """Return what remains of `text` after as many words as were `spoken`."""
    return " ".join(text.split()[len(spoken.split()) :])
