"""Saved filters of contacts, one with every kind of condition."""

from __future__ import annotations

from datetime import datetime, timedelta

from businesses.models import Business, User
from testing.demo_data import Keys
from testing.demo_data.people import TAGS
from whatsapp.audience import segments
from whatsapp.audience.choice import Group
from whatsapp.audience.conditions import Attribute, Conditions, How, Wrote
from whatsapp.models import Consent

REGULAR, VIP, BRACES, NEW, _FAMILY = TAGS


def add(business: Business, sent: Keys, *, staff: User, now: datetime) -> Keys:
    """Save them. Returns the rows to look at."""
    whole = Conditions(
        any_tags=(REGULAR, VIP),
        no_tags=(BRACES,),
        language="he",
        consent=Consent.GRANTED.value,
        attributes=(Attribute("מרפאה", How.EQUALS, "גן העיר"), Attribute("last visit", How.FILLED)),
        wrote=Wrote.NOT_WITHIN,
        wrote_days=60,
        added_since=(now - timedelta(days=365)).date(),
        broadcast=sent["completed"],
        group=Group.NOT_REPLIED,
    )
    regulars = Conditions(all_tags=(REGULAR,), consent=Consent.GRANTED.value)
    made = {
        "whole": segments.save(business, "לקוחות קבועים שלא כתבו חודשיים", whole, by=staff),
        "regular": segments.save(business, "Regulars who agreed", regulars, by=staff),
        "patients": segments.save(business, "New patients", Conditions(any_tags=(NEW,)), by=staff),
    }
    return {word: str(segment.pk) for word, segment in made.items()}
