"""What is counted of calls, with no label that strangers could fill with values of their own."""

from __future__ import annotations

from typing import Any

import pytest

from businesses.models import Business
from calls import figures
from calls.conversation.commands import Latency, Measure, Play
from calls.conversation.end_reasons import EndReason
from calls.conversation.events import ModelLost, ModelReady, RequestRefused, ResponseEnded, ResponseStatus
from calls.conversation.patience import WAITING_TONE
from calls.line.assistant_audio import AssistantAudio
from calls.models import CallOutcome
from calls.telephone import intake
from calls.tests.conftest import NOW, NUMBER

COUNTED = (figures.calls, figures.ends, figures.given_up, figures.latency, figures.tones, figures.faults)


class Counted:
    """What was counted since it was made."""

    def __init__(self) -> None:
        self._before: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
        self._before = self._all()

    def __call__(self, name: str, **labels: str) -> float:
        key = (f"frontdesk_{name}", tuple(sorted(labels.items())))
        return self._all()[key] - self._before.get(key, 0.0)

    def _all(self) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for collector in COUNTED
            for metric in collector.collect()
            for sample in metric.samples
        }


@pytest.fixture
def counted() -> Counted:
    return Counted()


@pytest.mark.parametrize(
    ("code", "label"),
    [
        ("rate_limit_exceeded", "rate_limit_exceeded"),
        ("closed_1006", "closed_1006"),
        ("http_503", "http_503"),
        ("completed_without_audio", "completed_without_audio"),
        ("http_5031", "other"),
        ("sess_4711", "other"),
        ("", "other"),
    ],
)
def test_a_code_that_is_not_known_is_no_label(code: str, label: str) -> None:
    assert figures.code_label(code) == label


def test_an_end_is_counted_by_outcome_reason_and_cause(counted: Counted) -> None:
    figures.call_ended(EndReason.NO_ANSWER, CallOutcome.FALLBACK, "rate_limit_exceeded")
    figures.call_ended(EndReason.STREAM_BROKE, CallOutcome.FAILED, "closed")
    assert counted("calls_total", outcome="fallback") == counted("calls_total", outcome="failed") == 1
    assert counted("call_ends_total", reason="no_answer") == counted("call_ends_total", reason="stream_broke") == 1
    assert counted("calls_given_up_total", cause="rate_limit_exceeded") == 1


def test_what_openai_refuses_is_counted_by_its_code(counted: Counted) -> None:
    figures.told_by_model(ModelReady(1.0, None))
    figures.told_by_model(ResponseEnded(2.0, "r1", ResponseStatus.COMPLETED))
    figures.told_by_model(ResponseEnded(2.0, "r1", ResponseStatus.FAILED, "server_error"))
    figures.told_by_model(RequestRefused(2.0, "rate_limit_exceeded"))
    figures.told_by_model(ModelLost(3.0, "unknown to us"))
    assert counted("openai_faults_total", kind="response", code="server_error") == 1
    assert counted("openai_faults_total", kind="request", code="rate_limit_exceeded") == 1
    assert counted("openai_faults_total", kind="session", code="other") == 1


def test_latencies_are_seconds(counted: Counted) -> None:
    figures.measured(Measure(Latency.FELT, 2_400))
    assert counted("call_latency_seconds_sum", what="felt") == pytest.approx(2.4)
    assert counted("call_latency_seconds_bucket", what="felt", le="2.0") == 0
    assert counted("call_latency_seconds_bucket", what="felt", le="3.0") == 1


def test_a_tone_is_counted_once_though_it_is_played_in_pieces(counted: Counted) -> None:
    audio = AssistantAudio(bytes(100))
    for start, end in ((0, 800), (800, 1600)):
        audio.piece(Play(f"{WAITING_TONE}-1", start, end, mark="m"))
    audio.piece(Play("greeting", 0, 100, mark="m"))
    assert counted("waiting_tones_total") == 1


def test_a_call_that_is_not_taken_is_counted_once(business: Business, counted: Counted, settings: Any) -> None:
    Business.objects.filter(pk=business.pk).update(is_active=False)
    for _ in range(2):
        intake.take_in(call_sid="CA1", called_number=NUMBER, caller_number="+972500000000", now=NOW)
    assert counted("calls_total", outcome="refused") == 1
    assert counted("call_ends_total", reason="not_in_service") == 1
