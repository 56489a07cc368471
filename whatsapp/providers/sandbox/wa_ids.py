"""The id under which WhatsApp knows a number: for old accounts of some countries it is another form of it."""

from __future__ import annotations

import re

_OTHERS = (
    (re.compile(r"\+55([3-9]\d)9([6-9]\d{7})"), r"55\1\2"),  # Brazil outside São Paulo and Rio: no ninth digit
    (re.compile(r"\+52([2-9]\d{9})"), r"521\1"),
    (re.compile(r"\+54([1-8]\d{9})"), r"549\1"),
    (re.compile(r"\+2250[157]([04-9]\d{7})"), r"225\1"),
)


def wa_id_of(address: str) -> str:
    """Returns the `wa_id` of a number (E.164), in digits; "" for a user id, which names no number."""
    if not address.startswith("+"):
        return ""
    for form, other in _OTHERS:
        if found := form.fullmatch(address):
            return found.expand(other)
    return address.removeprefix("+")
