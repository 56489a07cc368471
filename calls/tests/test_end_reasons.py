"""Why calls end: codes in the records, words on the pages, and what version 0.1 wrote as sentences."""

from __future__ import annotations

import ast
import importlib
import json
import zlib
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.utils import translation

import calls
from businesses.models import Business
from businesses.tenancy import acting_for
from calls.conversation.commands import EndCall, NextStep
from calls.conversation.end_reasons import EndReason, StreamFault
from calls.errors import SpeechFault
from calls.models import Call, GreetingAudio
from calls.openai_errors import Meaning
from calls.pages import words
from calls.records import old_sentences
from calls.records.endings import Ending
from calls.records.finishing import end_by_its_process
from calls.records.traces import Decided, decode
from calls.tests.conftest import NOW, make_business, make_live_call

CAUSES = ["", *StreamFault, "timeout", "closed_1006", "insufficient_quota", "http_401", "http_429", "http_503", "odd"]
HEBREW = frozenset("אבגדהוזחטיכלמנסעפצקרשת")
migration = importlib.import_module("calls.migrations.0006_read_old_sentences")


def shown(language: str, **values: Any) -> str:
    with translation.override(language):
        return words.end_reason(Call(**values))


@pytest.mark.once
@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("reason", EndReason)
def test_every_reason_has_words_in_both_languages_with_whatever_lay_behind_it(reason: EndReason, cause: str) -> None:
    detail = {"cause": cause} if cause else {}
    english, hebrew = (shown(language, end_reason=reason, end_detail=detail) for language in ("en", "he"))
    assert english.endswith(".")
    assert not HEBREW & set(english)
    assert HEBREW & set(hebrew)
    assert english.count(".") == hebrew.count("."), "the detail is told in both languages"


@pytest.mark.once
@pytest.mark.parametrize("fault", SpeechFault)
@pytest.mark.parametrize("meaning", Meaning)
def test_every_failure_of_a_greeting_has_words_in_both_languages(fault: SpeechFault, meaning: Meaning) -> None:
    detail = {"seconds": 1.5, "limit": 2.5, "status": 401, "meaning": meaning, "said": ""}
    greeting = GreetingAudio(failure=fault, failure_detail=detail)
    with translation.override("en"):
        english = words.speech_failure(greeting)
    with translation.override("he"):
        hebrew = words.speech_failure(greeting)
    assert not HEBREW & set(english)
    assert HEBREW & set(hebrew)
    if fault in (SpeechFault.TOO_SHORT, SpeechFault.TOO_LONG):
        assert {"1.5", "2.5"} <= {word.strip(".,") for word in hebrew.split()}


def test_what_openai_said_stands_apart_from_our_words() -> None:
    detail = {"status": 401, "meaning": "no_access", "said": "Incorrect <API> key provided"}
    greeting = GreetingAudio(failure="refused", failure_detail=detail)
    assert words.speech_failure(greeting) == (
        "The speech service refused to record it. OpenAI does not accept the API key. "
        '<bdi lang="en">Incorrect &lt;API&gt; key provided</bdi>'
    )


def test_the_cause_is_told_where_it_helps() -> None:
    unpaid = {"end_reason": EndReason.MODEL_UNAVAILABLE, "end_detail": {"cause": "insufficient_quota"}}
    assert shown("en", **unpaid) == "The AI service was not available. The OpenAI account has no credit left."
    slow = {"end_reason": EndReason.STREAM_BROKE, "end_detail": {"cause": "slow"}}
    assert shown("en", **slow) == (
        "The connection to the phone network broke. It was too slow to take the assistant's voice."
    )


# The writers ---------------------------------------------------------------------------------------------------
def sources() -> dict[Path, ast.Module]:
    """The product's own modules of calls."""
    here = Path(calls.__file__).parent
    left_out = {"tests", "migrations", "sandbox"}
    files = [path for path in here.rglob("*.py") if not left_out & set(path.relative_to(here).parts)]
    return {path.relative_to(here): ast.parse(path.read_text("utf-8")) for path in files}


@pytest.mark.once
def test_every_reason_is_written_somewhere() -> None:
    readers = {Path("pages/words.py"), Path("records/old_sentences.py"), Path("conversation/end_reasons.py")}
    written = {
        node.attr
        for path, tree in sources().items()
        if path not in readers
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "EndReason"
    }
    assert written == set(EndReason.__members__)


@pytest.mark.once
def test_no_writer_stores_a_sentence() -> None:
    """Whoever builds an end, a refusal or a failure names a member of its enum, or passes one on."""
    stored = {"EndCall", "Ending", "end_if_open", "_close", "_end", "SpeechFailed"}
    for path, tree in sources().items():
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            given = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg != "cause")]
            sentences = [each for each in given if isinstance(each, ast.JoinedStr) or _is_sentence(each)]
            assert name not in stored or not sentences, f"{path}:{call.lineno}"


def _is_sentence(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value


@pytest.mark.once
def test_only_one_module_knows_the_old_sentences() -> None:
    old = set(old_sentences._END_REASONS)
    for path, tree in sources().items():
        texts = {
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        assert path == Path("records/old_sentences.py") or not texts & old, path


# Old rows and old traces -----------------------------------------------------------------------------------------
OLD_ENDS = [
    ("the caller hung up", EndReason.CALLER_LEFT, {}),
    ("the caller hung up before the assistant answered", EndReason.LEFT_EARLY, {}),
    ("the assistant asked for transfer_call", EndReason.ASSISTANT_TRANSFERRED, {}),
    ("the media stream broke: its socket closed (1006)", EndReason.STREAM_BROKE, {}),
    ("OpenAI: session refused: insufficient_quota", EndReason.MODEL_UNAVAILABLE, {"cause": "insufficient_quota"}),
    ("OpenAI: refused with HTTP 401", EndReason.MODEL_UNAVAILABLE, {"cause": "http_401"}),
    ("OpenAI: connection closed (1011)", EndReason.MODEL_UNAVAILABLE, {"cause": "closed_1011"}),
    ("OpenAI: no answer in time", EndReason.MODEL_UNAVAILABLE, {"cause": "timeout"}),
    ("OpenAI: something odd", EndReason.MODEL_UNAVAILABLE, {"text": "something odd"}),
    ("all lines were busy", EndReason.ALL_BUSY, {}),
    ("what nobody has written", EndReason.OTHER, {"text": "what nobody has written"}),
]
OLD_FAILURES = [
    ("the speech service did not answer within 45 seconds", SpeechFault.TIMEOUT, {}),
    ("the speech service could not be reached: Connection error.", SpeechFault.UNREACHABLE, {}),
    ("the speech service refused with 401: no", SpeechFault.REFUSED, {"status": 401, "said": "no"}),
    (
        "the audio lasts 0.3 s, too short for these words (at least 2.1 s)",
        SpeechFault.TOO_SHORT,
        {"seconds": 0.3, "limit": 2.1},
    ),
    ("it speaks no Hebrew", SpeechFault.OTHER, {"text": "it speaks no Hebrew"}),
]


@pytest.fixture
def business(db: None) -> Business:
    return make_business()


def test_the_sentences_of_old_rows_become_codes(business: Business) -> None:
    with acting_for(business):
        for number, (sentence, _reason, _detail) in enumerate(OLD_ENDS):
            make_live_call(business, twilio_call_sid=f"CA{number}", old_end_reason=sentence)
        make_live_call(business, twilio_call_sid="CAnew", old_end_reason="ignored", end_reason=EndReason.TIME_LIMIT)
        make_live_call(business, twilio_call_sid="CAlive")
        for number in range(2):  # the second time nothing is left to read
            migration.read_end_reasons(apps, None)
            read = [
                (call.end_reason, call.end_detail)
                for call in Call.objects.exclude(twilio_call_sid__in=["CAnew", "CAlive"]).order_by("twilio_call_sid")
            ]
            expected = sorted(enumerate(OLD_ENDS), key=lambda each: f"CA{each[0]}")
            assert read == [(reason, detail) for _, (_, reason, detail) in expected], number
        assert Call.objects.get(twilio_call_sid="CAnew").end_reason == EndReason.TIME_LIMIT
        assert Call.objects.get(twilio_call_sid="CAlive").end_reason == ""


def test_the_failures_of_old_greetings_become_codes(business: Business) -> None:
    with acting_for(business):
        for number, (sentence, _fault, _detail) in enumerate(OLD_FAILURES):
            GreetingAudio.objects.create(
                business=business, content_hash=str(number), text="Hello", voice="cedar", language="en", error=sentence
            )
        migration.read_speech_faults(apps, None)
        read = [(row.failure, row.failure_detail) for row in GreetingAudio.objects.order_by("content_hash")]
    assert read == [(fault, detail) for _, fault, detail in OLD_FAILURES]


def test_a_row_that_the_old_version_writes_meanwhile_is_read_too() -> None:
    assert shown("en", old_end_reason="all lines were busy") == "All lines were busy."
    assert shown("en", old_end_reason="what nobody has written") == '<bdi lang="en">what nobody has written</bdi>'
    assert shown("en", old_end_reason="OpenAI: something odd") == (
        'The AI service was not available. <bdi lang="en">something odd</bdi>'
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (["the caller hung up", "hang_up"], EndCall(EndReason.CALLER_LEFT, NextStep.HANG_UP)),
        (
            ["OpenAI: refused with HTTP 401", "apologize", True],
            EndCall(EndReason.MODEL_UNAVAILABLE, NextStep.APOLOGIZE, failed=True, cause="refused with HTTP 401"),
        ),
        (
            ["model_unavailable", "apologize", True, "http_401"],
            EndCall(EndReason.MODEL_UNAVAILABLE, NextStep.APOLOGIZE, failed=True, cause="http_401"),
        ),
    ],
)
def test_an_old_trace_reads_back(old: list[Any], new: EndCall) -> None:
    lines = [json.dumps({"format": 1}), json.dumps(["EndCall", 1500, *old])]
    assert list(decode(zlib.compress("\n".join(lines).encode()))) == [Decided(1.5, new)]


def test_an_end_is_stored_with_what_lay_behind_it(business: Business) -> None:

    call = make_live_call(business, twilio_call_sid="CA1", stream_opened_at=NOW)
    end = EndCall(EndReason.MODEL_UNAVAILABLE, NextStep.APOLOGIZE, failed=True, cause="x" * 200)
    with acting_for(business):
        end_by_its_process(call.pk, call.business, Ending.of(end, user_has_spoken=True), now=NOW)
        stored = Call.objects.get()
    assert (stored.end_reason, stored.end_detail) == (EndReason.MODEL_UNAVAILABLE, {"cause": "x" * 100})
