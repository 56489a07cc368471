"""A Realtime session that says the greeting once, with its own transcript: the way that OpenAI recommends.

A voice model is no reader: it may answer the words instead of saying them, or add to them. Whoever asks compares the
transcript. The audio is the telephone's own, as in a call, so every server that answers calls can do this.
"""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from websockets.asyncio.connection import Connection
from websockets.exceptions import InvalidStatus, WebSocketException

from calls.audio import ulaw
from calls.errors import SpeechFailed, SpeechFault
from calls.greetings.refusals import speech_refused
from calls.instructions import exact_words, manner
from calls.openai_errors import HttpError, http_error, meaning_of
from calls.openai_messages import error_code, error_text, object_in
from calls.openai_websocket import open_websocket

_TIMEOUT_S: Final = 60.0
_LONGEST_S: Final = 180
"""Of audio: three minutes, far more than the longest greeting has."""
_AUDIO: Final = {"response.output_audio.delta", "response.audio.delta"}
_WORDS: Final = {"response.output_audio_transcript.delta", "response.audio_transcript.delta"}


def synthesize(*, text: str, voice: str, language: str, model: str) -> tuple[NDArray[np.int16], str]:
    """Returns the spoken words as 16-bit samples at 8 kHz, and what the model says that it said.

    Not for a thread with a running event loop. Raises `SpeechFailed`.
    """
    try:
        return asyncio.run(_say(text, voice=voice, language=language, model=model))
    except TimeoutError:
        raise SpeechFailed(SpeechFault.TIMEOUT) from None
    except InvalidStatus as error:
        found = http_error(error.response.status_code, error.response.body, error.response.headers)
        raise speech_refused(found) from error
    except (OSError, WebSocketException) as error:
        raise SpeechFailed(SpeechFault.UNREACHABLE) from error


async def _say(text: str, *, voice: str, language: str, model: str) -> tuple[NDArray[np.int16], str]:
    async with asyncio.timeout(_TIMEOUT_S), await open_websocket(model) as connection:
        await _until(connection, "session.created")
        await connection.send(json.dumps(_session(voice, language)))
        await _until(connection, "session.updated")
        await connection.send(json.dumps(_request(text), ensure_ascii=False))
        return await _spoken(connection)


def _session(voice: str, language: str) -> dict[str, Any]:
    return {
        "type": "session.update",
        "session": {
            "type": "realtime",
            "output_modalities": ["audio"],
            "instructions": manner(language),
            "audio": {
                "input": {"format": {"type": "audio/pcmu"}, "turn_detection": None},
                "output": {"format": {"type": "audio/pcmu"}, "voice": voice},
            },
        },
    }


def _request(text: str) -> dict[str, Any]:
    response = {"instructions": exact_words(text), "tool_choice": "none", "metadata": {"kind": "greeting"}}
    return {"type": "response.create", "response": response}


async def _spoken(connection: Connection) -> tuple[NDArray[np.int16], str]:
    audio, words = bytearray(), []
    while True:
        message = await _next(connection)
        kind = message.get("type")
        if kind in _AUDIO:
            audio += base64.b64decode(message["delta"])
            if len(audio) > _LONGEST_S * ulaw.SAMPLE_RATE:
                raise SpeechFailed(SpeechFault.TOO_LONG, seconds=float(_LONGEST_S), limit=float(_LONGEST_S))
        elif kind in _WORDS:
            words.append(str(message["delta"]))
        elif kind == "response.done":
            _check_end(object_in(message.get("response")))
            if not audio:
                raise SpeechFailed(SpeechFault.NO_AUDIO)
            return ulaw.decode(bytes(audio)), "".join(words)


def _check_end(response: dict[str, Any]) -> None:
    if response.get("status") == "completed":
        return
    details = object_in(response.get("status_details"))
    if object_in(details.get("error")):
        raise _refused(details, status=200)
    raise SpeechFailed(SpeechFault.CUT_OFF)


async def _until(connection: Connection, kind: str) -> None:
    while (await _next(connection)).get("type") != kind:
        pass


async def _next(connection: Connection) -> dict[str, Any]:
    """Returns the next event. Raises `SpeechFailed` for an `error`: nothing that is sent here may fail."""
    try:
        message = object_in(json.loads(await connection.recv(decode=False)))
    except ValueError:
        return {}
    if message.get("type") == "error":
        raise _refused(message, status=400)
    return message


def _refused(message: dict[str, Any], *, status: int) -> SpeechFailed:
    code = error_code(message)
    return speech_refused(HttpError(meaning_of(code, status), status, code, error_text(message)))
