"""What becomes of the rows of this app's models: rules, days, and how the person of a call is found."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from businesses.keeping import table
from businesses.keeping.deleting import delete_some
from businesses.keeping.kinds import Kind
from businesses.keeping.person import Person
from businesses.keeping.table import Because, Rule
from businesses.models import Business
from calls.keeping import called, told, voicemails
from calls.keeping.callers import FINISHED, HOLDINGS, UNSAID, WAITS
from calls.models import (
    OPEN_STATES,
    AfterCalls,
    BlockedCaller,
    Call,
    CallStatus,
    CallTimeline,
    Dictation,
    GreetingAudio,
    News,
    NewsChoice,
    OutgoingCall,
    OutgoingChoices,
    Rescue,
    Task,
    ToolRun,
    ToolSwitch,
    TraceChunk,
    Transfer,
    TransferTarget,
    Tuning,
    TuningCall,
    Turn,
    Voicemail,
    VoicemailChoices,
    WeekOfCalls,
    WhatsappNews,
    WhatsappNewsChoice,
)

RULES = (
    Rule(
        Call,
        kept=Kind.CALLERS,
        erased=True,
        leaves=frozenset({"twilio_call_sid", "stream_sid", "called_number", "end_reason", "stream_token_hash", "model"})
        | {"fallback_result", "dial_refusal"},
    ),
    Rule(Turn, kept=Kind.TRANSCRIPTS, erased=True),
    Rule(
        ToolRun,
        kept=Kind.TRANSCRIPTS,
        erased=True,
        leaves=frozenset({"tool", "tool_call_id", "fingerprint", "code"}),
    ),
    Rule(ToolSwitch, because=Because.COUNTS),
    Rule(TraceChunk, kept=Kind.TRACES, erased=True),
    Rule(Transfer, kept=Kind.TRANSCRIPTS, erased=True),
    Rule(TransferTarget, because=Because.MEMBERS),
    Rule(CallTimeline, kept=Kind.TRACES, erased=True),
    Rule(BlockedCaller, erased=True),
    Rule(AfterCalls, because=Because.NO_PERSON),
    Rule(NewsChoice, because=Because.MEMBERS),
    Rule(News, kept=Kind.CALLERS, because=Because.NO_PERSON),
    Rule(WhatsappNewsChoice, because=Because.MEMBERS),
    Rule(WhatsappNews, kept=Kind.TRANSCRIPTS, erased=True),
    Rule(Rescue, kept=Kind.CALLERS, erased=True),
    Rule(OutgoingCall, kept=Kind.CALLERS, erased=True),
    Rule(OutgoingChoices, because=Because.NO_PERSON),
    Rule(Task, kept=Kind.TRANSCRIPTS, erased=True),
    Rule(
        Voicemail,
        kept=Kind.TRANSCRIPTS,
        erased=True,
        leaves=frozenset({"state", "recording_sid", "problem", "transcript_state"}),
    ),
    Rule(VoicemailChoices, because=Because.COUNTS),
    Rule(GreetingAudio, because=Because.COUNTS),
    Rule(Dictation, because=Because.MEMBERS),
    Rule(Tuning, because=Because.COUNTS),
    Rule(TuningCall, because=Because.COUNTS),
    Rule(WeekOfCalls, because=Because.COUNTS),
)


def _ended(business: Business, before: datetime) -> Q:
    return Q(business=business, status=CallStatus.ENDED, started_at__lt=before)


def remove_recordings(business: Business, *, before: datetime, most: int, **_now: object) -> int:
    """Remove recordings of old calls."""
    from calls.records import recording  # noqa: PLC0415 - it loads numpy, and every process loads these rules

    old = Call.objects.filter(_ended(business, before), is_recorded=True).order_by("started_at")
    return recording.remove(business, list(old.values_list("pk", flat=True)[:most]))


def remove_turns(business: Business, *, before: datetime, most: int, **_now: object) -> int:
    """Remove what was said in old calls."""
    calls = Call.objects.filter(_ended(business, before))
    old = Turn.objects.filter(business=business, call__in=calls).values_list("pk", flat=True)
    return Turn.objects.filter(pk__in=list(old[:most])).delete()[0]


def remove_transfers(business: Business, *, before: datetime, most: int, **_now: object) -> int:
    """Remove to whom callers of old calls were put through, and why."""
    calls = Call.objects.filter(_ended(business, before))
    old = Transfer.objects.filter(business=business, call__in=calls).values_list("pk", flat=True)
    return Transfer.objects.filter(pk__in=list(old[:most])).delete()[0]


def remove_tool_runs(business: Business, *, before: datetime, most: int, **_now: object) -> int:
    """Remove what the assistant's tools were asked in old calls. What they made is kept by its own rules."""
    calls = Call.objects.filter(_ended(business, before))
    old = ToolRun.objects.filter(business=business, call__in=calls).values_list("pk", flat=True)
    return ToolRun.objects.filter(pk__in=list(old[:most])).delete()[0]


def remove_summaries(business: Business, *, before: datetime, most: int, **_now: object) -> int:
    """Remove what old calls were about, and write none of it any more."""
    old = Call.objects.filter(_ended(business, before)).filter(
        ~Q(summary="") | ~Q(wishes="") | Q(summary_due_at__isnull=False)
    )
    keys = list(old.values_list("pk", flat=True)[:most])
    return Call.objects.filter(pk__in=keys).update(**UNSAID, summary_attempts=FINISHED)


def remove_tasks(business: Business, *, before: datetime, most: int, **_now: object) -> int:
    """Remove old tasks, as they hold what callers said."""
    old = Task.objects.filter(business=business, created_at__lt=before).order_by("created_at")
    return delete_some(old, most)


def remove_rescues(business: Business, *, before: datetime, most: int, **_now: object) -> int:
    """Remove what was decided about old missed calls."""
    old = Rescue.objects.filter(business=business, at__lt=before).order_by("at")
    return delete_some(old, most)


def remove_outgoing(business: Business, *, before: datetime, most: int, **_now: object) -> int:
    """Remove old outgoing calls that are over: who was called, and about what."""
    old = OutgoingCall.objects.filter(business=business, asked_at__lt=before).exclude(state__in=OPEN_STATES)
    return delete_some(old, most)


def remove_news(business: Business, *, before: datetime, most: int, **_now: object) -> int:
    """Remove the rows of old mails about calls."""
    old = News.objects.filter(business=business, created_at__lt=before).order_by("created_at")
    return delete_some(old, most)


def remove_traces(business: Business, *, before: datetime, most: int, **_now: object) -> int:
    """Remove the traces of old calls, and what was drawn of them: fewer at a time, since a piece may have 100 kB."""
    calls = Call.objects.filter(_ended(business, before), pk=OuterRef("call"))
    old = TraceChunk.objects.filter(Exists(calls), business=business).values_list("pk", flat=True)
    removed = TraceChunk.objects.filter(pk__in=list(old[: max(most // 10, 1)])).delete()[0]
    return removed or _remove_timelines(business, before=before, most=most)


def _remove_timelines(business: Business, *, before: datetime, most: int) -> int:
    calls = Call.objects.filter(_ended(business, before), pk=OuterRef("call"))
    old = CallTimeline.objects.filter(Exists(calls), business=business).values_list("pk", flat=True)
    return CallTimeline.objects.filter(pk__in=list(old[: max(most // 10, 1)])).delete()[0]


def remove_numbers(business: Business, *, before: datetime, most: int, **_now: object) -> int:
    """Remove who called from old calls; what was said is kept by its own days."""
    named = ~Q(caller_number="") | ~Q(transfer_number="")
    keys = list(Call.objects.filter(_ended(business, before)).filter(named).values_list("pk", flat=True)[:most])
    return Call.objects.filter(pk__in=keys).update(caller_number="", transfer_number="")


def caller_of(business: Business, call_id: UUID) -> Person | None:
    """Returns who called: by the number, or, if that was withheld, as the caller of this one call."""
    call = Call.objects.filter(business=business, pk=call_id).first()
    if call is None:
        return None
    if call.caller_number.startswith("+"):
        return Person(business, frozenset({call.caller_number}))
    return Person(business, frozenset(), call.pk)


def register() -> None:
    """Register rules, holdings and days."""
    table.register(
        rules=RULES,
        holdings=(*called.HOLDINGS, voicemails.HOLDING, told.HOLDING, *HOLDINGS),
        removers=(
            (Kind.RECORDINGS, remove_recordings),
            (Kind.TRANSCRIPTS, remove_turns),
            (Kind.TRANSCRIPTS, remove_transfers),
            (Kind.TRANSCRIPTS, remove_tool_runs),
            (Kind.TRANSCRIPTS, remove_summaries),
            (Kind.TRANSCRIPTS, remove_tasks),
            (Kind.TRANSCRIPTS, told.remove),
            (Kind.RECORDINGS, voicemails.remove_sounds),
            (Kind.TRANSCRIPTS, voicemails.remove_words),
            (Kind.TRACES, remove_traces),
            (Kind.CALLERS, remove_numbers),
            (Kind.CALLERS, remove_rescues),
            (Kind.CALLERS, remove_outgoing),
            (Kind.CALLERS, remove_news),
        ),
        finders={"call": caller_of},
        waits=WAITS,
    )
