"""The caller's side of a call: our own hearing, OpenAI's, and what the two mean together."""

from __future__ import annotations

from dataclasses import replace

from calls.conversation.activity import Activity, Hearing
from calls.conversation.background import Background
from calls.conversation.barge_in import BargeIn, Verdict
from calls.conversation.echo import LONGEST_WAY_S, Echo
from calls.conversation.events import CallerFrame, TurnCommitted
from calls.conversation.settings import ConversationSettings

SHORTEST_TURN_MS = 80
"""A turn with less voice than this is noise: "no" and "כן" have twice as much."""
STILL_SPEAKING_S = 1.0
"""Speech that OpenAI reports and we have not heard for this long is over, or never was speech."""
LONGEST_GAP_S = 0.5
"""Sounds further apart are not of one word: single frames of music that a detector takes for speech don't add up."""
LATE_START_S = 1.0
"""OpenAI tells up to this late that speech began (`activity.LOOK_BACK_FRAMES`): a short word may be over by then."""
ASK_EARS_AGAIN_S = 2.0
UNCONFIRMED_TURN_MS = 400
LOUD_TURN_MS = 600
"""So much voice in one run is a turn though OpenAI hears none: by a detector, or by loudness alone."""
GOES_ON_S = 0.3
"""A voice that goes on changes nothing for the rest of the conversation, which looks so often how long it has."""
COMMIT_WAIT_S = 0.6
"""OpenAI commits a turn as soon as it hears a pause. After this long we count it as committed without being told."""


class Caller:
    """What we know of the caller's voice. Times in seconds since the stream opened."""

    def __init__(self, settings: ConversationSettings, echo: Echo) -> None:
        self.activity = Activity()
        self.background = Background()
        self.barge_in = BargeIn(settings)
        self.speech_started_at = 0.0
        self.heard_at = float("-inf")
        """When the caller's voice was last heard beyond doubt: what a detector took for noise or music is none."""
        self._at = 0.0
        self._has_ears = False
        self._run_ms = 0
        self._run_at = float("-inf")
        self._settings = settings
        self._echo = echo
        self._server_hears_speech = False
        self._echo_until = float("-inf")
        self._is_unended = False  # our own ears have heard a turn since OpenAI last ended one
        self._is_heard_again = False  # a new session hears what the lost one was hearing
        self._later_ms = 0  # voice after the turn that OpenAI ended at `_ended_at`: the next one's, if it hears one
        self._ended_at = float("-inf")
        self._untold: TurnCommitted | None = None  # a turn that OpenAI should commit, and by when
        self._assumed: TurnCommitted | None = None  # the last one that we stopped waiting for
        self._doubted = ""  # the item of a turn that was loud enough for a voice, but no speech to our ears
        self._settled_by = False, False
        self._settled_voiced_at = self._settled_heard_at = float("-inf")

    def hear(self, frame: CallerFrame, *, assistant_is_playing: bool, delay_s: float) -> Hearing:
        """Tell whether a frame holds the caller's voice, and not the assistant's echo.

        `delay_s` is the time between sending audio that plays at once and its mark's return.
        """
        at = self._at = frame.at
        if assistant_is_playing:
            self._echo_until = at + delay_s + LONGEST_WAY_S
        level = self._echo.level(at, delay_s=delay_s)
        gate_rms = max(self._settings.echo_gate_min_rms, self._echo.threshold(level)) if at < self._echo_until else 0.0
        self.background.hear(frame, echo_rms=gate_rms, assistant_is_heard=assistant_is_playing)
        others_rms = self.background.gate_rms if at < self._echo_until else 0.0
        hearing = self.activity.hear(frame, gate_rms=max(gate_rms, others_rms))
        if others_rms and not hearing.is_loud:
            hearing = replace(hearing, is_voice=False)  # somebody else's: it is no beginning of the caller's
        if not hearing.is_loud:
            self._echo.learn(level, frame.rms - self.activity.floor.rms)
        elif hearing.is_voice:
            self._note_voice(frame, hearing)
        return hearing

    def _note_voice(self, frame: CallerFrame, hearing: Hearing) -> None:
        """Note that the caller was heard, once there is as much voice as in a turn. Loudness counts without ears."""
        self._has_ears = self._has_ears or hearing.probability is not None
        if self._has_ears and hearing.probability is None:
            return
        if frame.at - self._run_at > LONGEST_GAP_S:
            self._run_ms = 0
        self._run_ms += frame.milliseconds
        self._run_at = frame.at
        if self._run_ms >= SHORTEST_TURN_MS:
            self.heard_at = frame.at
        if self._server_hears_speech:
            self._is_unended = self._is_unended or self._run_ms >= SHORTEST_TURN_MS
        elif frame.rms >= self.background.gate_rms:  # else it may be somebody behind the caller
            least_ms = UNCONFIRMED_TURN_MS if self._has_ears else LOUD_TURN_MS
            self._is_unended = self._is_unended or self._run_ms >= least_ms

    def needs_ears(self, rms: int, *, may_interrupt: bool) -> bool:
        """Would a detector's answer about a frame of this energy change anything?

        It would not for a soft frame, nor once a turn is known to be speech, unless that was a while ago: a call that
        is put on hold in the middle of a turn goes on with music. While the caller may interrupt, every
        frame is asked about: with what came before, a detector recognizes a voice some 10 ms sooner.
        """
        is_known = self.activity.has_evidence and self._at - self.heard_at < ASK_EARS_AGAIN_S
        return (
            may_interrupt or self.background.may_begin(self._at) or (rms >= self.activity.softest_rms and not is_known)
        )

    def ears_may_wait(self, rms: int) -> bool:
        """Is a frame of this energy, and what came just before it, too soft for a detector's answer to matter?

        A detector is shown it all the same where it `needs_ears`, to know what came before the next voice.
        """
        return rms < self.activity.softest_rms and self.background.is_faint(rms)

    def speech_started(self, at: float, *, is_paused: bool) -> Verdict:
        """Note that OpenAI hears speech. Returns what that means for an utterance that is audible."""
        self._server_hears_speech, self.speech_started_at, self._untold = True, at, None
        if self.heard_at >= at - LATE_START_S:
            self._is_unended = True
        if self._later_ms and at - self._ended_at <= LATE_START_S:
            self.activity.give_back(self._later_ms)
            self._is_unended = self._is_unended or self._later_ms >= SHORTEST_TURN_MS
        elif not self._is_heard_again:  # then its voice was heard longer ago
            self.activity.turn_may_have_begun()
        self._later_ms = 0
        return self.barge_in.server_heard_speech(at, is_paused=is_paused)

    def interrupted(self) -> None:
        """Note that this voice has cut the assistant off: short as it may be, it is a turn, and is owed an answer."""
        self._is_unended = True

    def speech_stopped(self, at: float, item_id: str) -> None:
        """Note that OpenAI hears a pause, perhaps only between two words."""
        if self._server_hears_speech:
            self._untold = TurnCommitted(at + COMMIT_WAIT_S, item_id or f"turn-at-{at:.3f}")
        self._server_hears_speech = False

    def line_lost(self) -> None:
        """Forget what the lost session was hearing: the next one is sent the same audio, and our ears heard it."""
        self._is_heard_again = self._is_heard_again or self._is_unended
        self._server_hears_speech, self._untold = False, None

    def unended_voice_at(self) -> float | None:
        """Return when the voice was last heard of a turn that OpenAI has not ended; None if there is no such turn."""
        return self.activity.last_voiced_at if self._is_unended else None

    def deadlines(self) -> list[float | None]:
        """Return when a turn that OpenAI has not committed counts as ended, and `speaks` may say something new."""
        return [self._untold.at if self._untold else None, self.speaks_until() if self._server_hears_speech else None]

    def untold_turn(self, at: float) -> TurnCommitted | None:
        """Return a turn that OpenAI should have committed by now."""
        untold = self._untold
        if untold is None or at < untold.at:
            return None
        self._assumed = TurnCommitted(at, untold.item_id)
        return self._assumed

    def turn_ended(self, turn: TurnCommitted, *, is_again: bool = False) -> int:
        """Note that OpenAI committed a turn. Returns how many milliseconds of voice we heard in it ourselves.

        A turn may be ended late, when the caller has said more: what was said after a pause is the next turn's voice,
        once OpenAI hears that begin. `is_again`: the turn was ended before, so all of the voice is of a later one.
        """
        assumed = self._assumed
        if assumed and turn is not assumed and turn.item_id == assumed.item_id:
            return 0  # committed after all, and counted already
        self._server_hears_speech, self._untold = False, None
        self._is_unended = self._is_heard_again = False
        voiced_ms = self.activity.end_turn()
        has_more = voiced_ms - self._run_ms >= SHORTEST_TURN_MS
        self._later_ms, self._ended_at = voiced_ms if is_again else self._run_ms if has_more else 0, turn.at
        is_doubtful = voiced_ms < SHORTEST_TURN_MS <= self.activity.loud_ms
        self._doubted = turn.item_id if is_doubtful else ""
        return voiced_ms

    def voice_ended_at(self) -> float | None:
        """Return when our own ears last heard the caller in the turn that has ended; None if they heard nothing."""
        at = self.activity.last_voiced_at
        return at if at >= self.speech_started_at - LATE_START_S else None

    def is_doubted(self, item_id: str) -> bool:
        """Tell whether a detector took a turn for noise. Its transcript decides, as detectors miss unusual voices."""
        return bool(item_id) and item_id == self._doubted

    def speaks(self, at: float) -> bool:
        """Tell whether the caller is speaking: OpenAI says so, and so do our own ears."""
        return self._server_hears_speech and at < self.speaks_until()

    def settled(self, at: float) -> None:
        """Note that all has been done that the caller's voice until now leads to."""
        self._settled_by = self._standing(at)
        self._settled_voiced_at, self._settled_heard_at = self.activity.last_voiced_at, self.heard_at

    def goes_on(self, at: float, *, is_quiet: bool) -> bool:
        """Tell whether the voice is the same as when all was done, and not much longer: then nothing is to be done.

        `is_quiet`: nothing was heard that may be a voice. What follows a voice is looked at once.
        """
        longer_s = 0.0 if is_quiet else GOES_ON_S
        return (
            self.activity.last_voiced_at <= self._settled_voiced_at + longer_s
            and self.heard_at <= self._settled_heard_at + longer_s
            and (is_quiet or self._standing(at) == self._settled_by)
        )

    def _standing(self, at: float) -> tuple[bool, bool]:
        return self.speaks(at), self._is_unended

    def speaks_until(self) -> float:
        """Return when speech that OpenAI reports counts as over if our ears hear no more of it."""
        return self.activity.last_voiced_at + STILL_SPEAKING_S
