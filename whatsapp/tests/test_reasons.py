"""Every person who was not reached has a reason in plain words."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation

from whatsapp.broadcasts.reasons import reason_of
from whatsapp.models import Recipient
from whatsapp.reasons import Cause, reason


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"status": "failed", "error_code": "131026", "error_text": "Message undeliverable"},
            "Not reachable on WhatsApp: no account, an old version, or terms not accepted. "
            "(\u2068131026: Message undeliverable\u2069)",
        ),
        ({"status": "failed", "error_code": "131026"}, "Not reachable on WhatsApp: no account, an old version, or "),
        (
            {"status": "failed", "error_code": "999", "error_text": "odd"},
            "WhatsApp refused the message. (\u2068999: odd\u2069)",
        ),
        ({"status": "failed", "error_text": "This process was stopped."}, "This process was stopped."),
        (
            {"status": "skipped", "skip_reason": "duplicate", **reason(Cause.SAME_AS_ROW, row=2).kept()},
            "The same person as in row 2",
        ),
        ({"status": "skipped", "skip_reason": "opted_out"}, "Asked not to receive messages"),
        ({"status": "unknown", "error_text": "ServerDisconnectedError"}, "WhatsApp's answer was lost: "),
        ({"status": "delivered", "error_code": "131026", "error_text": "late"}, ""),
    ],
)
def test_the_reason_says_what_it_means(fields: dict[str, Any], words: str) -> None:
    said = reason_of(Recipient(provider="cloud", **fields))
    assert said.startswith(words)
    assert bool(said) == bool(words)


def test_it_is_told_in_the_readers_language() -> None:
    with translation.override("he"):
        assert "WhatsApp" in reason_of(Recipient(provider="cloud", status="failed", error_code="131026"))
        assert "Not reachable" not in reason_of(Recipient(provider="cloud", status="failed", error_code="131026"))
