"""What this process counts of its calls, for `/metrics`. A call pays a few microseconds for it, a frame nothing.

No label has a value that strangers choose: ids and numbers never, and a code of OpenAI's only if it is known here.
"""

from __future__ import annotations

import re
from typing import Final

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

from calls.conversation.commands import Latency, Measure
from calls.conversation.end_reasons import EndReason
from calls.conversation.events import Event, ModelLost, RequestRefused, ResponseEnded, ResponseStatus
from calls.errors import StreamRefusal
from calls.models import CallOutcome

disable_created_metrics()  # type: ignore[no-untyped-call]

SECONDS: Final = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)

calls = Counter("frontdesk_calls", "Calls that this process ended or did not take", ["outcome"])
ends = Counter("frontdesk_call_ends", "The same by the reason", ["reason"])
given_up = Counter("frontdesk_calls_given_up", "Calls without an answer of the model to the end", ["cause"])
from_memory = Counter("frontdesk_calls_from_memory", "Webhooks of callers that were answered without the database")
latency = Histogram("frontdesk_call_latency_seconds", "What callers waited for", ["what"], buckets=SECONDS)
tones = Counter("frontdesk_waiting_tones", "Tones for callers who had heard nothing for two seconds")
sessions = Counter("frontdesk_openai_sessions", "Connections to OpenAI that were begun")
faults = Counter("frontdesk_openai_faults", "What OpenAI refused, failed or broke off", ["kind", "code"])
streams_refused = Counter("frontdesk_streams_refused", "Media streams that were not let in", ["why"])
records_waiting = Gauge("frontdesk_records_waiting", "Writes of call records that wait or are under way")
records_lost = Counter("frontdesk_records_lost", "Pieces of recordings, records and ends of calls that were dropped")

OTHER: Final = "other"
KNOWN: Final = frozenset(
    # OpenAI's
    "account_deactivated billing_hard_limit_reached content_filter conversation_already_has_active_response"
    " inference_rate_limit_exceeded insufficient_quota invalid_api_key invalid_request_error invalid_value"
    " max_output_tokens model_not_found rate_limit_exceeded response_cancel_not_active server_error session_expired"
    # ours: what a session or an answer lacked
    " completed_without_audio failed_without_audio incomplete_without_audio no_pong only_functions slow stalled timeout"
    " unheard unreachable wrong_audio_format".split()
)
_NUMBERED: Final = re.compile(r"closed_1\d{3}|http_[345]\d\d")


# Named from the start: Prometheus sees no growth of a series that begins with its first count.
for _outcome in CallOutcome.values:
    calls.labels(_outcome)
for _reason in EndReason:
    ends.labels(_reason.value)
for _what in Latency:
    latency.labels(_what.value)
for _why in StreamRefusal:
    streams_refused.labels(_why.value)
for _code in (*KNOWN, "http_401", "http_403", OTHER):
    given_up.labels(_code)
    for _kind in ("request", "response", "session"):
        faults.labels(_kind, _code)


def code_label(code: str) -> str:
    """Returns the code if it is one of those that are known, and `other` for what may be anything."""
    return code if code in KNOWN or _NUMBERED.fullmatch(code) else OTHER


def call_ended(reason: EndReason, outcome: CallOutcome, cause: str = "") -> None:
    """Count the end of a call, or one that was not taken."""
    calls.labels(outcome.value).inc()
    ends.labels(reason.value).inc()
    if reason in (EndReason.NO_ANSWER, EndReason.MODEL_UNAVAILABLE):
        given_up.labels(code_label(cause)).inc()


def measured(measure: Measure) -> None:
    """Count a latency of a call."""
    latency.labels(measure.what.value).observe(measure.milliseconds / 1000)


def told_by_model(event: Event) -> None:
    """Count what OpenAI refused or failed; any other event is none of that."""
    match event:
        case ResponseEnded(status=ResponseStatus.FAILED | ResponseStatus.INCOMPLETE, reason=code):
            faults.labels("response", code_label(code)).inc()
        case RequestRefused(code=code):
            faults.labels("request", code_label(code)).inc()
        case ModelLost(reason=code):
            faults.labels("session", code_label(code)).inc()
