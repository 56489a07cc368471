"""Shared by the commands about one person: which business, which person."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from businesses.keeping import table
from businesses.keeping.person import Person
from businesses.models import Business
from businesses.phone_numbers import NotDialable, dialable_e164


def add_person(parser: CommandParser) -> None:
    """Add the arguments that name a business and a person."""
    parser.add_argument("slug", metavar="SLUG", help="short name of the business")
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--phone", metavar="+E164", help="the person's number, with its country")
    who.add_argument("--user-id", metavar="ID", help="the person's WhatsApp user id, like IL.123456")


def business_of(slug: str) -> Business:
    """Returns the business with this short name. Raises `CommandError`."""
    business = Business.objects.filter(slug=slug).first()
    if business is None:
        raise CommandError(f"There is no business “{slug}”.")
    return business


def person_of(business: Business, options: dict[str, Any]) -> Person:
    """Returns the person with all their known addresses. Expects the business to be set. Raises `CommandError`."""
    address = options["user_id"]
    if options["phone"]:
        try:
            address = dialable_e164(options["phone"], business.region())
        except NotDialable:
            raise CommandError("--phone: this is no phone number. Write it with its country: +972501234567.") from None
    return table.whole(Person(business, frozenset({address})))
