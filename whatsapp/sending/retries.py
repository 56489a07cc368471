"""When a message that was not accepted is tried again. Pure: time and chance are arguments."""

from __future__ import annotations

from datetime import datetime, timedelta

from whatsapp.providers.base import ErrorRule, SendOutcome

JITTER = 0.2
UNSENT_FIRST_S = 1.0
UNSENT_LONGEST_S = 60.0
LONGEST_WAIT_S = 7 * 86_400.0


def retry_at(
    rule: ErrorRule, *, refusals: int, now: datetime, chance: float, retry_after_s: float | None = None
) -> datetime | None:
    """Returns when to try again after the `refusals`-th refusal (from 1); None if the rule's tries are used up.

    `chance` is a number from 0 to 1 that spreads the retries; `retry_after_s` is what the provider asked for.
    """
    if rule.tries and refusals >= rule.tries:
        return None
    # A throttled channel slows down as a whole. Its messages only wait: with growing waits they would be forgotten.
    growth = 1.0 if rule.outcome is SendOutcome.THROTTLED else rule.backoff ** (refusals - 1)
    wait = max(retry_after_s or 0.0, rule.retry_after_s * growth)
    return now + timedelta(seconds=min(LONGEST_WAIT_S, wait * (1 + JITTER * chance)))


def resend_at(attempts: int, *, now: datetime, chance: float) -> datetime:
    """Returns when to try again after a message failed to leave this machine for the `attempts`-th time (from 1)."""
    wait = min(UNSENT_LONGEST_S, UNSENT_FIRST_S * 2.0 ** min(attempts - 1, 10))
    return now + timedelta(seconds=wait * (1 + JITTER * chance))
