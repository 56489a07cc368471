"""The assistant's side of a call: what it was asked to say, is saying, and was heard of.

At most one response is under way and at most one utterance is being heard; both may be the same words,
as OpenAI generates faster than people listen. `turns.py` decides who may speak; this carries it through.
"""

from __future__ import annotations

from collections.abc import Callable

from calls.conversation.commands import (
    CancelResponse,
    ClearPlayback,
    Command,
    CreateResponse,
    DropAudio,
    Latency,
    Measure,
    Play,
    ResponseKind,
    Speaker,
    TruncateItem,
)
from calls.conversation.dialogue import Dialogue
from calls.conversation.events import ResponseAudio, ResponseCreated, ResponseEnded, ResponseStatus, ResponseWords
from calls.conversation.playback import BYTES_PER_MS, Playback
from calls.conversation.responses import (
    GREETING_HOLD_S,
    MOST_ATTEMPTS,
    Aftermath,
    Owed,
    Response,
    Utterance,
    words_left,
)

CACHED_GREETING = "greeting"
"""The item id of greeting audio that we rendered before the call. No item of the model has it."""
STRETCH_BYTES = 320
"""A mark after every 40 ms: how finely we learn what was heard."""
PROTECTED_STRETCH_BYTES = 3200
"""Nothing interrupts protected audio, so only its end matters: fewer messages at the start of a call."""


class Assistant:
    """The assistant's requests, responses and audio. Commands go out through `emit`."""

    def __init__(self, dialogue: Dialogue, emit: Callable[[Command], None]) -> None:
        self.playback = Playback()
        self.response: Response | None = None
        self.utterance: Utterance | None = None
        self.first_response_id: str | None = None
        self.is_paused = False
        self._dialogue = dialogue
        self._emit = emit
        self._requests = 0
        self._past: set[str] = set()  # responses whose late messages mean nothing any more
        self._quiet_since = 0.0

    @property
    def is_heard(self) -> bool:
        """The caller is hearing the assistant, or is in the middle of something it says."""
        return self.utterance is not None and self.utterance.heard_from is not None

    def stalls_at(self) -> float | None:
        """When the response under way counts as stuck, if nothing more comes of it."""
        return self.response.stalls_at(self.playback.heard_out_at) if self.response else None

    # Saying something ------------------------------------------------------------------------------
    def play_greeting(self, words: str, size: int, levels: tuple[int, ...], at: float, *, protected: bool) -> None:
        """Say the cached greeting of `size` bytes; `levels` as in `StreamOpened`."""
        turn = self._dialogue.begin(Speaker.ASSISTANT, at, is_greeting=True)
        self._dialogue.set_words(turn, CACHED_GREETING, words)
        self.utterance = Utterance(ResponseKind.GREETING, turn, waited_since=at, is_complete=True)
        self._emit(self._dialogue.keep(turn))
        self.playback.receive(CACHED_GREETING, size, levels)
        self._send(at, protected=protected)

    def request(self, owed: Owed, at: float) -> None:
        """Ask the model to speak."""
        self._requests += 1
        request = f"{owed.kind}-{self._requests}"
        self.response = Response(request, owed, progress_at=at)
        self._emit(CreateResponse(request, owed.kind, owed.words, owed.attempt))

    def created(self, event: ResponseCreated) -> bool:
        """Take a response that began for ours; False when nobody asked for it (it is then cancelled)."""
        response = self.response
        if response and event.request in (None, response.request) and self._is(response, event.response_id):
            response.progress_at = event.at
            return True
        if event.response_id not in self._past:
            self._past.add(event.response_id)
            self._emit(CancelResponse(event.response_id))
        return False

    def _is(self, response: Response, response_id: str) -> bool:
        """Tell whether a message belongs to our response; the first one tells us its id. No id: it does."""
        if not response_id:
            return True
        if response.response_id is None and response_id not in self._past:
            response.response_id = response_id
            self.first_response_id = self.first_response_id or response_id
            if response.is_revoked:
                self._emit(CancelResponse(response_id))
        return response.response_id == response_id

    def audio(self, event: ResponseAudio, *, protected: bool) -> None:
        """Queue audio and send it on, unless it is nobody's, revoked, paused or held back."""
        response = self.response
        if response is None or not self._is(response, event.response_id) or response.is_revoked:
            self._emit(DropAudio(event.item_id))
            return
        response.progress_at = event.at
        response.sizes[event.item_id] = response.sizes.get(event.item_id, 0) + event.size
        utterance = self._utter(response, event.at)
        self.playback.receive(event.item_id, event.size, event.levels)
        if utterance.held_until is None and not self.is_paused:
            self._send(event.at, protected=protected)

    def words(self, event: ResponseWords) -> None:
        """Note text that the assistant is saying."""
        response = self.response
        if response is None or not self._is(response, event.response_id) or response.is_revoked:
            return
        response.progress_at = event.at
        response.words[event.item_id] = response.words.get(event.item_id, "") + event.text
        if self.utterance is not None and event.item_id in response.sizes:
            self._dialogue.set_words(self.utterance.turn, event.item_id, response.words[event.item_id])

    def _utter(self, response: Response, at: float) -> Utterance:
        """The utterance that a response's audio belongs to: a new one, or one that it continues."""
        if self.utterance is None:
            kind = response.owed.kind
            turn = self._dialogue.begin(Speaker.ASSISTANT, at, is_greeting=kind is ResponseKind.GREETING)
            self.utterance = Utterance(kind, turn, waited_since=max(response.owed.since, self._quiet_since))
            if kind is ResponseKind.GREETING:
                self.utterance.held_until = at + GREETING_HOLD_S
        for item_id in response.sizes:
            self._dialogue.set_words(self.utterance.turn, item_id, response.words.get(item_id, ""))
        self.utterance.is_complete = False
        return self.utterance

    def release_held(self, at: float, *, protected: bool) -> None:
        """Let a greeting that was held back be heard once it has proved itself."""
        utterance = self.utterance
        if utterance and utterance.held_until is not None and at >= utterance.held_until:
            utterance.held_until = None
            self._send(at, protected=protected)

    def _send(self, at: float, *, protected: bool) -> None:
        size = PROTECTED_STRETCH_BYTES if protected else STRETCH_BYTES
        for stretch in self.playback.send(at, stretch_bytes=size):
            self._emit(Play(stretch.item_id, stretch.start, stretch.end, stretch.mark))
        utterance = self.utterance
        if utterance and utterance.heard_from is None and self.playback.is_playing:
            utterance.heard_from = at
            is_answer = utterance.kind in (ResponseKind.ANSWER, ResponseKind.CONTINUATION)
            what = Latency.ANSWER if is_answer else Latency.GREETING
            self._emit(Measure(what, round((at - utterance.waited_since) * 1000)))

    # The end of a response -------------------------------------------------------------------------
    def ended(self, event: ResponseEnded, *, protected: bool) -> Aftermath | None:
        """Note that a response ended; None when it was not ours or not wanted any more."""
        response = self.response
        if response is None or not self._is(response, event.response_id):
            return None
        self._past.add(response.response_id or event.response_id)
        self.response = None
        if response.is_revoked:
            return None
        said_something = bool(response.sizes) or response.asked_for_tool
        if said_something and event.status in (ResponseStatus.COMPLETED, ResponseStatus.INCOMPLETE):
            self._complete(event.at, protected=protected)
            return Aftermath()
        failed = event.status is ResponseStatus.FAILED
        return self._after_failure(response, event.at, line_lost=False, failed=failed)

    def abandon(self, at: float, *, line_lost: bool) -> Aftermath | None:
        """Give the response under way up: it was refused, or its session is gone."""
        response, self.response = self.response, None
        if response is None:
            return None
        if response.response_id:
            self._past.add(response.response_id)
        return None if response.is_revoked else self._after_failure(response, at, line_lost=line_lost)

    def _complete(self, at: float, *, protected: bool) -> None:
        if self.utterance is None:
            return
        self.utterance.is_complete = True
        if self.utterance.held_until is not None:
            self.utterance.held_until = at
            self.release_held(at, protected=protected)
        self._emit(self._dialogue.keep(self.utterance.turn))

    def _after_failure(self, response: Response, at: float, *, line_lost: bool, failed: bool = False) -> Aftermath:
        """Decide what is said again. What the caller has heard, or will hear from the buffer, is not repeated.

        `failed`: the model itself says that it broke off, on a line that is still there.
        """
        owed = response.owed
        utterance = self.utterance if response.sizes else None
        if utterance and utterance.held_until is not None:
            self._discard(response)
            utterance = None
        last_try = owed.attempt >= MOST_ATTEMPTS
        if utterance is None and not last_try:
            return Aftermath(retry=owed.again(at))
        if utterance is None:
            if self.utterance:  # the beginning of a greeting whose rest never came
                self.utterance.is_complete = True
            return Aftermath(gave_up=True)
        if owed.kind is ResponseKind.GREETING:
            rest = words_left(owed.words, " ".join(response.words.values()))
            if rest and not last_try:
                return Aftermath(retry=owed.again(at, words=rest))
        utterance.is_complete = True
        self._emit(self._dialogue.keep(utterance.turn))
        if owed.kind is ResponseKind.GREETING or not (line_lost or (failed and not last_try)):
            return Aftermath()
        attempt = 1 if line_lost else owed.attempt + 1  # a new line is counted by `link.py`
        return Aftermath(retry=Owed(ResponseKind.CONTINUATION, attempt=attempt, since=at))

    def _discard(self, response: Response) -> None:
        """Forget audio of which nothing was sent."""
        self.playback.forget()
        for item_id in response.sizes:
            self._emit(DropAudio(item_id))
        if self.utterance is not None:
            self._dialogue.drop(self.utterance.turn)
        self.utterance = None

    def revoke(self, at: float) -> None:
        """Cancel the response under way, once; its audio that still comes is dropped, and so is what was held back."""
        response = self.response
        if response is None or response.is_revoked:
            return
        if self.utterance and self.utterance.held_until is not None:
            self._discard(response)
        response.is_revoked, response.progress_at = True, at
        if response.response_id is not None:
            self._emit(CancelResponse(response.response_id))

    # Being heard -----------------------------------------------------------------------------------
    def mark_returned(self, at: float, name: str) -> None:
        """Note what was heard up to a mark, or that a clear has arrived."""
        if self.playback.mark_returned(at, name):
            return
        seconds = self.playback.clear_confirmed(at, name)
        if seconds is not None:
            self._emit(Measure(Latency.BARGE_IN_CONFIRMED, round(seconds * 1000)))

    def finish_if_heard(self, at: float) -> Utterance | None:
        """The utterance that the caller has now heard to its end, if there is one."""
        utterance = self.utterance
        if utterance is None or not utterance.is_complete or self.is_paused or not self.playback.is_empty:
            return None
        self._close(at, interrupted=False)
        return utterance

    def pause(self, at: float) -> None:
        """Fall silent at once, but keep what was not heard."""
        if not self.is_paused:
            self.is_paused = True
            self.playback.clear(at)
            self._emit(ClearPlayback())

    def resume(self, at: float) -> None:
        """Go on from the exact place."""
        self.is_paused = False
        self._send(at, protected=False)

    def cut_off(self, at: float) -> None:
        """Give the utterance up where the caller interrupted it, and tell the model what was heard of it."""
        self.pause(at)
        generating = self.response is not None and not self.response.is_revoked
        self.revoke(at)
        for item in self.playback.items:
            if item.item_id != CACHED_GREETING and (generating or item.heard < item.received):
                self._emit(TruncateItem(item.item_id, item.heard // BYTES_PER_MS))
        self._close(at, interrupted=True)

    def hang_up(self, at: float) -> None:
        """The caller is gone: note what was heard."""
        if self.utterance is not None:
            self.playback.clear(at)
            self._close(at, interrupted=False)

    def _close(self, at: float, *, interrupted: bool) -> None:
        utterance, self.utterance = self.utterance, None
        if utterance is None:
            return
        for item in self.playback.forget():
            self._dialogue.heard_only(utterance.turn, item.item_id, item.heard / item.received)
            self._emit(DropAudio(item.item_id))
        self._dialogue.end(utterance.turn, at, interrupted=interrupted)
        self._emit(self._dialogue.keep(utterance.turn))
        self.is_paused, self._quiet_since = False, at
