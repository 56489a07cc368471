"""What callers hear while the database is away: their business's owner, whom each process remembers.

Nothing of such a call is on record, and what can't be asked is not judged: daily limits and blocked callers. What is
dialled was judged as ever when it was remembered, seconds before.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from django.core.cache import cache
from redis import RedisError
from twilio.twiml.voice_response import VoiceResponse

from businesses.dialling import can_be_shown, refusal_of
from businesses.models import PhoneNumber
from calls import figures
from calls.conversation.commands import NextStep
from calls.short_waits import own_connection
from calls.telephone import twilio
from calls.telephone.announcements import Announcement, words
from calls.telephone.legs import LONGEST_S, SHORTEST_S, Leg

logger = logging.getLogger(__name__)

READ_EVERY_S: Final = 10.0
KEPT_S: Final = 120
"""How long the next step of a call is kept for the webhook that asks for it; Twilio asks at once."""
_OVER: Final = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
_REACHED: Final = frozenset({"completed", "answered"})


@dataclass(frozen=True, slots=True)
class Remembered:
    """A number of ours. `dial`: who is rung in the assistant's place, for `limit_s` seconds at most; "" for nobody."""

    language: str
    dial: str
    limit_s: int


_numbers: dict[str, Remembered] = {}


def read() -> None:
    """Read all numbers anew. Raises `DatabaseError`, and then the old ones stay."""
    global _numbers  # noqa: PLW0603 - of the process; replaced as a whole, so that readers need no lock
    with own_connection():
        # Across businesses: whose call it is, only the called number will say. `PhoneNumber` is not scoped.
        rows = list(PhoneNumber.objects.select_related("business").order_by("pk"))
    ours = {row.number for row in rows}
    own = defaultdict(list)
    for row in rows:
        own[row.business_id].append(row.number)
    _numbers = {row.number: _remembered(row, ours, own[row.business_id]) for row in rows}


def _remembered(row: PhoneNumber, ours: set[str], own: list[str]) -> Remembered:
    business = row.business
    dial, limit_s = business.fallback_number, min(business.max_call_minutes * 60, LONGEST_S)
    if business.minutes_left is not None:
        limit_s = min(limit_s, int(business.minutes_left * 60))
    is_served = business.is_active and row.is_active and limit_s >= SHORTEST_S
    if not is_served or not dial or dial in ours or not _may_dial(dial, tuple(business.countries_among(own))):
        dial = ""
    return Remembered(business.language, dial, limit_s)


@lru_cache(maxsize=20_000)
def _may_dial(number: str, countries: tuple[str, ...]) -> bool:
    return refusal_of(number, countries) is None


def keep_next_step(call_sid: str, step: NextStep) -> None:
    """Remember for all processes what comes after a call whose end could not be written."""
    try:
        cache.set(f"after-{call_sid}", step.value, KEPT_S)
    except (RedisError, OSError) as error:
        logger.warning("What comes after a call is not remembered: %s", type(error).__name__)


def answer(told: dict[str, str], *, is_after: bool) -> VoiceResponse:
    """Returns what the voice webhook answers, or the one after the stream, by what Twilio tells of the call."""
    figures.from_memory.inc()
    known = _numbers.get(twilio.number_of(told.get("To", "")))
    if is_after and (said := _after(told, known)) is not None:
        return said
    if known is None or not known.dial:
        return twilio.say(words(Announcement.UNAVAILABLE, known.language if known else None))
    logger.warning("A caller is put through from memory: the database is away")
    shows = "" if can_be_shown(told.get("From", "")) else twilio.number_of(told["To"])
    sentence = words(Announcement.SORRY_PUTTING_THROUGH, known.language)
    return twilio.say(sentence, then_dial=Leg(known.dial, known.limit_s, shows))


def _after(told: dict[str, str], known: Remembered | None) -> VoiceResponse | None:
    """Returns the end of a call that needs nobody any more; None for one that does."""
    if status := told.get("DialCallStatus"):
        language = known.language if known else None
        return twilio.say({} if status in _REACHED else words(Announcement.NOBODY_ANSWERED, language))
    if told.get("CallStatus", "") in _OVER or next_step(told.get("CallSid", "")) is NextStep.HANG_UP:
        return twilio.say({})
    return None


def next_step(call_sid: str) -> NextStep | None:
    """Returns what comes after a call whose end could not be written; None if it was, or nobody remembers."""
    try:
        kept = cache.get(f"after-{call_sid}")
    except (RedisError, OSError):
        return None
    return NextStep(kept) if kept else None
