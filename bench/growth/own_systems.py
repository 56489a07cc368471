"""What a business's own systems were told, what it used and spent by day and month, and what it has written down."""

from __future__ import annotations

from bench.growth.copying import copies, made_or_found, sample
from bench.growth.fleet import NEW, OTHERS

DAYS, MONTHS, ENTRIES = 400, 13, 30
TOLD = 5
"""Messages to a business's own systems for each call."""
_OURS = {"business_id": "g.id"}


def add_what_was_told() -> None:
    """One address and one token for each business, and messages of which all but a few were delivered."""
    from businesses.models import ApiCreation, ApiToken, Business, WebhookDelivery, WebhookEndpoint  # noqa: PLC0415
    from frontdesk import demo  # noqa: PLC0415

    endpoint = "md5('endpoint' || g.n)::uuid"
    copies(WebhookEndpoint, sample(WebhookEndpoint, is_on=True), f"{NEW} g", _OURS | {"id": endpoint})
    at = "now() - i * interval '1 minute'"
    columns = {
        "endpoint_id": endpoint,
        "key": "i::text",
        "happened_at": at,
        "due_at": at,
        "finished_at": at,
        "state": "CASE WHEN i % 100 = 7 THEN 'failed' ELSE 'delivered' END",
    }
    told = f"{NEW} g, generate_series(1, g.calls * {TOLD}) i"
    copies(WebhookDelivery, sample(WebhookDelivery, state="delivered"), told, _OURS | columns)
    copies(ApiToken, sample(ApiToken), f"{NEW} g", _OURS | {"token_hash": "md5('token' || g.n)"})
    business = Business.objects.get(slug=demo.SLUG)
    made = made_or_found(ApiCreation, business=business, key="growth", asked="growth", at=business.created_at)
    copies(ApiCreation, made, f"{NEW} g, generate_series(1, g.calls) i", _OURS | {"key": "'key-' || i", "at": at})


def add_use() -> None:
    """Each of the last days was used, and each month spent; the demo business has its own last ones."""
    from businesses.models import Business, DayUsage, KnowledgeEntry  # noqa: PLC0415
    from frontdesk import demo  # noqa: PLC0415
    from whatsapp.models import MonthSpending  # noqa: PLC0415

    business = Business.objects.get(slug=demo.SLUG)
    today = business.created_at.date()
    day = made_or_found(DayUsage, business=business, day=today, calls=5, minutes=9, messages=70)
    copies(DayUsage, day, f"{OTHERS}, generate_series(1, {DAYS}) i", _OURS | {"day": "current_date - i"})
    month = made_or_found(MonthSpending, business=business, month=today.replace(day=1), micros=1000)
    months = {"month": "date_trunc('month', now())::date - i * interval '1 month'"}
    copies(MonthSpending, month, f"{OTHERS}, generate_series(0, {MONTHS} - 1) i", _OURS | months)
    entries = f"{OTHERS}, generate_series(1, {ENTRIES}) i"
    copies(KnowledgeEntry, sample(KnowledgeEntry, is_on=True), entries, _OURS | {"position": "i"})
