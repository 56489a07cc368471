"""What OpenAI's errors mean, by the table in `calls/openai_errors.py`."""

from __future__ import annotations

import json

import pytest

from calls.openai_errors import Meaning, http_error, meaning_of

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("code", "status", "meaning", "permanent"),
    [
        ("insufficient_quota", None, Meaning.NO_CREDIT, True),
        ("insufficient_quota", 429, Meaning.NO_CREDIT, True),
        ("billing_hard_limit_reached", 429, Meaning.NO_CREDIT, True),
        ("invalid_api_key", 401, Meaning.NO_ACCESS, True),
        ("account_deactivated", 429, Meaning.NO_ACCESS, True),
        ("", 401, Meaning.NO_ACCESS, True),
        ("", 403, Meaning.NO_ACCESS, True),
        ("", 400, Meaning.BAD_REQUEST, True),
        ("model_not_found", 404, Meaning.BAD_REQUEST, True),
        ("rate_limit_exceeded", 429, Meaning.TOO_FAST, False),
        ("", 429, Meaning.TOO_FAST, False),
        ("server_error", None, Meaning.OVERLOADED, False),
        *[("", status, Meaning.OVERLOADED, False) for status in (408, 409, 425, 500, 503)],
        ("session_expired", None, Meaning.SESSION_OVER, False),
        ("conversation_already_has_active_response", None, Meaning.ALREADY_ANSWERING, False),
        ("response_cancel_not_active", None, Meaning.OTHER, False),
    ],
)
def test_the_table(code: str, status: int | None, meaning: Meaning, permanent: bool) -> None:
    assert (meaning_of(code, status), meaning.is_permanent) == (meaning, permanent)


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"error": {"code": "insufficient_quota", "message": "pay"}}).encode(),
        {"error": {"code": "insufficient_quota", "message": "pay"}},
        {"code": "insufficient_quota", "message": "pay"},  # as the package gives it
    ],
)
def test_a_refusal_says_what_is_behind_it(body: object) -> None:
    error = http_error(429, body, {"retry-after": "7"})
    assert (error.meaning, error.cause, error.said, error.retry_after_s) == (
        Meaning.NO_CREDIT, "insufficient_quota", "pay", 7.0,
    )  # fmt: skip


@pytest.mark.parametrize("body", [None, b"", b"<html>", b"[1]", [1], {"error": "odd"}, {"error": None}])
def test_a_refusal_without_words_is_told_by_its_status(body: object) -> None:
    error = http_error(503, body, {})
    assert (error.meaning, error.cause, error.said, error.retry_after_s) == (Meaning.OVERLOADED, "http_503", "", 0.0)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("20", 20.0), ("1.5", 1.5), ("-3", 0.0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0.0), ("999999", 0.0), ("", 0.0)],
)
def test_when_to_try_again(written: str, seconds: float) -> None:
    assert http_error(429, None, {"retry-after": written}).retry_after_s == seconds
