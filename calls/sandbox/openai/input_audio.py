"""The input audio buffer of a session: the caller's audio, and where the caller's turns begin and end in it."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64
from dataclasses import dataclass

from calls.sandbox.openai.client_events import Rejected, WireEvent
from calls.sandbox.openai.items import BYTES_PER_MS
from calls.sandbox.openai.session_config import Config
from calls.sandbox.openai.vad import EnergyVad, Paused, Started, Stopped

_LEAST_COMMIT_MS = 100
_EAGERNESS_MS = {"low": 1200, "medium": 600, "high": 300, "auto": 600}


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """A turn has begun, this many ms into the input audio; the prefix padding is part of it, as at OpenAI."""

    audio_start_ms: int


@dataclass(frozen=True, slots=True)
class SpeechPaused:
    """The turn may soon be over; `said` is the audio so far."""

    said: bytes


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """The turn is over. `audio` is all of it, with prefix padding; `said` is as in the last `SpeechPaused`."""

    audio_end_ms: int
    audio: bytes
    said: bytes


Edge = SpeechStarted | SpeechPaused | SpeechStopped


class InputAudio:
    """Collects the audio since the last turn; `turn_detection` of the session decides where turns end."""

    def __init__(self) -> None:
        self._vad = EnergyVad()
        self._buffer = bytearray()
        self._prefix_ms = 300
        self._is_automatic = True
        self._last_end_ms = 0
        self._said_at_pause = b""
        self.keeps_all = False
        """Turns end only as the client asks: the audio stays in the buffer until then."""

    def configure(self, turn_detection: Config | None) -> None:
        """Apply the session's `turn_detection`; None means that the client commits turns itself."""
        self._is_automatic = turn_detection is not None
        if turn_detection is None:
            return
        self._vad.threshold = float(turn_detection.get("threshold") or 0.5)
        self._prefix_ms = int(turn_detection.get("prefix_padding_ms") or 0)
        silence_ms = turn_detection.get("silence_duration_ms") or _EAGERNESS_MS[turn_detection.get("eagerness", "auto")]
        self._vad.silence_duration_ms = int(silence_ms)

    @property
    def position_ms(self) -> int:
        """Returns how much audio the session has received."""
        return self._vad.position_ms

    def append(self, event: WireEvent) -> list[Edge]:
        """Take `input_audio_buffer.append`. Returns where turns begin, pause and end in it. Raises `Rejected`."""
        try:
            audio = b64decode(event["audio"], validate=True)
        except NotBase64 as error:
            message = "Invalid 'audio'. Expected base64-encoded audio bytes."
            raise Rejected(message, code="invalid_value", param="audio") from error
        self._buffer += audio
        if not self._is_automatic:
            return []
        found = [self._turn(edge) for edge in self._vad.feed(audio)]
        if not self._vad.is_speech and not self.keeps_all:
            keep = (self._prefix_ms + 100) * BYTES_PER_MS
            del self._buffer[:-keep]
        return found

    def _turn(self, edge: Started | Paused | Stopped) -> Edge:
        if isinstance(edge, Started):
            return SpeechStarted(max(edge.at_ms - self._prefix_ms, self._last_end_ms))
        if isinstance(edge, Paused):
            self._said_at_pause = bytes(self._buffer)
            return SpeechPaused(self._said_at_pause)
        self._last_end_ms = edge.at_ms
        audio = bytes(self._buffer)
        stopped = SpeechStopped(edge.at_ms, audio, self._said_at_pause or audio)
        if not self.keeps_all:
            self.clear()
        return stopped

    def commit(self) -> bytes:
        """End the turn as the client asks. Returns its audio. Raises `Rejected`."""
        milliseconds = len(self._buffer) / BYTES_PER_MS
        if milliseconds < _LEAST_COMMIT_MS:
            raise Rejected(
                "Error committing input audio buffer: buffer too small. "
                f"Expected at least {_LEAST_COMMIT_MS}ms of audio, but buffer only has {milliseconds:.2f}ms of audio.",
                code="input_audio_buffer_commit_empty",
            )
        audio = bytes(self._buffer)
        self.clear()
        return audio

    def clear(self) -> None:
        """Forget the audio since the last turn."""
        self._buffer.clear()
        self._said_at_pause = b""
