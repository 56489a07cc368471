"""Every page of a business with 20,000 contacts, 10,000 calls and 20,000 messages: processor time and queries.

    .venv/bin/python bench/bench_large_business.py [--contacts 20000] [--calls 10000] [--only sqlite]

The demo business of `testing/demo_data` grows to that size. Each page that the browser tests visit is then asked for
in one process, as its owner. Printed are the pages by their median of several requests, slowest first, and the page
with next to nothing on it, to compare machines.
"""

from __future__ import annotations

import argparse
import random
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench import asked_pages  # noqa: E402

if TYPE_CHECKING:
    from businesses.models import Business
    from testing.demo_data import Rows

TIMES = 5
AT_ONCE = 2_000
PLAIN = "templates"
SEARCHES = {
    "contacts, found by a name": "/b/demo/contacts/?q=Dana+1234",
    "contacts, last page": "/b/demo/contacts/?page=200",
    "calls, last page": "/b/demo/calls/?page=100",
    "calls, found by words": "/b/demo/calls/?q=appointment",
}


def main() -> None:
    """Measure on both databases, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=20_000)
    parser.add_argument("--calls", type=int, default=10_000)
    asked_pages.add_only(parser)
    options = parser.parse_args()

    def measure(database: str) -> None:
        print(f"== {database}: {options.contacts} contacts, {options.calls} calls")
        _print_figures(options.contacts, options.calls)

    asked_pages.on_each_database(measure, only=options.only)


def _print_figures(contacts: int, calls: int) -> None:
    from django.conf import settings  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    from businesses.models import Business, User  # noqa: PLC0415
    from businesses.tenancy import acting_for  # noqa: PLC0415
    from frontdesk import demo  # noqa: PLC0415
    from testing.demo_data.seed import seed  # noqa: PLC0415

    rows = seed()
    business = Business.objects.get(slug=demo.SLUG)
    with acting_for(business):
        _add_people(business, contacts)
        _add_calls(business, calls)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    settings.DEBUG, settings.ALLOWED_HOSTS = False, ["testserver"]
    client = Client()
    client.force_login(User.objects.get(email=demo.OWNER_EMAIL))
    found = {}
    for name, address in (_addresses(rows) | SEARCHES).items():
        asked_pages.once(client, address)  # the first time more is loaded
        found[name] = asked_pages.median(client, address, times=TIMES)
    for name, (took, queries) in sorted(found.items(), key=lambda each: -each[1][0]):
        print(f"{took:7.1f} ms {queries:3} queries  {name}")
    print(f"the plain page of this run: {found[PLAIN][0]:.1f} ms")


def _addresses(rows: Rows) -> dict[str, str]:
    from testing.visits import Who, visits  # noqa: PLC0415

    return {each.name: each.url for each in visits(rows) if each.url and each.who is Who.OWNER and not each.error}


def _add_people(business: Business, count: int) -> None:
    from django.utils import timezone  # noqa: PLC0415

    from whatsapp.models import Contact, InboundMessage, Sender, Tag  # noqa: PLC0415

    chance, now = random.Random(1), timezone.now()
    sender = Sender.objects.filter(business=business).first()
    assert sender is not None
    tags = list(Tag.objects.filter(business=business))
    for start in range(0, count, AT_ONCE):
        people = [
            Contact(
                business=business,
                phone=f"+97254{number:07}",
                name=f"Dana {number}",
                language=chance.choice(["he", "en", ""]),
                attributes={"city": chance.choice(["Haifa", "Jaffa", "Lod"])},
                consent=chance.choice(["unknown", "given"]),
                last_inbound_at=now - timedelta(hours=number / 4) if number % 4 == 0 else None,
            )
            for number in range(start, min(start + AT_ONCE, count))
        ]
        Contact.objects.bulk_create(people)
        if tags:
            through = Contact.tags.through
            through.objects.bulk_create(
                [through(contact=each, tag=chance.choice(tags), business=business) for each in people]
            )
        InboundMessage.objects.bulk_create(
            InboundMessage(
                business=business,
                sender=sender,
                contact=each,
                address=str(each.phone).lstrip("+"),
                provider=sender.provider,
                provider_message_id=f"wamid.{each.phone}.{back}",
                kind="text",
                text="Is there an appointment tomorrow?",
                received_at=each.last_inbound_at - timedelta(minutes=back),
            )
            for each in people
            if each.last_inbound_at is not None
            for back in range(4)
        )


def _add_calls(business: Business, count: int) -> None:
    from django.utils import timezone  # noqa: PLC0415

    from calls.models import Call, CallOutcome, CallStatus, Turn  # noqa: PLC0415

    chance, now = random.Random(2), timezone.now()
    outcomes = [CallOutcome.COMPLETED] * 8 + [CallOutcome.ABANDONED, CallOutcome.TRANSFERRED, CallOutcome.FALLBACK]
    template = Turn.objects.filter(business=business).first()
    assert template is not None
    for start in range(0, count, AT_ONCE):
        calls = [
            Call(
                business=business,
                twilio_call_sid=f"CAbench{number}",
                called_number="+97235550100",
                caller_number=f"+97254{chance.randrange(20_000):07}",
                status=CallStatus.ENDED,
                outcome=chance.choice(outcomes),
                started_at=(began := now - timedelta(minutes=7 * number + 60)),
                stream_opened_at=began + timedelta(seconds=1),
                ended_at=began + timedelta(seconds=chance.randrange(5, 300)),
                user_has_spoken=True,
                latencies={"greeting": [140], "answer": [620, 540, 910, 580], "barge_in_pause": [180]},
            )
            for number in range(start, min(start + AT_ONCE, count))
        ]
        Call.objects.bulk_create(calls)
        turns = []
        for call in calls:
            for position in range(6):
                turn = Turn(**{field.attname: getattr(template, field.attname) for field in Turn._meta.concrete_fields})
                turn.pk, turn.call, turn.position = None, call, position
                turns.append(turn)
        Turn.objects.bulk_create(turns)


if __name__ == "__main__":
    main()
