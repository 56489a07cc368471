"""Addresses of people as providers write them. Pure."""

from __future__ import annotations

import re

SHORTEST, LONGEST = 7, 15
"""Digits of a phone number with its country code (ITU-T E.164)."""
_USER_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9]{1,128}")
_NUMBER = re.compile(r"\+?[\d\s().-]+", re.ASCII)


def address_in(text: object) -> str:
    """Returns the address that a provider names: a WhatsApp user id, or a number in E.164; "" for anything else.

    Meta writes 15551234567, Twilio whatsapp:+15551234567, and both a user id like US.1349… where no number is known.
    """
    written = str(text or "").strip().removeprefix("whatsapp:")
    if _USER_ID.fullmatch(written):
        return written
    if not _NUMBER.fullmatch(written):
        return ""
    digits = "".join(filter(str.isdigit, written))
    return f"+{digits}" if SHORTEST <= len(digits) <= LONGEST and not digits.startswith("0") else ""


def is_phone(address: str) -> bool:
    """Returns whether an address is a phone number, and no user id."""
    return address.startswith("+")


def is_user_id(address: str) -> bool:
    """Returns whether an address is a WhatsApp user id, and no phone number."""
    return not address.startswith("+")
