"""Meta's webhooks: statuses of a large broadcast, statuses of messages that nobody here sent, and messages."""

from __future__ import annotations

import json
from datetime import datetime
from functools import partial

from bench.growth.measuring import Cost, cost_of

SECRET = "an-app-secret"
IN_A_POST, MANY = 200, 1_000
TIMES = 3


def reports() -> dict[str, Cost]:
    """Returns what many of each cost: taking them in, and applying them."""
    from django.conf import settings  # noqa: PLC0415

    from businesses.tenancy import across_businesses  # noqa: PLC0415
    from whatsapp.models import Broadcast, Recipient  # noqa: PLC0415

    settings.WHATSAPP_APP_SECRET = SECRET
    fields = ("address", "provider_message_id", "attempt_id")
    with across_businesses():  # a benchmark looks for rows
        done = Broadcast.objects.filter(name="Offer 1", business__slug="demo").get()
        rows = list(Recipient.objects.filter(broadcast=done).order_by("pk").values_list(*fields)[: MANY * TIMES * 2])
    marked, others = rows[: MANY * TIMES], rows[MANY * TIMES :]  # said twice of a row, it would be no news
    ours = [(str(address), str(message), str(attempt)) for address, message, attempt in marked]
    strange = [(address, f"{message}?", "") for address, message, _attempt in ours]
    by_id = [(str(address), str(message), "") for address, message, _attempt in others]
    found: dict[str, Cost] = {}
    for name, which, many, what in (
        ("1,000 statuses", ours, MANY, "delivered"),
        ("1,000 statuses without our mark", by_id, MANY, "delivered"),
        ("1,000 statuses of others", strange, MANY, "delivered"),
        ("100 messages", ours, MANY // 10, "reply"),
    ):
        taken, applied = [], []
        for time in range(TIMES):
            bodies = bodies_of(which[time * many : (time + 1) * many], what)
            taken.append(cost_of(partial(post, bodies), times=1))
            applied.append(cost_of(apply, times=1))
        found[f"{name}: taken in"] = sorted(taken, key=lambda each: each.ms)[TIMES // 2]
        found[f"{name}: applied"] = sorted(applied, key=lambda each: each.ms)[TIMES // 2]
    return found


_serial = iter(range(10**9))


def bodies_of(rows: list[tuple[str, str, str]], what: str) -> list[bytes]:
    """Returns Meta's posts that say this of rows (address, id of the message, attempt)."""
    from django.utils import timezone  # noqa: PLC0415

    from whatsapp.providers.sandbox import notices  # noqa: PLC0415

    now: datetime = timezone.now()
    happenings = [
        notices.Happening(*row, what, now, text="Thanks", own_id=f"wamid.{now.timestamp()}.{next(_serial)}")
        for row in rows
    ]
    return [
        json.dumps(notices.notice("number0", "account0", happenings[start : start + IN_A_POST])).encode()
        for start in range(0, len(happenings), IN_A_POST)
    ]


def post(bodies: list[bytes]) -> None:
    """Post them, signed."""
    from django.test import Client  # noqa: PLC0415

    from whatsapp.providers.sandbox import notices  # noqa: PLC0415

    for body in bodies:
        signed = {"X-Hub-Signature-256": notices.signature(body, SECRET)}
        answer = Client().post("/whatsapp/webhooks/cloud/", body, content_type="application/json", headers=signed)
        if answer.status_code != 200:
            raise SystemExit(f"A webhook was answered with {answer.status_code}")


def apply() -> None:
    """Apply all news."""
    from django.utils import timezone  # noqa: PLC0415

    from whatsapp.webhooks.applying import apply_news  # noqa: PLC0415

    while apply_news(timezone.now()):
        pass
