"""What the demo business knows: short and long entries, in both languages, one of them switched off."""

from __future__ import annotations

from businesses.knowledge import entries
from businesses.models import Business, KnowledgeEntry
from testing.demo_data import Rows

ENTRIES = (
    ("יש חניה?", "החניה מאחורי הבית, חינם למטופלים. הכניסה מרחוב הרצל."),
    ("What should I bring to the first visit?", "Your identity card, the form of your insurer, and earlier X-rays."),
    ("מחירון", "ניקוי אבנית 250 שקלים. הלבנה 1,200 שקלים. ייעוץ ראשון ללא תשלום."),
    ("Warranty", "Crowns and bridges have a warranty of five years. " * 40),
    ("All about implants", "An implant takes three visits over four months. " * 80),
    ("Old prices", "Cleaning 220."),
)


def add(business: Business) -> Rows:
    """Create the entries; the last one is off."""
    entries.add_all(business, ENTRIES)
    rows = list(KnowledgeEntry.objects.filter(business=business))
    entries.switch(rows[-1], is_on=False)
    return {"businesses.KnowledgeEntry": {"parking": str(rows[0].pk)}}
