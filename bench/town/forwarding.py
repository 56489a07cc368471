"""What the bare servers do with a message: find the audio in it and put it into the other side's words. Pure.

Nothing is decoded: both sides carry base64 of the same µ-law. So this is the least that a bridge of calls can do.
"""

from __future__ import annotations

import json
from typing import Final

CONFIGURATION: Final = json.dumps(
    {
        "type": "session.update",
        "session": {
            "type": "realtime",
            "output_modalities": ["audio"],
            "instructions": "You answer the telephone.",
            "audio": {
                "input": {
                    "format": {"type": "audio/pcmu"},
                    "turn_detection": {"type": "server_vad", "silence_duration_ms": 500, "create_response": True},
                },
                "output": {"format": {"type": "audio/pcmu"}, "voice": "marin"},
            },
        },
    }
).encode()
"""OpenAI itself answers each turn."""
_PAYLOAD: Final = b'"payload":"'
_DELTA: Final = b'"delta":"'
_IS_AUDIO: Final = b'"response.output_audio.delta"'
_IS_MEDIA: Final = b'"event":"media"'


def append(message: bytes) -> bytes | None:
    """Returns what tells OpenAI the audio of a message of Twilio's; None if it has none."""
    if _IS_MEDIA not in message:
        return None
    start = message.index(_PAYLOAD) + len(_PAYLOAD)
    return b'{"type":"input_audio_buffer.append","audio":"%b"}' % message[start : message.index(b'"', start)]


def played(message: bytes, stream_sid: bytes, number: int) -> tuple[bytes, bytes] | None:
    """Returns what has Twilio play the audio of an event of OpenAI's, and the mark after it; None if it has none."""
    if _IS_AUDIO not in message:
        return None
    start = message.index(_DELTA) + len(_DELTA)
    payload = message[start : message.index(b'"', start)]
    return (
        b'{"event":"media","streamSid":"%b","media":{"payload":"%b"}}' % (stream_sid, payload),
        b'{"event":"mark","streamSid":"%b","mark":{"name":"%d"}}' % (stream_sid, number),
    )


def stream_sid(message: bytes) -> bytes | None:
    """Returns the stream's id if this is Twilio's `start`."""
    if b'"event":"start"' not in message:
        return None
    return str(json.loads(message)["start"]["streamSid"]).encode()
