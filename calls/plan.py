"""Everything a call needs to know, read once when its stream opens. The media path asks no database after that."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from businesses.models import Business
from businesses.tenancy import acting_for
from calls.conversation.settings import ConversationSettings, Protection
from calls.errors import StreamRefused
from calls.greetings import recordings
from calls.instructions import session_instructions
from calls.models import Call, CallStatus
from calls.telephone import stream_tokens

_SHORTEST_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class CallPlan:
    """One call as its business wants it. `greeting_audio` is µ-law, empty when the model must speak the greeting."""

    call_id: UUID
    business: Business
    settings: ConversationSettings
    instructions: str
    voice: str
    language: str
    server_vad_threshold: float
    greeting_audio: bytes
    transfer_possible: bool
    is_recorded: bool = False


def open_stream(*, token: str, call_sid: str, stream_sid: str, now: datetime) -> CallPlan:
    """Claim a call's stream and read its plan; the call is live afterwards.

    Raises:
        StreamRefused: the token is wrong, used or expired, or belongs to another call or business.
    """
    business = Business.objects.filter(pk=stream_tokens.business_of(token)).first()
    if business is None:
        raise StreamRefused("the token names no business")
    with acting_for(business):
        greeting_audio = recordings.current_audio(business, now=now)
        plan_settings = conversation_settings(business, greeting_bytes=len(greeting_audio))
        claimed = stream_tokens.claimable(
            token, call_sid, now=now
        ).update(
            status=CallStatus.LIVE,
            stream_token_hash="",  # used up
            stream_sid=stream_sid,
            stream_opened_at=now,
            alive_at=now,
            settings=asdict(plan_settings),
            # The stand-in costs nothing, so the price list must not know it.
            model=settings.OPENAI_REALTIME_MODEL[:60] if settings.OPENAI_API_KEY else "",
        )
        if not claimed:
            raise StreamRefused(stream_tokens.why_not(token, call_sid, now=now))
        call_id = Call.objects.values_list("pk", flat=True).get(twilio_call_sid=call_sid)
    return CallPlan(
        call_id=call_id,
        business=business,
        settings=plan_settings,
        instructions=session_instructions(business, local_time=now.astimezone(ZoneInfo(business.time_zone))),
        voice=business.voice,
        language=business.language,
        server_vad_threshold=business.server_vad_threshold,
        greeting_audio=greeting_audio,
        transfer_possible=bool(business.fallback_number),
        is_recorded=business.record_calls,
    )


def conversation_settings(business: Business, *, greeting_bytes: int) -> ConversationSettings:
    """The settings that rule this business's conversations. A call ends with the paid minutes, if they are fewer."""
    limit_s = business.max_call_minutes * 60.0
    if business.minutes_left is not None:
        limit_s = min(limit_s, max(float(business.minutes_left) * 60, _SHORTEST_LIMIT_S))
    return ConversationSettings(
        greeting_text=business.greeting_text.strip(),
        assistant_speaks_first=business.assistant_speaks_first,
        first_utterance_protection=Protection(business.first_utterance_protection),
        barge_in_enabled=business.barge_in_enabled,
        barge_in_voice_frames=business.barge_in_voice_frames,
        barge_in_debounce_ms=business.barge_in_debounce_ms,
        barge_in_grace_ms=business.barge_in_grace_ms,
        echo_gate_min_rms=business.echo_gate_min_rms,
        resume_after_false_barge_in=business.resume_after_false_barge_in,
        backchannels_interrupt=business.backchannels_interrupt,
        language=business.language,
        max_call_s=limit_s,
        greeting_bytes=greeting_bytes,
    )


def settings_of(kept: dict[str, Any]) -> ConversationSettings:
    """The settings that a call's record keeps (`Call.settings`)."""
    return ConversationSettings(
        **{**kept, "first_utterance_protection": Protection(kept["first_utterance_protection"])}
    )
