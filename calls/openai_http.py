"""Asking OpenAI over HTTP: greetings that are spoken, and summaries. The line of a call is `line/realtime.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from calls.openai_errors import HttpError, http_error

if TYPE_CHECKING:
    from openai import APIStatusError, OpenAI


def openai_client(*, timeout_s: float) -> OpenAI:
    """Returns a client that asks once: the attempts of the row that needs the answer are the retries."""
    import openai  # noqa: PLC0415 - a second of loading, and most processes (every command) never ask

    return openai.OpenAI(
        api_key=settings.OPENAI_API_KEY or "sandbox",
        base_url=settings.OPENAI_BASE_URL,
        timeout=timeout_s,
        max_retries=0,
    )


def refusal(error: APIStatusError) -> HttpError:
    """Returns what a refusal means. Its message may quote what was sent."""
    return http_error(error.status_code, error.body, error.response.headers)
