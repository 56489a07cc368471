"""The voices on offer are those that both of OpenAI's endpoints know."""

from typing import Any, Literal, get_args, get_origin

from openai.types.audio import speech_create_params
from openai.types.realtime import realtime_audio_config_output

from businesses.models import Voice


def literals(union: Any) -> set[str]:
    return {name for part in get_args(union) if get_origin(part) is Literal for name in get_args(part)}


def test_voices_speak_live_and_render_greetings() -> None:
    live = literals(realtime_audio_config_output.Voice)
    rendered = literals(speech_create_params.Voice)
    assert set(Voice.values) == live & rendered
