"""What the demo business knows: short and long entries, one of them switched off."""

from __future__ import annotations

from businesses.knowledge import entries
from businesses.models import Business, KnowledgeEntry
from testing.demo_data import Rows

ENTRIES = (
    ("יש חניה?", "החניה מאחורי הבית, חינם למטופלים. הכניסה מרחוב הרצל."),
    ("מה להביא לביקור הראשון?", "תעודת זהות, טופס מהביטוח וצילומים קודמים."),
    ("מחירון", "ניקוי אבנית 250 שקלים. הלבנה 1,200 שקלים. ייעוץ ראשון ללא תשלום."),
    ("אחריות", "לכתרים ולגשרים יש אחריות לחמש שנים. " * 40),
    ("הכול על שתלים", "שתל דורש שלושה ביקורים במשך ארבעה חודשים. " * 80),
    ("מחירים ישנים", "ניקוי 220."),
)


def add(business: Business) -> Rows:
    """Create the entries; the last one is off."""
    entries.add_all(business, ENTRIES)
    rows = list(KnowledgeEntry.objects.filter(business=business))
    entries.switch(rows[-1], is_on=False)
    return {"businesses.KnowledgeEntry": {"parking": str(rows[0].pk)}}
