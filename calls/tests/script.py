"""What happens in an imagined call: what the caller says, and what goes wrong. `calls/tests/world.py` plays it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from calls.conversation import ConversationSettings
from calls.conversation.events import Event

VOICE_RMS = 1500


class Mishap(Enum):
    """What goes wrong with a response."""

    NONE = "none"
    FAILED = "failed"
    FAILED_LATE = "failed_late"  # half of the audio came, and then the word that it failed
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    DROPPED = "dropped"  # the connection, before any audio
    DROPPED_EARLY = "dropped_early"  # the connection, after the first delta
    STALLED = "stalled"
    STALLED_LATE = "stalled_late"  # half of the audio came, and then nothing
    CUT_OFF = "cut_off"  # half of the audio came, and then the limit of tokens
    SILENT = "silent"  # completed without audio: it wrote text, or nothing
    FILTERED = "filtered"  # incomplete without audio, by the content filter
    RATE_LIMITED = "rate_limited"  # "try again in 1.2s"
    IN_THE_WAY = "in_the_way"  # refused as another response is active, which ends 1.5 s later
    SWALLOWED = "swallowed"  # response.create has no effect at all


class Deafness(Enum):
    """How badly a session hears. Its connection looks well."""

    NONE = "none"
    DEAF_VAD = "deaf_vad"  # no turn begins or ends by itself; one that we commit is taken
    ENDLESS = "endless"  # speech begins and never ends; a turn that we commit is taken
    DEAF = "deaf"  # takes audio and commits without a sign
    BLACK_HOLE = "black_hole"  # takes everything without a sign


@dataclass(frozen=True)
class Sound:
    """A sound of the caller: a word, a sentence, or (`is_noise`) a cough that OpenAI doesn't take for speech."""

    start: float
    seconds: float
    is_noise: bool = False
    rms: int = VOICE_RMS
    probability: float = 0.95
    """What a detector thinks of it, where the script has one."""
    words: str = "what are your hours"
    """What OpenAI makes of it."""
    logprob: float | None = None


@dataclass(frozen=True)
class Asks:
    """A response asks for a function: after its words, or (`wordless`) without any."""

    name: str = "end_call"
    wordless: bool = False
    is_complete: bool = True
    status: str = "completed"
    takes_s: float = 0.2  # one of the business's own: until its result comes; infinity: never
    fails: bool = False
    must_be_told: bool = True
    arguments: str = "{}"
    tool_call_id: str = ""  # one of the response's where none is given


@dataclass(frozen=True)
class Script:
    """A call as Hypothesis imagines it."""

    settings: ConversationSettings = field(default_factory=ConversationSettings)
    caller: tuple[Sound, ...] = ()
    mishaps: tuple[Mishap, ...] = ()  # of the first responses, in order; later ones go as `after_mishaps`
    after_mishaps: Mishap = Mishap.NONE
    cancel_s: float = 0.0  # how late OpenAI honours a cancel
    told: tuple[Event, ...] = ()  # what comes neither from the caller nor from OpenAI, each at its time
    lives: tuple[float, ...] = ()  # how long the first sessions live, in seconds after they are ready; later ones do
    deafness: tuple[Deafness, ...] = ()  # of the first sessions; later ones hear as `after_deafness`
    after_deafness: Deafness = Deafness.NONE
    asks: tuple[Asks | None, ...] = ()  # what the first responses that go well ask for, in order
    connects: tuple[bool, ...] = ()  # whether the first attempts succeed; later ones do
    connect_s: float = 0.3
    answer_s: float = 3.0  # audio of each response
    first_delta_s: float = 0.4
    speed: float = 4.0  # how much faster than real time audio is generated
    delta_s: float = 0.1
    latency_s: float = 0.02
    items: int = 1  # audio items per response
    loses_marks: bool = False
    has_ears: bool = False
    answer_rms: int = 0  # of the assistant's voice, as the conversation is told; 0: not told
    echo: float = 0.0  # the share of it that comes back, `echo_s` after it was heard
    echo_s: float = 0.1
    vad_s: float = 0.15
    seconds: float = 12.0
