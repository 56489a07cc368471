"""A person of whom a business knows something: a caller, a contact, a recipient."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

import phonenumbers

from businesses.models import Business
from businesses.phone_numbers import masked

ERASED = "erased:"
"""Begins what stands in the place of an erased address in rows that are counted and so can't be removed."""


@dataclass(frozen=True, slots=True)
class Person:
    """Whom it is about: every address that is known of them (numbers in E.164, WhatsApp user ids).

    A caller who withheld the number is only known as the caller of one call.
    """

    business: Business
    addresses: frozenset[str] = frozenset()
    call: UUID | None = None

    @property
    def phones(self) -> list[str]:
        """Returns the phone numbers."""
        return sorted(address for address in self.addresses if address.startswith("+"))

    @property
    def user_ids(self) -> list[str]:
        """Returns the WhatsApp user ids."""
        return sorted(address for address in self.addresses if not address.startswith("+"))

    @property
    def hint(self) -> str:
        """Returns so much of an address that whoever asked knows whom it is about, and nobody else learns it."""
        return masked((self.phones or self.user_ids or [""])[0])

    def is_written_in(self, text: str) -> bool:
        """Returns whether a text holds one of the addresses, a number in any usual notation included."""
        return any(user_id in text for user_id in self.user_ids) or any(
            re.search(loosely(phone), text) for phone in self.phones
        )


def loosely(phone: str) -> str:
    """Returns a regular expression that finds a number (E.164) also in national notation: 050-123 45 67.

    Up to three other characters may stand between digits. It is one for Python, SQLite and PostgreSQL.
    """
    number = phonenumbers.parse(phone)
    gap = r"[^0-9]{0,3}"
    national = gap.join(phonenumbers.national_significant_number(number))
    before = rf"(^|[^0-9])(0{{0,2}}{gap.join(str(number.country_code))}{gap}0?{gap}|0{gap})?"
    return f"{before}{national}($|[^0-9])"
