"""Everything a call needs to know, read once when its stream opens: the media path never queries the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from businesses.models import Business
from calls.conversation.settings import ConversationSettings, Protection
from calls.instructions import session_instructions
from calls.known import Known
from calls.past import Past
from calls.tools.registry import Offered
from calls.transfer_targets import NOBODY, People, Reach

_SHORTEST_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class CallPlan:
    """One call as its business configured it. `greeting_audio` is µ-law, empty if the model must speak the greeting."""

    call_id: UUID
    business: Business
    settings: ConversationSettings
    instructions: str
    voice: str
    language: str
    server_vad_threshold: float
    greeting_audio: bytes
    transfer_possible: bool
    reach: Reach = NOBODY
    """Whom callers can be put through to by name."""
    tools: tuple[Offered, ...] = ()
    """What the assistant can do for the caller during the call."""
    is_recorded: bool = False
    names: tuple[str, ...] = ()
    """What callers may say that no dictionary knows: the business's name and those of its people."""
    has_notice: bool = False
    """The opening words tell the caller that the call is recorded: nothing of theirs is kept before they were heard."""
    past: Past | None = None
    """The call goes on after its stream broke."""
    opened_ns: int = 0
    """When its stream began to be let in, in nanoseconds since 1970; for spans."""

    @property
    def stream_number(self) -> int:
        """Returns how many streams the call had before."""
        return self.past.stream_number if self.past else 0


def plan_of(
    call_id: UUID,
    business: Business,
    settings: ConversationSettings,
    *,
    greeting_audio: bytes,
    now: datetime,
    names: tuple[str, ...] = (),
    past: Past | None = None,
    known: Known | None = None,
    tools: Sequence[Offered] = (),
    reach: Reach = NOBODY,
) -> CallPlan:
    """Returns the plan of a call of this business, with what its clock shows now and what its assistant knows.

    `reach`: whom callers can be put through to.
    """
    fallback = "" if reach else business.fallback_number  # where people are named, it is for trouble only
    can_transfer = bool(reach.now) or bool(fallback and not business.dial_refusal(fallback))
    return CallPlan(
        call_id=call_id,
        business=business,
        settings=settings,
        instructions=session_instructions(
            business,
            local_time=now.astimezone(ZoneInfo(business.time_zone)),
            known=known,
            can_look_up=any(each.tool.name == "look_up" for each in tools),
            people=People(can_transfer, reach, past.unreached if past else ()),
        ),
        voice=business.voice,
        language=business.language,
        server_vad_threshold=business.server_vad_threshold,
        greeting_audio=greeting_audio,
        transfer_possible=can_transfer,
        reach=reach,
        tools=tuple(tools),
        is_recorded=business.record_calls,
        names=names,
        has_notice=bool(business.notice()) and not (past and past.may_record_caller),
        past=past,
    )


def conversation_settings(
    business: Business, *, greeting_bytes: int, tools: Sequence[Offered] = (), people: Sequence[str] = ()
) -> ConversationSettings:
    """Returns the settings that govern this business's conversations. A call ends with the paid minutes, if sooner."""
    limit_s = business.max_call_minutes * 60.0
    if business.minutes_left is not None:
        limit_s = min(limit_s, max(float(business.minutes_left) * 60, _SHORTEST_LIMIT_S))
    return ConversationSettings(
        greeting_text=business.opening_words(),
        assistant_speaks_first=business.assistant_speaks_first,
        first_utterance_protection=_protection(business),
        barge_in_enabled=business.barge_in_enabled,
        barge_in_voice_frames=business.barge_in_voice_frames,
        barge_in_debounce_ms=business.barge_in_debounce_ms,
        barge_in_grace_ms=business.barge_in_grace_ms,
        echo_gate_min_rms=business.echo_gate_min_rms,
        resume_after_false_barge_in=business.resume_after_false_barge_in,
        backchannels_interrupt=business.backchannels_interrupt,
        asks_after_silence=business.asks_after_silence,
        silence_limit_s=float(business.silence_limit_s),
        language=business.language,
        max_call_s=limit_s,
        tools=tuple(offered.tool.name for offered in tools),
        people=tuple(people),
        greeting_bytes=greeting_bytes,
    )


def _protection(business: Business) -> Protection:
    """Returns what callers can't interrupt. A notice of recording is heard whole, whatever the business has chosen."""
    chosen = Protection(business.first_utterance_protection)
    return Protection.OPENING_ONLY if chosen is Protection.OFF and business.notice() else chosen


def settings_of(kept: dict[str, Any]) -> ConversationSettings:
    """Returns the settings that were stored with a call (`Call.settings`). Older calls had no limit of silence."""
    no_limit = {"silence_limit_s": float("inf")}
    protection = {"first_utterance_protection": Protection(kept["first_utterance_protection"])}
    names = {field: tuple(kept.get(field, ())) for field in ("tools", "people")}  # in JSON they are lists
    return ConversationSettings(**{**no_limit, **kept, **protection, **names})
