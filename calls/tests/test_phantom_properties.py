"""Noise with a hallucinated transcript in generated calls (G10, G17)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.conversation.commands import CreateResponse, KeepTurn, Speaker
from calls.tests.generated import generated
from calls.tests.script import Script, Sound
from calls.tests.test_call_properties import GREETING, business, scripts
from calls.tests.test_phantoms import INVENTED, SAID
from calls.tests.world import World

pytestmark = pytest.mark.pure

NOISE, VOICE = 0.02, 0.95
SETTLED_S = 2.0  # a transcript comes 0.9 s after the sound


def sound(words: st.SearchStrategy[str], probability: float) -> st.SearchStrategy[Sound]:
    return st.builds(
        Sound,
        start=st.just(0.0),
        seconds=st.floats(0.1, 1.5).map(lambda seconds: round(seconds, 2)),
        rms=st.sampled_from([400, 1500, 5000]),
        probability=st.just(probability),
        words=words,
        logprob=st.sampled_from([None, -0.05, -0.4]),
    )


phantoms = sound(st.sampled_from(INVENTED), NOISE)
unsure = sound(st.sampled_from(SAID), NOISE).map(lambda each: replace(each, logprob=-1.6))
strange_voices = sound(st.sampled_from(SAID), NOISE).map(lambda each: replace(each, seconds=0.6, rms=1500))
voices = sound(st.sampled_from(SAID), VOICE).map(lambda each: replace(each, seconds=0.6, rms=1500))


@st.composite
def calls(draw: st.DrawFn, what: st.SearchStrategy[Sound], *, gap_s: float = 1.2) -> Script:
    """Draw calls with such sounds, one after the other, of a caller whom our ears listen to."""
    moment, caller = 2.5, list[Sound]()
    for each in draw(st.lists(what, min_size=1, max_size=5)):
        caller.append(replace(each, start=round(moment, 2)))
        moment += each.seconds + gap_s + draw(st.floats(0.0, 1.0))
    drawn = draw(
        scripts(
            business(greeting_text=GREETING, greeting_bytes=8000, language="he"),
            mishaps=st.just(()),
            connects=st.just(()),
        )
    )
    return replace(drawn, caller=tuple(caller), has_ears=True, answer_rms=0, answer_s=0.4, seconds=moment + SETTLED_S)


@generated(100)
@given(calls(phantoms | unsure))
def test_g17_noise_is_never_answered_whatever_its_transcript_says(script: Script) -> None:
    world = World(script).run()
    assert world.all(CreateResponse) == []
    assert not world.conversation.user_has_spoken
    kept = [command for _, command in world.all(KeepTurn) if isinstance(command, KeepTurn)]
    assert not [turn for turn in kept if turn.speaker is Speaker.CALLER]


@generated(50)
@given(calls(phantoms | unsure | voices | strange_voices, gap_s=3.0))
def test_every_voice_between_the_noises_is_answered_once(script: Script) -> None:
    world = World(script).run()
    said = [
        each for each in script.caller if each.probability == VOICE or (each.words in SAID and each.logprob != -1.6)
    ]
    assert len(world.all(CreateResponse)) == len(said)
