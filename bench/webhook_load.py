"""Posts every status of a broadcast to a web process, as Meta does at its busiest, until they are applied.

python -m bench.webhook_load PORT [--batch 1000] [--connections 4] [--applied-there]    (bench_broadcasts.py starts it)
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
import uuid
from datetime import UTC, datetime

import aiohttp
import django

django.setup()

from django.utils import timezone  # noqa: E402

from businesses.tenancy import across_businesses  # noqa: E402
from whatsapp.models import Recipient, WebhookNews  # noqa: E402
from whatsapp.providers.sandbox import notices  # noqa: E402
from whatsapp.providers.sandbox.notices import Happening  # noqa: E402
from whatsapp.webhooks.applying import apply_news  # noqa: E402


async def post_all(port: int, bodies: list[bytes], connections: int) -> list[float]:
    """Post the bodies over a few connections. Returns how long each waited for its answer, in order."""
    waits: list[float] = []
    queue = list(bodies)

    async def work(http: aiohttp.ClientSession) -> None:
        while queue:
            body = queue.pop()
            started = time.monotonic()
            headers = {
                "X-Hub-Signature-256": notices.signature(body, "an-app-secret"),
                "Content-Type": "application/json",
            }
            async with http.post(
                f"http://127.0.0.1:{port}/whatsapp/webhooks/cloud/", data=body, headers=headers
            ) as got:
                if got.status != 200:
                    raise SystemExit(f"A webhook was answered with {got.status}")
            waits.append(time.monotonic() - started)

    async with aiohttp.ClientSession() as http:
        await asyncio.gather(*(work(http) for _ in range(connections)))
    return sorted(waits)


def main() -> None:
    """Mark the broadcast as accepted, report on everybody, apply, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("--batch", type=int, default=1_000, help="statuses in a webhook")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--applied-there", action="store_true", help="the web process applies them itself")
    given = parser.parse_args()
    happenings = []
    with across_businesses():  # the one business that the benchmark has created
        rows = list(Recipient.objects.all())
        for row in rows:
            row.attempt_id, row.status, row.accepted_at = uuid.uuid4(), "accepted", datetime.now(UTC)
            row.provider_message_id = f"wamid.{row.pk}"
            for what in ("sent", "delivered", "read"):
                who = (row.address or "", row.provider_message_id, str(row.attempt_id))
                happenings.append(Happening(*who, what, row.accepted_at))
        fields = ["attempt_id", "status", "accepted_at", "provider_message_id"]
        Recipient.objects.bulk_update(rows, fields, batch_size=1_000)
    bodies = [
        json.dumps(notices.notice("1055", "2077", happenings[start : start + given.batch])).encode()
        for start in range(0, len(happenings), given.batch)
    ]
    started = time.monotonic()
    waits = asyncio.run(post_all(given.port, bodies, given.connections))
    taken_in_s = time.monotonic() - started
    if given.applied_there:
        with across_businesses():  # as above
            while WebhookNews.objects.filter(applied_at=None).exists():
                time.sleep(0.1)
    else:
        started = time.monotonic()
        while apply_news(timezone.now()):
            pass
    applied_s = time.monotonic() - started
    with across_businesses():  # as above
        unread = Recipient.objects.exclude(status="read").count()
    figures = {
        "statuses": len(happenings),
        "taken_in_per_s": round(len(happenings) / taken_in_s),
        "p99_answer_s": round(waits[int(len(waits) * 0.99)], 3),
        "slowest_answer_s": round(waits[-1], 3),
        "applied_per_s": round(len(happenings) / applied_s),
        "rows_left_behind": unread,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
