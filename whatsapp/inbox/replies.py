"""How many messages people have written, by day."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.db.models import Count
from django.db.models.functions import TruncDate

from businesses.models import Business
from whatsapp.models import InboundMessage


def replies_by_day(business: Business, *, since: date) -> dict[date, int]:
    """Returns the messages that came in on each day from `since` on, by the business's clock. One query."""
    zone = ZoneInfo(business.time_zone)
    began = datetime.combine(since, time(), zone)
    rows = InboundMessage.objects.filter(business=business, received_at__gte=began).order_by()
    days = rows.annotate(day=TruncDate("received_at", tzinfo=zone)).values("day").annotate(number=Count("pk"))
    return dict(days.values_list("day", "number"))
