"""Failures that leave a caller in silence although the line is there, as people report them."""

from __future__ import annotations

from typing import Literal

from calls.sandbox.openai.fault import AnyFault


# On a connection ----------------------------------------------------------------------------------
class EndWhenReady(AnyFault):
    """Close the session `after_s` after `session.updated`."""

    kind: Literal["end_when_ready"] = "end_when_ready"
    after_s: float = 0.0
    close_code: int = 1011


class BlackHole(AnyFault):
    """From some time on take nothing and send nothing, not even the answers to pings; the connection stays open."""

    kind: Literal["black_hole"] = "black_hole"
    after_s: float = 0.0


class DeafVad(AnyFault):
    """Hear no speech: no turn begins or ends by itself. A turn that the client commits is taken."""

    kind: Literal["deaf_vad"] = "deaf_vad"


class Deaf(AnyFault):
    """Take audio and commits without any sign that they were heard."""

    kind: Literal["deaf"] = "deaf"


class EndlessSpeech(AnyFault):
    """Hear speech begin and never end. A turn that the client commits is taken."""

    kind: Literal["endless_speech"] = "endless_speech"


# On a response ------------------------------------------------------------------------------------
class Swallow(AnyFault):
    """Do nothing at `response.create`, and say nothing about it."""

    kind: Literal["swallow"] = "swallow"


class WithoutAudio(AnyFault):
    """Complete the response without audio: with `text` in its place, or with no output at all."""

    kind: Literal["without_audio"] = "without_audio"
    text: str = ""


class LateCancel(AnyFault):
    """Honour a cancel only so much later, and send no more audio meanwhile."""

    kind: Literal["late_cancel"] = "late_cancel"
    seconds: float = 6.0


SilentConnectionFault = EndWhenReady | BlackHole | DeafVad | Deaf | EndlessSpeech
SilentResponseFault = Swallow | WithoutAudio | LateCancel
