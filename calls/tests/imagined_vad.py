"""OpenAI's hearing in an imagined call: where turns begin and end, as badly as the script wants.

What a session has not made a turn of is heard again by the next one, which is sent it: `calls/line/unanswered.py`.
"""

from __future__ import annotations

from collections.abc import Callable

from calls.conversation.events import (
    CallerWords,
    Event,
    RequestRefused,
    SpeechStarted,
    SpeechStopped,
    TurnCommitted,
)
from calls.tests.script import Deafness, Script, Sound

HEARD_AGAIN_S = 0.2
COMMITTED_S = 0.05
_HEARS_BEGIN = (Deafness.NONE, Deafness.ENDLESS)


class ImaginedVad:
    """The hearing of one call's sessions. `at` schedules, `feed` tells the conversation, `now` is the time."""

    def __init__(
        self,
        script: Script,
        *,
        at: Callable[[float, Callable[[], None]], None],
        feed: Callable[[Event], None],
        now: Callable[[], float],
    ) -> None:
        self._script, self._at, self._feed, self._now = script, at, feed, now
        self._is_imperfect = bool(script.deafness) or script.after_deafness is not Deafness.NONE
        self._sessions = 0
        self._hears: Deafness | None = Deafness.NONE  # None: there is no session
        self._untaken: dict[int, Sound] = {}

    @property
    def is_black_hole(self) -> bool:
        """Nothing that is sent has any effect."""
        return self._hears is Deafness.BLACK_HOLE

    def listen(self, number: int, sound: Sound) -> None:
        """Hear a sound of the caller, when its time comes."""
        if sound.is_noise:
            return
        end = sound.start + sound.seconds
        self._at(sound.start, lambda: self._untaken.update({number: sound}))
        self._at(sound.start + self._script.vad_s, lambda: self._begin(number))
        self._at(end + 0.5, lambda: self._end(number))
        self._at(end + 0.51, lambda: self._commit_own(number))

    def session_ready(self) -> None:
        """There is a new session, which hears again what no session has made a turn of."""
        if not self._is_imperfect:
            return
        deaf = self._script.deafness
        self._hears = deaf[self._sessions] if self._sessions < len(deaf) else self._script.after_deafness
        self._sessions += 1
        self._at(self._now() + HEARD_AGAIN_S, self._hear_again)

    def session_gone(self) -> None:
        """There is no session."""
        if self._is_imperfect:
            self._hears = None

    def commit(self) -> None:
        """End the turn because we ask for it."""
        if self._hears in (Deafness.DEAF, Deafness.BLACK_HOLE, None):
            return
        begun = [number for number, sound in self._untaken.items() if sound.start <= self._now()]
        self._at(self._now() + COMMITTED_S, lambda: self._take(begun) if begun else self._refuse())

    def _begin(self, number: int) -> None:
        if self._hears in _HEARS_BEGIN and number in self._untaken:
            self._feed(SpeechStarted(self._now()))

    def _end(self, number: int) -> None:
        if self._hears is Deafness.NONE and number in self._untaken:
            self._feed(SpeechStopped(self._now()))

    def _commit_own(self, number: int) -> None:
        if self._hears is Deafness.NONE and number in self._untaken:
            self._take([number])

    def _hear_again(self) -> None:
        now = self._now()
        over = [number for number, sound in self._untaken.items() if sound.start + sound.seconds + 0.5 <= now]
        going_on = [number for number in self._untaken if number not in over]
        if over and self._hears in _HEARS_BEGIN:
            self._feed(SpeechStarted(now))
        if over and self._hears is Deafness.NONE:
            self._feed(SpeechStopped(now))
            self._take(over)
        if going_on and self._hears in _HEARS_BEGIN:
            self._feed(SpeechStarted(now))

    def _take(self, numbers: list[int]) -> None:
        taken = [number for number in numbers if self._untaken.pop(number, None)]
        if not taken:
            return
        item_id, sound = f"caller{taken[-1]}", self._script.caller[taken[-1]]
        self._feed(TurnCommitted(self._now(), item_id))
        words = CallerWords(self._now() + 0.39, item_id, sound.words, sound.logprob)
        self._at(words.at, lambda: self._feed(words))

    def _refuse(self) -> None:
        self._feed(RequestRefused(self._now(), "input_audio_buffer_commit_empty", "commit"))
