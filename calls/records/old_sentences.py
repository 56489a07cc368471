"""What version 0.1 wrote into records as English sentences, read as the codes of today.

Used by the migrations that took the sentences over, by traces of that time, and for rows that a process of the old
version wrote while this one was being installed. What is read here never changes, so neither does this module.
"""

from __future__ import annotations

import re
from typing import Final

from calls.conversation.end_reasons import EndReason
from calls.errors import SpeechFault

_END_REASONS: Final = {
    "the caller hung up": EndReason.CALLER_LEFT,
    "the assistant asked for end_call": EndReason.ASSISTANT_HUNG_UP,
    "the assistant said goodbye": EndReason.ASSISTANT_HUNG_UP,
    "the assistant asked for transfer_call": EndReason.ASSISTANT_TRANSFERRED,
    "the longest call time is over": EndReason.TIME_LIMIT,
    "a person hung up": EndReason.OPERATOR_HUNG_UP,
    "a person ended the call": EndReason.OPERATOR_HUNG_UP,
    "a person took the call over": EndReason.OPERATOR_TRANSFERRED,
    "the media stream broke": EndReason.STREAM_BROKE,
    "a mistake of ours": EndReason.OUR_MISTAKE,
    "the caller hung up before the assistant answered": EndReason.LEFT_EARLY,
    "the call is over, said Twilio": EndReason.OVER_AT_TWILIO,
    "Twilio: the call failed": EndReason.FAILED_AT_TWILIO,
    "the media stream never opened": EndReason.STREAM_NEVER_OPENED,
    "the process that held the call died": EndReason.PROCESS_DIED,
    "the business or this number is switched off": EndReason.NOT_IN_SERVICE,
    "no paid minutes are left": EndReason.NO_MINUTES,
    "all lines were busy": EndReason.ALL_BUSY,
}
_STREAM_BROKE, _OPENAI = "the media stream broke: ", "OpenAI: "
_CAUSES: Final = (
    (re.compile(r"session refused: (\w+)"), r"\1"),
    (re.compile(r"refused with HTTP (\d+)"), r"http_\1"),
    (re.compile(r"connection closed \((\d+)\)"), r"closed_\1"),
    (re.compile(r"connection closed \(without a code\)"), "closed"),
    (re.compile(r"no answer in time"), "timeout"),
    (re.compile(r"can't be reached"), "unreachable"),
    (re.compile(r"the model stopped answering"), "stalled"),
    (re.compile(r"(\w+)"), r"\1"),
)
_SPEECH: Final = (
    (re.compile(r"the speech service did not answer within .*", re.DOTALL), SpeechFault.TIMEOUT),
    (re.compile(r"the speech service could not be reached.*", re.DOTALL), SpeechFault.UNREACHABLE),
    (re.compile(r"the speech service refused with (?P<status>\d+): (?P<said>.*)", re.DOTALL), SpeechFault.REFUSED),
    (re.compile(r"the speech service sent half a sample.*"), SpeechFault.CUT_OFF),
    (re.compile(r"the speech service sent no audio"), SpeechFault.NO_AUDIO),
    (re.compile(r"the speech service sent silence"), SpeechFault.SILENCE),
    (
        re.compile(
            r"the audio lasts (?P<seconds>[\d.]+) s, too short for these words \(at least (?P<limit>[\d.]+) s\)"
        ),
        SpeechFault.TOO_SHORT,
    ),
    (
        re.compile(r"the audio lasts (?P<seconds>[\d.]+) s, too long for these words \(at most (?P<limit>[\d.]+) s\)"),
        SpeechFault.TOO_LONG,
    ),
)


def end_reason(sentence: str) -> tuple[EndReason, dict[str, str]]:
    """Returns the code and the detail of a call's old `end_reason`; a sentence that no code fits is kept as `text`."""
    if reason := _END_REASONS.get(sentence):
        return reason, {}
    if sentence.startswith(_STREAM_BROKE):
        return EndReason.STREAM_BROKE, {}
    if sentence.startswith(_OPENAI):
        return EndReason.MODEL_UNAVAILABLE, _cause(sentence.removeprefix(_OPENAI))
    return EndReason.OTHER, {"text": sentence}


def _cause(said: str) -> dict[str, str]:
    for pattern, code in _CAUSES:
        if found := pattern.fullmatch(said):
            return {"cause": found.expand(code)}
    return {"text": said}


def traced_end(sentence: str) -> tuple[EndReason, str]:
    """Returns the reason and the cause of a recorded `EndCall`; the cause as its recorded `ModelLost` gives it."""
    reason, _detail = end_reason(sentence)
    return reason, sentence.removeprefix(_OPENAI) if reason is EndReason.MODEL_UNAVAILABLE else ""


def speech_fault(sentence: str) -> tuple[SpeechFault, dict[str, str | float]]:
    """Returns the code and the detail of a greeting's old `error`; a sentence that no code fits is kept as `text`."""
    for pattern, fault in _SPEECH:
        if found := pattern.fullmatch(sentence):
            return fault, {
                name: text if name == "said" else int(text) if name == "status" else float(text)
                for name, text in found.groupdict().items()
            }
    return SpeechFault.OTHER, {"text": sentence}
