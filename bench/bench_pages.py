"""The page of a broadcast of 100,000 people, and its polls: processor time, queries, and the rows' share of it.

    .venv/bin/python bench/bench_pages.py [--people 100000] [--only sqlite]

Everything is asked in one process, as a signed-in member. Each figure is the median of several requests, after the
first. What a worker does when somebody first looks at a broadcast that began before courses were kept is a figure of
its own, and so is a page with next to nothing on it, to compare machines.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench import asked_pages  # noqa: E402

if TYPE_CHECKING:
    from whatsapp.models import Broadcast

TIMES = 7


def main() -> None:
    """Measure on both databases, each in a process of its own, and print a line of JSON for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=100_000)
    asked_pages.add_only(parser)
    options = parser.parse_args()

    def measure(database: str) -> None:
        print(json.dumps({"database": database, **_figures(options.people)}))

    asked_pages.on_each_database(measure, only=options.only)


def _figures(people: int) -> dict[str, object]:
    from django.conf import settings  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    from businesses.models import Business, Membership, Role, User  # noqa: PLC0415
    from businesses.tenancy import across_businesses, acting_for  # noqa: PLC0415
    from testing.broadcasts import addresses, make_broadcast, make_sender, make_template  # noqa: PLC0415
    from whatsapp.models import Broadcast  # noqa: PLC0415

    settings.DEBUG, settings.ALLOWED_HOSTS = False, ["testserver"]
    business = Business.objects.create(name="Acme", slug="acme", time_zone="Asia/Jerusalem")
    user = User.objects.create_user("staff@acme.test", "pw")
    Membership.objects.create(business=business, user=user, role=Role.STAFF)
    with acting_for(business):
        sender = make_sender(business)
        broadcast = make_broadcast(sender, make_template(sender), addresses(people))
        _reach_everybody(broadcast.pk)
    client = Client()
    client.force_login(user)
    page = f"/b/acme/broadcasts/{broadcast.pk}/"
    asked_pages.once(client, page)
    found: dict[str, object] = {"people": people, "counting_by_a_worker_ms": _counted(broadcast)}
    for name, address in (("plain", "/b/acme/templates/"), ("result", f"{page}result/")):
        found[f"{name}_page_ms"], found[f"{name}_page_queries"] = asked_pages.median(client, address, times=TIMES)
    for status in ("running", "completed"):
        with across_businesses():
            Broadcast.objects.update(status=status)
        for name, address in (("page", page), ("poll", f"{page}progress/?status={status}True")):
            took, queries = asked_pages.median(client, address, times=TIMES)
            found[f"{status}_{name}_ms"], found[f"{status}_{name}_queries"] = took, queries
    return found


def _counted(broadcast: Broadcast) -> float:
    """Count the figures as a worker does; returns the processor time in milliseconds."""
    from whatsapp.tasks import count_figures  # noqa: PLC0415

    start = time.process_time()
    count_figures(str(broadcast.business_id), str(broadcast.pk))
    return round((time.process_time() - start) * 1000, 1)


def _reach_everybody(broadcast: UUID) -> None:
    """Let everybody have got the message within twenty minutes, and most have read it within a day."""
    from django.utils import timezone  # noqa: PLC0415

    from whatsapp.models import Broadcast, Recipient  # noqa: PLC0415
    from whatsapp.sending.bulk import update_rows  # noqa: PLC0415

    began = timezone.now() - timedelta(days=1)
    Broadcast.objects.update(started_at=began)
    keys = list(Recipient.objects.filter(broadcast=broadcast).values_list("pk", flat=True))
    for start in range(0, len(keys), 2_000):
        rows = []
        for number, key in enumerate(keys[start : start + 2_000], start):
            sent = began + timedelta(seconds=number / 80)
            read = number % 5 < 3
            rows.append(
                {
                    "pk": key,
                    "status": "read" if read else "delivered" if number % 20 else "failed",
                    "accepted_at": sent,
                    "delivered_at": sent + timedelta(seconds=4),
                    "read_at": sent + timedelta(seconds=number % 70_000) if read else None,
                    "country": "IL",
                    "billable": True,
                    "price_category": "marketing",
                    "provider_message_id": f"wamid.{key}",
                }
            )
        update_rows(Recipient, rows)


if __name__ == "__main__":
    main()
