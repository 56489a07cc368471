"""Computes what caller and assistant heard of each other, byte by byte and frame by frame."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence

from calls.audio import ulaw
from calls.audio.waiting_tone import waiting_tone
from calls.conversation.commands import ClearPlayback, Command
from calls.conversation.events import CallerFrame, MarkReturned
from calls.records.traces import Decided, TraceLine
from calls.sandbox.openai.connection import Connection
from calls.sandbox.telephone.caller_track import FRAME_BYTES, FRAME_S
from calls.sandbox.telephone.media_stream import MediaStream
from calls.sandbox.telephone.placed_call import PlacedCall

SLACK_S = 1.0
"""The delay that a busy machine may cause. What must be exact is checked by frames and bytes instead."""
_GAP_FRAMES = 3
_VOICED_RMS = 200  # the businesses' echo gate, above the floor of a silent line


def heard(call: PlacedCall) -> bytes:
    """Returns every byte of the assistant's audio that the caller heard, in order, without silence."""
    return heard_in(call.stream)


def heard_in(stream: MediaStream) -> bytes:
    """Returns the same of one of a call's streams."""
    return stream.playback.heard()


def words_heard(call: PlacedCall) -> bytes:
    """Returns the same without the tones that a waiting caller hears."""
    return heard(call).replace(waiting_tone(), b"")


def tones_heard(call: PlacedCall) -> int:
    """Returns how many of those tones were heard."""
    return heard(call).count(waiting_tone())


def clears(call: PlacedCall) -> list[float]:
    """Returns the times at which the server cleared Twilio's buffer."""
    return [each.at for each in call.stream.record.messages if each.kind == "clear"]


def played_until(call: PlacedCall, count: int) -> float:
    """Returns when the caller had heard so many bytes, in seconds since the stream opened."""
    for stretch in call.stream.playback.stretches:
        if count <= stretch.end - stretch.start:
            return (stretch.start + count) / ulaw.SAMPLE_RATE
        count -= stretch.end - stretch.start
    raise AssertionError("the caller has not heard that much")


def forwarded(connection: Connection) -> bytes:
    """Returns the caller's audio that an OpenAI session received."""
    return b"".join(b64decode(each.event["audio"]) for each in connection.received_audio)


def voiced_frame_sent_at(stream: MediaStream, after_s: float, ordinal: int) -> float:
    """Returns when the caller's frame number `ordinal` (from 1) of a run of voiced frames was sent.

    Short gaps between voiced frames belong to the run.
    """
    run = gap = 0
    for frame in range(round(after_s / FRAME_S), len(stream.caller.track) // FRAME_BYTES):
        audio = bytes(stream.caller.track[frame * FRAME_BYTES : (frame + 1) * FRAME_BYTES])
        voiced = ulaw.rms(audio) >= _VOICED_RMS
        gap = 0 if voiced else gap + 1
        run = run + voiced if gap <= _GAP_FRAMES else 0
        if voiced and run == ordinal:
            return frame * FRAME_S + stream.record.lateness_s[frame]
    raise AssertionError(f"no run of {ordinal} voiced frames")


def voiced_frames_before_clear(trace: Sequence[TraceLine]) -> int:
    """Returns how many voiced frames of the run the server had received when it cleared Twilio's buffer."""
    run = gap = 0
    for line in trace:
        if isinstance(line, CallerFrame):
            voiced = line.rms >= _VOICED_RMS
            gap = 0 if voiced else gap + 1
            run = run + voiced if gap <= _GAP_FRAMES else 0
        elif isinstance(line, Decided) and isinstance(line.command, ClearPlayback):
            return run
    raise AssertionError("nothing was cleared")


def decided_at(trace: Sequence[TraceLine], kind: type[Command]) -> float:
    """Returns when the server first gave a command of this kind, by its own clock."""
    return next(line.at for line in trace if isinstance(line, Decided) and isinstance(line.command, kind))


def clear_travelled_s(call: PlacedCall, trace: Sequence[TraceLine]) -> float:
    """Returns the round-trip time of the first `clear` and its marks, which byte positions can't account for."""
    offset = server_ahead_s(call, trace)
    there_s = clears(call)[0] + offset - decided_at(trace, ClearPlayback)
    returned = next((mark for mark in call.stream.record.returned_marks if mark.was_cleared), None)
    came_at = next(
        (line.at for line in trace if isinstance(line, MarkReturned) and returned and line.name == returned.name), None
    )
    back_s = came_at - offset - returned.at if returned and came_at is not None else 0.0
    return max(0.0, there_s) + max(0.0, back_s)


def server_ahead_s(call: PlacedCall, trace: Sequence[TraceLine]) -> float:
    """Returns the server's clock at Twilio's time 0, estimated from the fastest of the caller's frames."""
    frames = [line.at for line in trace if isinstance(line, CallerFrame)]
    sent = (index * FRAME_S + late for index, late in enumerate(call.stream.record.lateness_s))
    return min(came - left for came, left in zip(frames, sent, strict=False))


def telephone_late_s(stream: MediaStream, *, until_s: float) -> float:
    """Returns how late the simulated telephone was, on a busy machine, in the second before this moment.

    A real telephone plays on its own hardware, so its playback position follows from the clock.
    """
    last = round(until_s / FRAME_S)
    return max(stream.record.lateness_s[max(0, last - 50) : last + 1], default=0.0)


def seam(heard_audio: bytes, whole: bytes) -> tuple[int, int]:
    """Returns where audio stopped and where it resumed, for `heard_audio == whole[:left] + whole[went_on:]`."""
    left = next(
        (index for index, (one, other) in enumerate(zip(heard_audio, whole, strict=False)) if one != other),
        min(len(heard_audio), len(whole)),
    )
    went_on = len(whole) - (len(heard_audio) - left)
    assert heard_audio[left:] == whole[went_on:], "what was heard is not the utterance with one cut"
    return left, went_on
