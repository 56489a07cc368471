"""Calls, their turns, traces for replays, and blocked callers."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import ClassVar

from django.conf import settings as django_settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from businesses.models import Business
from businesses.tenancy import BusinessManager

BROWSER = "browser"
"""In the place of the caller's number: a member of the business tries the assistant on its page."""


class CallStatus(models.TextChoices):
    """The state of a call. It only moves down this list, but for a call that goes on after its stream broke."""

    RINGING = "ringing", _("Ringing")
    LIVE = "live", _("Live")
    ENDED = "ended", _("Ended")


class CallOutcome(models.TextChoices):
    """How a call ended, as its owner reads it."""

    COMPLETED = "completed", _("Completed")
    ABANDONED = "abandoned", _("Ended before the caller spoke")
    TRANSFERRED = "transferred", _("Handed to a person")
    FALLBACK = "fallback", _("Assistant unavailable, caller sent to the fallback")
    REFUSED = "refused", _("Not taken")
    FAILED = "failed", _("Cut off")


class NextStep(models.TextChoices):
    """What Twilio is told when the media stream has ended."""

    HANG_UP = "hang_up", _("Hang up")
    TRANSFER = "transfer", _("Ring the fallback number")
    APOLOGIZE = "apologize", _("Say that the assistant is unavailable, then ring the fallback number if there is one")


class Sentiment(models.TextChoices):
    """How the caller felt when the call ended, as far as the words tell. The codes are sent to other systems."""

    CONTENT = "content", _("Satisfied")
    NEUTRAL = "neutral", _("Neutral")
    UNHAPPY = "unhappy", _("Unhappy")
    UNKNOWN = "unknown", _("Unknown")


class SummarySource(models.TextChoices):
    """Where a summary comes from: a model wrote it, or it is the beginning of what the caller said."""

    MODEL = "model"
    EXTRACT = "extract"


class Call(models.Model):
    """One phone call."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, related_name="calls")
    twilio_call_sid = models.CharField(max_length=64, unique=True)
    stream_sid = models.CharField(max_length=64, blank=True)
    called_number = models.CharField(_("called number"), max_length=16)
    caller_number = models.CharField(_("caller"), max_length=32, blank=True)
    is_outgoing = models.BooleanField(
        _("outgoing"), default=False, db_default=False,
        help_text="we have called: `caller_number` is still the person's number, and `called_number` still ours",
    )  # fmt: skip
    status = models.CharField(_("status"), max_length=10, choices=CallStatus.choices, default=CallStatus.RINGING)
    outcome = models.CharField(_("outcome"), max_length=20, choices=CallOutcome.choices, blank=True)
    end_reason = models.CharField(
        _("why it ended"), max_length=30, blank=True, default="", db_default="", db_column="end_code",
        help_text="`EndReason` of calls/conversation/end_reasons.py",
    )  # fmt: skip
    end_detail = models.JSONField(
        default=dict, db_default={}, blank=True, help_text="`cause`: a code; `text`: what an older version wrote"
    )
    # The column of version 0.1, which wrote sentences. Read where a row has no code; removed in the next release.
    old_end_reason = models.CharField(max_length=300, blank=True, default="", editable=False, db_column="end_reason")
    next_step = models.CharField(max_length=20, choices=NextStep.choices, blank=True)
    stream_number = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="how many media streams of it broke; only the newest one's process writes"
    )
    standing = models.JSONField(
        default=dict, db_default={}, help_text="`KeepStanding`: what another process needs, besides the turns, to go on"
    )
    stream_token_hash = models.CharField(max_length=64, blank=True)
    stream_token_expires_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(_("started"))
    stream_opened_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    alive_at = models.DateTimeField(
        null=True, help_text="when the process that holds the stream last wrote; long ago: it died"
    )
    stream_error = models.CharField(_("media stream error"), max_length=300, blank=True)
    fallback_result = models.CharField(
        _("fallback number"), max_length=20, blank=True, help_text="Twilio's DialCallStatus, when it was rung"
    )
    user_has_spoken = models.BooleanField(_("caller has spoken"), default=False)
    minutes_charged = models.DecimalField(_("minutes charged"), max_digits=8, decimal_places=2, default=Decimal(0))
    transfer_number = models.CharField(
        _("put through to"), max_length=16, blank=True, default="", db_default="", help_text="where an operator sent it"
    )
    placed_by = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("tried by")
    )
    steered_by = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("ended by")
    )
    steered_at = models.DateTimeField(_("ended by a person at"), null=True)
    dialled_at = models.DateTimeField(_("put through at"), null=True)
    dialling_until = models.DateTimeField(
        null=True, help_text="while a dialled leg lasts: when it must have ended; until then it takes a line"
    )
    dialled_minutes = models.DecimalField(
        _("dialled minutes"), max_digits=8, decimal_places=2, default=Decimal(0), db_default=Decimal(0)
    )
    dial_refusal = models.CharField(
        _("not put through"), max_length=20, blank=True, default="", db_default="",
        help_text="`DialRefusal` of businesses/dialling.py",
    )  # fmt: skip
    cost_counted = models.DecimalField(max_digits=12, decimal_places=5, default=Decimal(0), db_default=Decimal(0))
    model = models.CharField(max_length=60, blank=True, default="", db_default="")
    is_recorded = models.BooleanField(_("recorded"), default=False, db_default=False, help_text="there is a recording")
    was_recorded = models.BooleanField(
        default=False, db_default=False, help_text="there was one, whether it is still kept or not"
    )
    notice_heard = models.BooleanField(
        _("heard that it is recorded"),
        null=True,
        help_text="empty: there was no notice",
    )
    came_while_closed = models.BooleanField(
        _("outside opening hours"), default=False, db_default=False, help_text="as the hours said when it was taken"
    )
    summary = models.TextField(_("summary"), blank=True, default="", db_default="")
    summary_source = models.CharField(max_length=10, blank=True, default="", db_default="", help_text="`SummarySource`")
    wishes = models.TextField(
        _("wishes"),
        blank=True,
        default="",
        db_default="",
        help_text="what the caller wanted, each on a line of its own",
    )
    follow_ups = models.JSONField(
        _("follow-ups"), default=list, db_default=[], blank=True, help_text="`FollowUp` of calls/records/gist.py, each"
    )
    sentiment = models.CharField(
        _("caller's mood"), max_length=10, choices=Sentiment.choices,
        default=Sentiment.UNKNOWN, db_default=Sentiment.UNKNOWN.value,
    )  # fmt: skip
    summary_due_at = models.DateTimeField(null=True, help_text="when a summary is tried (again); empty: no need")
    summary_attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    settings = models.JSONField(default=dict)
    usage = models.JSONField(default=dict)
    latencies = models.JSONField(default=dict)
    certificate = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        help_text="`Certificate` of calls/records/certificates.py: its greeting's",
    )
    measured = models.JSONField(null=True, help_text="`Measured` of calls/records/measuring.py, as its week counts it")
    is_to_measure = models.BooleanField(
        default=True, db_default=True, help_text="it has ended, or ended otherwise, since it was measured"
    )

    objects = BusinessManager()

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        ordering: ClassVar[list[str]] = ["-started_at"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["business", "-started_at"], name="call_by_business_and_time"),
            models.Index(fields=["business", "caller_number", "-started_at"], name="call_by_caller"),
            models.Index(
                fields=["business", "status"], name="call_live_by_business", condition=~models.Q(status="ended")
            ),
            models.Index(
                fields=["business", "dialling_until"],
                name="call_dialled_leg",
                condition=models.Q(dialling_until__isnull=False),
            ),
            models.Index(
                fields=["summary_due_at"], name="call_summary_due", condition=models.Q(summary_due_at__isnull=False)
            ),
            models.Index(fields=["ended_at"], name="call_by_end"),
            models.Index(fields=["ended_at"], name="call_to_measure", condition=models.Q(is_to_measure=True)),
        ]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M} {self.caller_number}"


class BlockedCaller(models.Model):
    """A caller who is never answered."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, models.CASCADE, verbose_name=_("business"), related_name="blocked_callers")
    number = models.CharField(_("phone number"), max_length=16)
    blocked_by = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("blocked by")
    )
    blocked_at = models.DateTimeField(_("blocked"))

    objects = BusinessManager()

    class Meta:
        verbose_name = _("blocked caller")
        verbose_name_plural = _("blocked callers")
        ordering: ClassVar[list[str]] = ["-blocked_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["business", "number"], name="one_block_per_caller")
        ]

    def __str__(self) -> str:
        return self.number


class Speaker(models.TextChoices):
    """Who said a turn."""

    CALLER = "caller", _("Caller")
    ASSISTANT = "assistant", _("Assistant")


class Turn(models.Model):
    """One utterance. `heard_text` is what the caller really heard of `text`, when the two differ."""

    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    call = models.ForeignKey(Call, models.CASCADE, related_name="turns")
    position = models.PositiveIntegerField()
    speaker = models.CharField(max_length=10, choices=Speaker.choices)
    is_greeting = models.BooleanField(default=False)
    text = models.TextField(blank=True)
    heard_text = models.TextField(blank=True)
    started_ms = models.PositiveIntegerField(help_text="from the start of the stream")
    ended_ms = models.PositiveIntegerField(null=True)
    interrupted_ms = models.PositiveIntegerField(null=True, help_text="when the caller cut it off")

    objects = BusinessManager()

    class Meta:
        ordering: ClassVar[list[str]] = ["position"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["call", "position"], name="one_turn_per_position")
        ]

    def __str__(self) -> str:
        return f"{self.get_speaker_display()} at {self.started_ms} ms"


class TraceChunk(models.Model):
    """A stretch of a call's trace: events with their times, compressed by `calls/records/traces.py`."""

    business = models.ForeignKey(Business, models.CASCADE, related_name="+")
    call = models.ForeignKey(Call, models.CASCADE, related_name="trace_chunks")
    position = models.PositiveIntegerField()
    data = models.BinaryField()

    objects = BusinessManager()

    class Meta:
        ordering: ClassVar[list[str]] = ["position"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["call", "position"], name="one_trace_chunk_per_position")
        ]

    def __str__(self) -> str:
        return f"chunk {self.position} of call {self.call_id}"
