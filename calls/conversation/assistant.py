"""The assistant's side of a call: what the model was asked to say, is saying, and what the caller heard of it.

At most one response is under way and at most one utterance is being heard. Both may be the same words,
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
    unheard_after,
)
from calls.conversation.cut_off import is_cut_off
from calls.conversation.dialogue import Dialogue
from calls.conversation.events import ResponseAudio, ResponseCreated, ResponseEnded, ResponseStatus, ResponseWords
from calls.conversation.first_utterance import FirstUtterance
from calls.conversation.patience import TONE_BYTES, TONE_LEVELS, WAITING_TONE
from calls.conversation.playback import BYTES_PER_MS, Playback
from calls.conversation.responses import GREETING_HOLD_S, Aftermath, Failure, Owed, Response
from calls.conversation.sent_audio import PROTECTED_STRETCH_BYTES, STRETCH_BYTES
from calls.conversation.utterance import Stage, Utterance

CACHED_GREETING = "greeting"
"""The item id of greeting audio that we rendered before the call. No item of the model has it."""


class Assistant:
    """The assistant's requests, responses and audio. Commands go out through `emit`."""

    def __init__(self, first_utterance: FirstUtterance, dialogue: Dialogue, emit: Callable[[Command], None]) -> None:
        self.playback = Playback()
        self.response: Response | None = None
        self.utterance: Utterance | None = None
        self.first_response_id: str | None = None
        self.has_answered = False  # the caller has heard something since their last turn, or hears it now
        self._first_utterance = first_utterance
        self._dialogue = dialogue
        self._emit = emit
        self._requests = self._tones = 0
        self._past: set[str] = set()  # responses whose late messages mean nothing any more
        self._quiet_since = 0.0

    @property
    def is_audible(self) -> bool:
        """The caller is hearing an utterance, or is in the middle of one that is paused."""
        return self.utterance is not None and self.utterance.is_audible

    @property
    def is_paused(self) -> bool:
        """An utterance was stopped in its middle and may go on."""
        return self.utterance is not None and self.utterance.is_paused

    def stalls_at(self) -> float | None:
        """When the response under way counts as stuck, if nothing more comes of it."""
        return self.response.stalls_at(self.playback.heard_out_at) if self.response else None

    # Saying something ------------------------------------------------------------------------------
    def play_greeting(self, words: str, size: int, levels: tuple[int, ...], at: float) -> None:
        """Say the cached greeting of `size` bytes; `levels` as in `StreamOpened`."""
        turn = self._dialogue.begin(Speaker.ASSISTANT, at, is_greeting=True)
        self._dialogue.set_words(turn, CACHED_GREETING, words)
        self.utterance = Utterance(ResponseKind.GREETING, turn, waited_since=at)
        self._emit(self._dialogue.keep(turn))
        self.playback.receive(CACHED_GREETING, size, levels)
        self._send(at)

    def play_tone(self, at: float) -> None:
        """Let a caller who waits hear that somebody is there."""
        self._tones += 1
        self.playback.receive(f"{WAITING_TONE}-{self._tones}", TONE_BYTES, TONE_LEVELS, is_tone=True)
        self._send(at)

    def request(self, owed: Owed, at: float) -> None:
        """Ask the model to speak."""
        self._requests += 1
        request = f"{owed.kind}-{self._requests}"
        self.response = Response(request, owed, progress_at=at)
        self._emit(CreateResponse(request, owed.kind, owed.words, owed.attempt, owed.may_use_tools))

    def created(self, event: ResponseCreated) -> bool:
        """Note that a response began. Returns False when it isn't ours; it is then cancelled."""
        response = self.response
        if response and event.request in (None, response.request):
            self._adopt(event.response_id)
            if response.belongs_to(event.response_id):
                response.progress_at = event.at
                return True
        self.cancel_foreign(event.response_id)
        return False

    def cancel_foreign(self, response_id: str) -> None:
        """Cancel a response that isn't ours, once."""
        if response_id not in self._past:
            self._past.add(response_id)
            self._emit(CancelResponse(response_id))

    def _adopt(self, response_id: str) -> None:
        """Learn the id of our response from the first message that names one, and cancel it if it was revoked."""
        response = self.response
        if response is None or response.response_id is not None or not response_id or response_id in self._past:
            return
        response.response_id = response_id
        self.first_response_id = self.first_response_id or response_id
        if response.is_revoked:
            self._emit(CancelResponse(response_id))

    def audio(self, event: ResponseAudio) -> bool:
        """Queue audio that is wanted, and send it if it may be heard. Returns whether the caller just hears on."""
        self._adopt(event.response_id)
        response = self.response
        if response is None or response.is_revoked or not response.belongs_to(event.response_id):
            self._emit(DropAudio(event.item_id))
            return False
        response.progress_at = event.at
        if event.item_id not in response.items:
            response.items.append(event.item_id)
        utterance = self._utter(response, event.at)
        goes_on = utterance.stage is Stage.PLAYING and self.playback.has_words
        self.playback.receive(event.item_id, event.size, event.levels)
        if utterance.stage in (Stage.QUEUED, Stage.PLAYING):
            self._send(event.at)
        return goes_on

    def words(self, event: ResponseWords) -> None:
        """Note text that the assistant is saying."""
        self._adopt(event.response_id)
        response = self.response
        if response is None or response.is_revoked or not response.belongs_to(event.response_id):
            return
        response.progress_at = event.at
        response.words[event.item_id] = response.words.get(event.item_id, "") + event.text
        if self.utterance is not None and event.item_id in response.items:
            self._dialogue.set_words(self.utterance.turn, event.item_id, response.words[event.item_id])

    def _utter(self, response: Response, at: float) -> Utterance:
        """Return the utterance that a response's audio belongs to: a new one, or one that it continues."""
        if self.utterance is None:
            kind = response.owed.kind
            turn = self._dialogue.begin(Speaker.ASSISTANT, at, is_greeting=kind is ResponseKind.GREETING)
            waited_since, ended_at = max(response.owed.since, self._quiet_since), response.owed.voice_ended_at
            self.utterance = Utterance(kind, turn, waited_since, voice_ended_at=ended_at)
            if kind is ResponseKind.GREETING:
                self.utterance.stage, self.utterance.release_at = Stage.HELD, at + GREETING_HOLD_S
        for item_id in response.items:
            self._dialogue.set_words(self.utterance.turn, item_id, response.words.get(item_id, ""))
        return self.utterance

    def release_held(self, at: float) -> None:
        """Let a greeting that was held back be heard once it has proved itself."""
        if (utterance := self.utterance) and utterance.release_at is not None and at >= utterance.release_at:
            self._release(utterance, at)

    def _release(self, utterance: Utterance, at: float) -> None:
        utterance.stage, utterance.release_at = Stage.QUEUED, None
        self._send(at)

    def _send(self, at: float) -> None:
        size = PROTECTED_STRETCH_BYTES if self._first_utterance.is_protected else STRETCH_BYTES
        for stretch in self.playback.send(at, stretch_bytes=size):
            self._emit(Play(stretch.item_id, stretch.start, stretch.end, stretch.mark))
        utterance = self.utterance
        if utterance and utterance.stage is Stage.QUEUED and self.playback.is_playing:
            utterance.stage, utterance.first_sent_at = Stage.PLAYING, at
            self.has_answered = self.has_answered or utterance.kind is not ResponseKind.FILLER
            for measure in utterance.waits(at, quiet_since=self._quiet_since, delay_s=self.playback.delay_s):
                self._emit(measure)

    # The end of a response -------------------------------------------------------------------------
    def ended(self, event: ResponseEnded) -> Aftermath | None:
        """Note that a response ended. Returns None when it was not ours or not wanted any more."""
        self._adopt(event.response_id)
        response = self.response
        if response is None or not response.belongs_to(event.response_id):
            return None
        self._past.add(response.response_id or event.response_id)
        self.response = None
        if response.is_revoked:
            return None
        said_something = bool(response.items) or response.asked_for_tool
        cut_off = bool(response.items) and is_cut_off(event, response.words.values(), piece=response.owed.attempt)
        if said_something and not cut_off and event.status in (ResponseStatus.COMPLETED, ResponseStatus.INCOMPLETE):
            self._complete(event.at)
            return Aftermath()
        is_told = cut_off or event.status is ResponseStatus.FAILED
        return self._after_failure(response, event.at, Failure(is_told=is_told, pause_s=event.retry_after_s))

    def abandon(self, at: float, failure: Failure) -> Aftermath | None:
        """Give the response under way up: it was refused, or its session is gone."""
        response, self.response = self.response, None
        if response is None:
            return None
        if response.response_id:
            self._past.add(response.response_id)
        return None if response.is_revoked else self._after_failure(response, at, failure)

    def _complete(self, at: float) -> None:
        if utterance := self.utterance:
            utterance.is_whole = True
            if utterance.stage is Stage.HELD:
                self._release(utterance, at)
            self._emit(self._dialogue.keep(utterance.turn))

    def _after_failure(self, response: Response, at: float, failure: Failure) -> Aftermath:
        """Keep what the caller has heard, or will hear from the buffer; the rest is said again or given up."""
        if response.items and self.utterance and self.utterance.stage is Stage.HELD:
            self._discard(response)
        begun = self.utterance if response.items else None
        aftermath = response.after_failure(at, failure, has_begun=begun is not None)
        if begun and not (aftermath.retry and aftermath.retry.kind is ResponseKind.GREETING):
            self._emit(self._dialogue.keep(begun.turn))  # nothing is added to it
        return aftermath

    def _discard(self, response: Response) -> None:
        """Forget audio of which nothing was sent."""
        self.playback.forget()
        for item_id in response.items:
            self._emit(DropAudio(item_id))
        if self.utterance is not None:
            self._dialogue.drop(self.utterance.turn)
        self.utterance = None

    def revoke(self, at: float) -> None:
        """Cancel the response under way, once; its audio that still comes is dropped, and so is what was held back."""
        if (response := self.response) is None or response.is_revoked:
            return
        if self.utterance and self.utterance.stage is Stage.HELD:
            self._discard(response)
        response.is_revoked, response.progress_at = True, at
        if response.response_id is not None:
            self._emit(CancelResponse(response.response_id))

    # Being heard -----------------------------------------------------------------------------------
    def mark_returned(self, at: float, name: str) -> bool:
        """Note what was heard up to a mark, or that a clear has arrived. Returns whether the caller hears on."""
        if self.playback.mark_returned(at, name):
            return self.playback.has_words
        seconds = self.playback.clear_confirmed(at, name)
        if seconds is not None:
            self._emit(Measure(Latency.BARGE_IN_CONFIRMED, round(seconds * 1000)))
        return False

    def finish_if_heard(self, at: float) -> Utterance | None:
        """Close and return the utterance if the caller has heard all of it, and no response may bring more."""
        utterance = self.utterance
        if utterance is None or self.response or utterance.is_paused or self.playback.has_words:
            return None
        self._close(utterance, at, interrupted=False)
        return utterance

    def pause(self, at: float) -> None:
        """Fall silent at once, but keep what was not heard."""
        if self.utterance and self.utterance.stage is Stage.PLAYING:
            self.utterance.stage = Stage.PAUSED
            self.playback.clear(at)
            self._emit(ClearPlayback())

    def resume(self, at: float) -> None:
        """Go on from the exact place."""
        if self.utterance and self.utterance.stage is Stage.PAUSED:
            self.utterance.stage = Stage.PLAYING
            self._send(at)

    def cut_off(self, at: float) -> None:
        """Give the utterance up where the caller interrupted it, and tell the model what was heard of it."""
        self.pause(at)
        generating = self.response is not None and not self.response.is_revoked
        self.revoke(at)
        for item in self.playback.items:
            if not item.is_tone and item.item_id != CACHED_GREETING and (generating or item.heard < item.received):
                self._emit(unheard_after(item.item_id, item.heard // BYTES_PER_MS))
        if self.utterance is not None:
            self._close(self.utterance, at, interrupted=True)

    def hang_up(self, at: float) -> None:
        """The caller is gone: note what was heard."""
        if self.utterance is not None:
            self.playback.clear(at)
            self._close(self.utterance, at, interrupted=False)

    def _close(self, utterance: Utterance, at: float, *, interrupted: bool) -> None:
        self.utterance = None
        for item in self.playback.forget():
            if not item.is_tone:
                self._dialogue.heard_only(utterance.turn, item.item_id, item.heard / item.received)
                self._emit(DropAudio(item.item_id))
        utterance.is_whole = utterance.is_whole and not interrupted
        self._dialogue.end(utterance.turn, at, interrupted=interrupted)
        self._emit(self._dialogue.keep(utterance.turn))
        self._quiet_since = at
