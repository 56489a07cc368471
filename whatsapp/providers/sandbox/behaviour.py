"""How people and WhatsApp behave in the sandbox. Decided by the message id, so the same message always fares alike.

Numbers with certain last digits always behave the same way, so that every outcome can be watched:
…0001 not on WhatsApp · …0002 fails after it was accepted · …0003 gets too much marketing (Meta's limit) ·
…0004 had stopped marketing before · …0005 replies STOP · …0006 replies with a question · …0007 never reads it ·
…0008 only reacts · …0009 changes a reply to STOP · …0010 deletes its reply · …0011 presses "Stop promotions" ·
…0012 writes STOP while Meta's agent has the conversation · …0013 sends a picture · …0014 sends a voice note.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from whatsapp.providers.events import ReportedStatus

REPLIES = ("Thank you!", "תודה רבה", "Is this still available?", "מתי אתם פתוחים?", "👍", "Great, see you then")
LONGEST_S = 120.0
"""After this time nothing more happens to a message."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happens a number of seconds after the message was accepted."""

    after_s: float
    status: ReportedStatus
    error_code: int = 0


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What happens to one message. `refused`: an error code instead of an acceptance.

    `reply_as`: what the reply is, one of `notices.WRITTEN`. `changed_by`: what changes the reply `CHANGED_AFTER_S`
    later, and the new text. `is_standby`: another app has the conversation.
    """

    latency_s: float
    refused: int = 0
    steps: Sequence[Step] = ()
    reply: str = ""
    reply_after_s: float = 0.0
    reply_as: str = "reply"
    changed_by: tuple[str, str] | None = None
    is_standby: bool = False


CHANGED_AFTER_S = 5.0
_REPLIES: Mapping[str, Mapping[str, Any]] = {
    "opts_out": {"reply": "STOP"},
    "asks": {"reply": REPLIES[2]},
    "reacts": {"reply": "👍", "reply_as": "reaction"},
    "edits": {"reply": "See you", "changed_by": ("edit", "STOP")},
    "deletes": {"reply": "Is anybody there?", "changed_by": ("revoke", "")},
    "presses": {"reply": "Stop promotions", "reply_as": "button"},
    "tells_the_agent": {"reply": "STOP", "is_standby": True},
    "shows": {"reply": "It hurts here", "reply_as": "image"},
    "speaks": {"reply": "", "reply_as": "audio"},
}


_FATES: Mapping[str, str] = {
    "0001": "refused",
    "0002": "fails",
    "0003": "limited",
    "0004": "stopped",
    "0005": "opts_out",
    "0006": "asks",
    "0007": "ignores",
    "0008": "reacts",
    "0009": "edits",
    "0010": "deletes",
    "0011": "presses",
    "0012": "tells_the_agent",
    "0013": "shows",
    "0014": "speaks",
}
_REFUSALS = {"refused": 131026, "limited": 131049, "stopped": 131050}


def behaviour_of(address: str, message_id: str) -> Behaviour:
    """Returns what happens to one message."""
    luck = _lucks(message_id)
    fate = _FATES.get(address[-4:]) or _drawn(luck[0])
    latency_s = 0.04 + 0.12 * luck[1]
    if fate in _REFUSALS:
        return Behaviour(latency_s, _REFUSALS[fate])
    sent_s = 0.3 + luck[2]
    if fate == "fails":
        return Behaviour(
            latency_s, steps=[Step(sent_s, ReportedStatus.SENT), Step(sent_s + 1, ReportedStatus.FAILED, 131026)]
        )
    delivered_s = sent_s + 0.3 + 6 * luck[3] ** 3
    steps = [Step(sent_s, ReportedStatus.SENT), Step(delivered_s, ReportedStatus.DELIVERED)]
    if fate == "ignores":
        return Behaviour(latency_s, steps=steps)
    read_s = delivered_s + 1 + 60 * luck[4] ** 4
    steps.append(Step(read_s, ReportedStatus.READ))
    said = {"reply": REPLIES[int(luck[5] * len(REPLIES))]} if fate == "answers" else _REPLIES.get(fate, {})
    return Behaviour(latency_s, steps=steps, reply_after_s=read_s + 2 + 10 * luck[6], **said)


def _drawn(luck: float) -> str:
    """Of a hundred people one is not on WhatsApp, one gets nothing, 30 don't read it, 4 reply, 1 opts out."""
    for share, fate in ((0.01, "refused"), (0.02, "fails"), (0.32, "ignores"), (0.36, "answers"), (0.37, "opts_out")):
        if luck < share:
            return fate
    return "reads"


def _lucks(message_id: str) -> list[float]:
    digest = hashlib.sha256(message_id.encode()).digest()
    return [int.from_bytes(digest[i : i + 4], "big") / 2**32 for i in range(0, 28, 4)]
