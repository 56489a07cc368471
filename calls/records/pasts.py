"""What is on record of a call that goes on in another media stream."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db.models import Max

from calls.conversation.dialogue import first_share
from calls.models import Call, Speaker, TraceChunk, Transfer, TransferState, Turn
from calls.past import Past
from calls.tools.running import results_of

LETTERS_PER_S: Final = 15.0
"""Of ordinary speech. An estimate: how far a sentence was heard is on record only once it has ended."""


def past_of(call: Call, opened_at: datetime, *, now: datetime) -> Past:
    """Returns what lies behind a call whose first stream opened at `opened_at`. Expects the business to be set.

    `call.alive_at` must be when its last stream broke.
    """
    broke_ms = round(((call.alive_at or now) - opened_at).total_seconds() * 1000)
    turns = list(Turn.objects.filter(call=call).order_by("position"))
    said = {turn.position: (turn.speaker, _heard(turn, broke_ms)) for turn in turns}
    whole = [said.get(position, (Speaker.ASSISTANT.value, "")) for position in range(max(said, default=-1) + 1)]
    last_chunk = TraceChunk.objects.filter(call=call).aggregate(last=Max("position"))["last"]
    standing = call.standing
    in_vain = list(Transfer.objects.filter(call=call, state=TransferState.UNREACHED).order_by("stream_number"))
    return Past(
        stream_number=call.stream_number,
        seconds=round((now - opened_at).total_seconds(), 3),
        speakers=tuple(speaker for speaker, _words in whole),
        words=tuple(words for _speaker, words in whole),
        first_was_heard=bool(standing.get("first_was_heard")),
        was_busy=bool(standing.get("is_busy", True)),
        results=results_of(call),
        settings=call.settings,
        may_record_caller=call.notice_heard is not False,
        is_unreached=any(each.stream_number == call.stream_number - 1 for each in in_vain),
        unreached=tuple(dict.fromkeys(each.name for each in in_vain)),
        next_trace_position=0 if last_chunk is None else last_chunk + 1,
        latencies=call.latencies,
        usage=call.usage,
    )


def _heard(turn: Turn, broke_ms: int) -> str:
    """Returns what was heard of a turn; of the assistant's that was not over, what there was time for."""
    if turn.speaker == Speaker.CALLER or turn.ended_ms is not None or not turn.text:
        return turn.heard_text
    spoken_letters = max(broke_ms - turn.started_ms, 0) / 1000 * LETTERS_PER_S
    return first_share(turn.text, min(spoken_letters / len(turn.text), 1.0))
