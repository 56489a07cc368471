"""Pause, commit, resume."""

from dataclasses import dataclass, field

import pytest

from calls.conversation import ConversationSettings
from calls.conversation.activity import Hearing
from calls.conversation.barge_in import LIKELY_PROBABILITY, RESUME_AFTER_QUIET_S, BargeIn, Verdict

pytestmark = pytest.mark.pure


@dataclass
class Frames:
    """Frames of 20 ms while the assistant is audible. `verdicts` are those that change something, with their times.

    It is paused by a PAUSE until a COMMIT or a RESUME.
    """

    barge_in: BargeIn = field(default_factory=lambda: BargeIn(ConversationSettings()))
    now: float = 0.0
    is_paused: bool = False
    verdicts: list[tuple[float, Verdict]] = field(default_factory=list)

    def hear(self, *, voiced: bool, seconds: float, probability: float | None = None, loud: bool = True) -> None:
        for _ in range(round(seconds / 0.02)):
            self.hear_frame(Hearing(voiced, voiced and loud, probability))

    def hear_frame(self, hearing: Hearing, milliseconds: int = 20) -> None:
        verdict = self.barge_in.hear(self.now, hearing, milliseconds=milliseconds, is_paused=self.is_paused)
        if verdict is not Verdict.NOTHING:
            self.verdicts.append((self.now, verdict))
            self.is_paused = verdict is Verdict.PAUSE
        if verdict in (Verdict.COMMIT, Verdict.RESUME):
            self.barge_in.start_over()
        self.now = round(self.now + milliseconds / 1000, 3)

    def openai_hears_speech(self, at: float | None = None) -> Verdict:
        return self.barge_in.server_heard_speech(self.now if at is None else at, is_paused=self.is_paused)


def with_settings(**changes: object) -> Frames:
    return Frames(BargeIn(ConversationSettings(**changes)))  # type: ignore[arg-type]


def test_six_frames_pause_and_speech_that_goes_on_commits() -> None:
    frames = Frames()
    frames.hear(voiced=True, seconds=1.0)
    assert frames.verdicts[0] == (0.10, Verdict.PAUSE)
    assert frames.verdicts[1] == (0.36, Verdict.COMMIT)


def test_five_frames_do_nothing() -> None:
    frames = Frames()
    for _ in range(10):
        frames.hear(voiced=True, seconds=0.1)
        frames.hear(voiced=False, seconds=0.1)
    assert frames.verdicts == []


def test_a_gap_within_a_word_does_not_break_the_run() -> None:
    frames = Frames()
    frames.hear(voiced=True, seconds=0.06)
    frames.hear(voiced=False, seconds=0.06)
    frames.hear(voiced=True, seconds=0.06)
    assert frames.verdicts == [(0.16, Verdict.PAUSE)]


def test_a_cough_pauses_and_resumes() -> None:
    frames = Frames()
    frames.hear(voiced=True, seconds=0.2)
    frames.hear(voiced=False, seconds=1.0)
    assert [verdict for _, verdict in frames.verdicts] == [Verdict.PAUSE, Verdict.RESUME]
    assert frames.verdicts[1][0] == pytest.approx(0.18 + RESUME_AFTER_QUIET_S, abs=0.021)


def test_a_click_in_the_quiet_after_a_cough_does_not_commit() -> None:
    frames = Frames()
    frames.hear(voiced=True, seconds=0.12)
    frames.hear(voiced=False, seconds=0.3)
    frames.hear(voiced=True, seconds=0.02)
    frames.hear(voiced=False, seconds=1.0)
    assert [verdict for _, verdict in frames.verdicts] == [Verdict.PAUSE, Verdict.RESUME]


def test_two_words_with_a_pause_between_commit() -> None:
    """`speech_stopped` fires between words; ours goes on counting."""
    frames = Frames()
    frames.hear(voiced=True, seconds=0.2)
    frames.hear(voiced=False, seconds=0.2)
    frames.hear(voiced=True, seconds=0.2)
    assert frames.verdicts[:2] == [(0.10, Verdict.PAUSE), (0.40, Verdict.COMMIT)]


def test_openai_commits_what_is_paused() -> None:
    frames = Frames()
    frames.hear(voiced=True, seconds=0.12)
    assert frames.openai_hears_speech() is Verdict.COMMIT


def test_openai_alone_does_not_interrupt() -> None:
    frames = Frames()
    frames.hear(voiced=False, seconds=0.2)
    assert frames.openai_hears_speech() is Verdict.NOTHING
    frames.hear(voiced=False, seconds=3.0)
    frames.hear(voiced=True, seconds=0.12)
    assert frames.verdicts[-1][1] is Verdict.PAUSE, "that was another sound"


def test_when_openai_was_first_enough_voice_commits_at_once() -> None:
    frames = Frames()
    frames.hear(voiced=True, seconds=0.06)
    frames.openai_hears_speech()
    frames.hear(voiced=True, seconds=0.06)
    assert frames.verdicts == [(0.10, Verdict.COMMIT)]


def test_openai_that_comes_after_the_resume_still_commits() -> None:
    frames = Frames()
    frames.hear(voiced=True, seconds=0.2)
    frames.hear(voiced=False, seconds=0.5)
    assert frames.verdicts[-1][1] is Verdict.RESUME
    assert frames.openai_hears_speech(0.8) is Verdict.COMMIT


def test_a_line_that_goes_dead_during_a_pause_resumes() -> None:
    frames = Frames()
    frames.hear(voiced=True, seconds=0.12)
    assert frames.is_paused
    ends_at = frames.barge_in.pause_ends_at
    assert ends_at == pytest.approx(0.10 + RESUME_AFTER_QUIET_S)
    assert frames.barge_in.quiet_for(ends_at) is Verdict.RESUME


def test_the_settings_rule() -> None:
    frames = with_settings(barge_in_voice_frames=3)
    frames.hear(voiced=True, seconds=0.06)
    assert frames.verdicts == [(0.04, Verdict.PAUSE)]
    frames = with_settings(barge_in_debounce_ms=600)
    frames.hear(voiced=True, seconds=0.58)
    assert [verdict for _, verdict in frames.verdicts] == [Verdict.PAUSE]
    frames = with_settings(resume_after_false_barge_in=False)
    frames.hear(voiced=True, seconds=0.12)
    frames.hear(voiced=False, seconds=0.5)
    assert [verdict for _, verdict in frames.verdicts] == [Verdict.PAUSE, Verdict.COMMIT]


# With a detector -------------------------------------------------------------------------------------------
def speak(frames: Frames, seconds: float, *, probability: float = 0.95, loud: bool = True) -> None:
    frames.hear(voiced=True, seconds=seconds, probability=probability, loud=loud)


def fall_silent(frames: Frames, seconds: float) -> None:
    frames.hear(voiced=False, seconds=seconds, probability=0.02)


def test_two_frames_of_speech_pause_and_six_commit() -> None:
    frames = Frames()
    speak(frames, 1.0)
    assert frames.verdicts[:2] == [(0.02, Verdict.PAUSE), (0.10, Verdict.COMMIT)]


def test_of_what_is_less_likely_speech_three_frames_pause() -> None:
    frames = Frames()
    speak(frames, 0.1, probability=LIKELY_PROBABILITY - 0.01)
    assert frames.verdicts == [(0.04, Verdict.PAUSE)]


def test_five_frames_of_speech_pause_and_resume() -> None:
    frames = Frames()
    speak(frames, 0.1)
    fall_silent(frames, 1.0)
    assert frames.verdicts == [
        (0.02, Verdict.PAUSE),
        (pytest.approx(0.08 + RESUME_AFTER_QUIET_S, abs=0.021), Verdict.RESUME),
    ]


def test_what_the_detector_is_not_sure_of_commits_when_it_lasts() -> None:
    frames = Frames()
    speak(frames, 0.34, probability=0.6)
    assert [verdict for _, verdict in frames.verdicts] == [Verdict.PAUSE]
    speak(frames, 0.1, probability=0.6)
    assert frames.verdicts[1] == (0.36, Verdict.COMMIT)


def test_scattered_bits_of_speech_do_not_add_up() -> None:
    frames = Frames()
    for _ in range(10):
        speak(frames, 0.1)
        fall_silent(frames, 0.2)
    assert Verdict.COMMIT not in [verdict for _, verdict in frames.verdicts]


def test_speech_as_soft_as_an_echo_does_nothing() -> None:
    frames = Frames()
    speak(frames, 2.0, loud=False)
    assert frames.verdicts == []


def test_openai_confirms_a_pause() -> None:
    frames = Frames()
    speak(frames, 0.06)
    assert frames.openai_hears_speech() is Verdict.COMMIT


def test_without_resuming_a_pause_waits_until_it_is_meant() -> None:
    frames = with_settings(resume_after_false_barge_in=False)
    speak(frames, 0.1)
    fall_silent(frames, 1.0)
    assert frames.verdicts == []


def test_a_sign_of_listening_pauses_and_resumes_whatever_openai_says() -> None:
    frames = with_settings(backchannels_interrupt=False)
    speak(frames, 0.5)
    assert frames.openai_hears_speech() is Verdict.NOTHING
    fall_silent(frames, 1.0)
    assert [verdict for _, verdict in frames.verdicts] == [Verdict.PAUSE, Verdict.RESUME]
    assert frames.openai_hears_speech() is Verdict.NOTHING


def test_who_goes_on_talking_interrupts_in_every_business() -> None:
    frames = with_settings(backchannels_interrupt=False)
    for _ in range(4):  # with the stops that speech has
        speak(frames, 0.22)
        fall_silent(frames, 0.08)
    assert [verdict for _, verdict in frames.verdicts][:2] == [Verdict.PAUSE, Verdict.COMMIT]
    assert frames.verdicts[1][0] >= 0.8
