"""What Twilio does with callers while this installation does not answer: each number's fallback address.

The TwiML is in the address itself, which a service outside echoes: a caller reaches the owner though nothing of ours
is up. Nothing of such a call is on record, and what was judged when the address was set is not judged again.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from twilio.twiml.voice_response import VoiceResponse

from businesses.models import PhoneNumber
from calls.telephone import twilio
from calls.telephone.announcements import Announcement, words
from calls.telephone.legs import LONGEST_S, RING_S

ECHO: Final = "https://twimlets.com/echo"
"""Twilio's own (twilio.com/labs/twimlets/echo)."""
LONGEST_ADDRESS: Final = 2_000


def dialled(number: PhoneNumber) -> str:
    """Returns who is rung for a number; "" for nobody."""
    business = number.business
    fallback = business.fallback_number if number.is_active and business.is_active else ""
    return "" if not fallback or business.dial_refusal(fallback) else fallback


def twiml(number: PhoneNumber) -> VoiceResponse:
    """Returns what Twilio does with a caller: ring the fallback number, and say so when nobody answers."""
    business, response = number.business, VoiceResponse()
    rings = dialled(number)
    if rings:
        _say(response, Announcement.SORRY_PUTTING_THROUGH, business.language)
        limit_s = min(business.max_call_minutes * 60, LONGEST_S)
        response.dial(rings, timeout=RING_S, time_limit=limit_s)  # without an action: nothing of ours would answer it
    _say(response, Announcement.NOBODY_ANSWERED if rings else Announcement.UNAVAILABLE, business.language)
    return response


def fallback_address(number: PhoneNumber, *, at: str = ECHO) -> str:
    """Returns the address that answers with this TwiML."""
    return f"{at}?{urlencode({'Twiml': str(twiml(number))})}"


def _say(response: VoiceResponse, announcement: Announcement, language: str) -> None:
    twilio.add_words(response, words(announcement, language))
