"""A session's configuration at OpenAI: its defaults, and how `session.update` changes them."""

from __future__ import annotations

import copy
from typing import Any

from calls.sandbox.openai.client_events import Rejected, WireEvent

Config = dict[str, Any]
"""The `session` object of `session.created` and `session.updated`."""

_SERVER_VAD: Config = {
    "type": "server_vad",
    "threshold": 0.5,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 200,
    "idle_timeout_ms": None,
    "create_response": True,
    "interrupt_response": True,
}
_SEMANTIC_VAD: Config = {
    "type": "semantic_vad",
    "eagerness": "auto",
    "create_response": True,
    "interrupt_response": True,
}
_TAKE_HINTS = {"gpt-transcribe", "gpt-live-transcribe"}
_WITHOUT_VAD = {"gpt-live-transcribe", "gpt-realtime-whisper"}
_LIMITS = {
    "threshold": (0, 1),
    "prefix_padding_ms": (0, 5000),
    "silence_duration_ms": (0, 10000),
    "idle_timeout_ms": (5000, 30000),
}


def defaults(model: str, session_id: str, expires_at: int) -> Config:
    """Returns the configuration of a new session. `expires_at`: seconds since 1970."""
    return {
        "type": "realtime",
        "object": "realtime.session",
        "id": session_id,
        "expires_at": expires_at,
        "model": model,
        "output_modalities": ["audio"],
        "instructions": "",
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "truncation": "auto",
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": 24000},
                "transcription": None,
                "noise_reduction": None,
                "turn_detection": dict(_SERVER_VAD),
            },
            "output": {"format": {"type": "audio/pcm", "rate": 24000}, "voice": "alloy", "speed": 1.0},
        },
    }


def updated(config: Config, event: WireEvent, *, has_spoken: bool) -> Config:
    """Returns the configuration after a `session.update`. Raises `Rejected`; `config` itself is left alone."""
    changes: Config = event["session"]
    audio = changes.get("audio") or {}
    if changes["type"] != "realtime":
        raise Rejected("This stand-in has no transcription sessions.", code="invalid_value", param="session.type")
    if has_spoken and (audio.get("output") or {}).get("voice") not in (None, config["audio"]["output"]["voice"]):
        message = "Cannot update a conversation's voice if assistant audio is present."
        raise Rejected(message, code="cannot_update_voice")
    _check_formats(audio)
    _check_turn_detection((audio.get("input") or {}).get("turn_detection") or {})
    _check_transcription((audio.get("input") or {}).get("transcription") or {})
    merged = copy.deepcopy(config)
    for side, settings in audio.items():
        for name, value in settings.items():
            merged["audio"][side][name] = _complete(value) if name == "turn_detection" else value
    merged.update({name: value for name, value in changes.items() if name != "audio"})
    return merged


def _complete(turn_detection: Config | None) -> Config | None:
    if turn_detection is None:
        return None
    filled = _SERVER_VAD if turn_detection["type"] == "server_vad" else _SEMANTIC_VAD
    return {**filled, **turn_detection}


def _check_formats(audio: Config) -> None:
    for side in ("input", "output"):
        audio_format = ((audio.get(side) or {}).get("format") or {}).get("type", "audio/pcmu")
        if audio_format != "audio/pcmu":
            # OpenAI takes three; the product is a telephone and this stand-in knows only its format.
            message = f"This stand-in speaks audio/pcmu only, not {audio_format}."
            raise Rejected(message, code="invalid_value", param=f"session.audio.{side}.format.type")


def _check_turn_detection(turn_detection: Config) -> None:
    for name, (least, most) in _LIMITS.items():
        value = turn_detection.get(name)
        if value is not None and not least <= value <= most:
            param = f"session.audio.input.turn_detection.{name}"
            message = f"Invalid '{param}': expected a value from {least} to {most}, got {value}."
            code = "decimal_above_max_value" if value > most else "decimal_below_min_value"
            raise Rejected(message, code=code, param=param)


def _check_transcription(transcription: Config) -> None:
    """Refuse what OpenAI's models don't take: hints are for the newer ones, which take no single language."""
    model = transcription.get("model")
    path = "session.audio.input.transcription"
    if model in _WITHOUT_VAD:
        message = "Turn detection is not supported for this transcription model."
        raise Rejected(message, code="invalid_value", param="session.audio.input.turn_detection")
    refused = {"language"} if model in _TAKE_HINTS else {"languages", "keywords"}
    for name in refused & set(transcription):
        message = f"'{name}' is not supported for the transcription model '{model}'."
        raise Rejected(message, code="invalid_value", param=f"{path}.{name}")


def refuse(session: Config, part: str) -> None:
    """Raises `Rejected` if a `session.update` has this part, as a server does that does not take it."""
    value: Any = session
    for name in part.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if value is not None:
        raise Rejected(f"Invalid value: '{value}'.", code="unsupported_value", param=f"session.{part}")


def as_pcm(config: Config) -> Config:
    """Returns the configuration as a server tells it that sends and takes PCM, whatever it was asked."""
    told = copy.deepcopy(config)
    for side in ("input", "output"):
        told["audio"][side]["format"] = {"type": "audio/pcm", "rate": 24000}
    return told


def language_of(config: Config) -> str:
    """Returns the language that callers speak: the one named for the transcription, else that of the instructions."""
    transcription = config["audio"]["input"]["transcription"] or {}
    if named := transcription.get("language") or next(iter(transcription.get("languages") or ()), None):
        return str(named)
    return "he" if any("א" <= letter <= "ת" for letter in config["instructions"]) else "en"
