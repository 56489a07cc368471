"""How a Realtime session is configured, and which parts of that a call can do without.

Not every server, model or account takes every part: an older model knows no keywords, a transcription model may be
gone. What is refused is left out, and the call goes on with the rest.

| part | without it |
|---|---|
| `LOGPROBS` | nobody knows how sure a transcript is: noise is told from speech by its words and by our ears |
| `HINTS` | the transcription guesses language and names |
| `NOISE_REDUCTION` | OpenAI hears the line as it is |
| `TRANSCRIPTION` | no transcripts; the assistant hears and answers all the same |
| `VOICE` | OpenAI's own choice of a voice |
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from calls import instructions
from calls.openai_models import takes_hints
from calls.plan import CallPlan

if TYPE_CHECKING:
    from openai.types.realtime import RealtimeSessionCreateRequestParam, SessionUpdateEventParam
    from openai.types.realtime.audio_transcription_param import AudioTranscriptionParam
    from openai.types.realtime.realtime_audio_config_input_param import NoiseReduction, RealtimeAudioConfigInputParam
    from openai.types.realtime.realtime_audio_config_output_param import RealtimeAudioConfigOutputParam

PREFIX_PADDING_MS: Final = 300
SILENCE_MS: Final = 500
"""How long the caller must be silent for their turn to end. Always set: the server's default varies."""
_ALWAYS_LIKELY: Final = "en"
"""A language that callers may speak whatever the business's own is."""


class Part(StrEnum):
    """A part of the configuration that a call can do without, in the order in which they are given up."""

    NOISE_REDUCTION = "noise_reduction"
    LOGPROBS = "logprobs"
    HINTS = "hints"
    TRANSCRIPTION = "transcription"
    VOICE = "voice"


def session_update(
    plan: CallPlan, *, transcription_model: str, noise_reduction: str = "", without: AbstractSet[Part] = frozenset()
) -> SessionUpdateEventParam:
    """Configure a session: µ-law untouched in both directions, and we alone create and cancel responses.

    Args:
        plan: the call's plan.
        transcription_model: empty for no transcripts.
        noise_reduction: `near_field` or `far_field`, with `:` and a strength or without; empty for none.
        without: parts to leave out.
    """
    heard: RealtimeAudioConfigInputParam = {
        "format": {"type": "audio/pcmu"},
        "turn_detection": {
            "type": "server_vad",
            "threshold": plan.server_vad_threshold,
            "prefix_padding_ms": PREFIX_PADDING_MS,
            "silence_duration_ms": SILENCE_MS,
            "create_response": False,
            "interrupt_response": False,
        },
    }
    if transcription_model and Part.TRANSCRIPTION not in without:
        heard["transcription"] = _transcription(plan, transcription_model, has_hints=Part.HINTS not in without)
    if noise_reduction and Part.NOISE_REDUCTION not in without:
        heard["noise_reduction"] = _noise_reduction(noise_reduction)
    spoken: RealtimeAudioConfigOutputParam = {"format": {"type": "audio/pcmu"}}
    if Part.VOICE not in without:
        spoken["voice"] = plan.voice
    session: RealtimeSessionCreateRequestParam = {
        "type": "realtime",
        "output_modalities": ["audio"],
        "instructions": plan.instructions,
        "tools": [
            *instructions.tools(transfer_possible=plan.transfer_possible, reach=plan.reach),
            *(offered.function() for offered in plan.tools),
        ],
        "tool_choice": "auto",
        "audio": {"input": heard, "output": spoken},
    }
    if "transcription" in heard and Part.LOGPROBS not in without:
        session["include"] = ["item.input_audio_transcription.logprobs"]
    return {"type": "session.update", "event_id": "session", "session": session}


def _transcription(plan: CallPlan, model: str, *, has_hints: bool) -> AudioTranscriptionParam:
    if not has_hints:
        return {"model": model}
    if not takes_hints(model):
        return {"model": model, "language": plan.language}
    hinted: AudioTranscriptionParam = {
        "model": model,
        "languages": list(dict.fromkeys([plan.language, _ALWAYS_LIKELY])),
    }
    if plan.names:
        hinted["keywords"] = list(plan.names)
    return hinted


def _noise_reduction(written: str) -> NoiseReduction:
    kind, _colon, strength = written.partition(":")
    reduction: NoiseReduction = {"type": "far_field" if kind == "far_field" else "near_field"}
    return {**reduction, "strength": float(strength)} if strength else reduction


def refused_part(param: str, *, without: AbstractSet[Part]) -> Part | None:
    """Returns which part to leave out after a refusal, or None if that would not help.

    `param`: what the error names, like `session.audio.input.transcription.keywords`. Some servers name nothing: the
    parts are then given up one by one.
    """
    left = [part for part in Part if part not in without]
    if "noise_reduction" in param and Part.NOISE_REDUCTION in left:
        return Part.NOISE_REDUCTION
    if "voice" in param:
        return Part.VOICE if Part.VOICE in left else None
    if "include" in param and Part.LOGPROBS in left:
        return Part.LOGPROBS
    if "transcription" in param:
        named = Part.TRANSCRIPTION if param.endswith(("transcription", "model")) else Part.HINTS
        return named if named in left else Part.TRANSCRIPTION if Part.TRANSCRIPTION in left else None
    return left[0] if left and not param else None
