"""No page and no work of the background reads a large table from end to end, on PostgreSQL.

The installation is a small one of `bench.growth`, with enough rows for the planner to care. `enable_seqscan` stays on:
without it a plan would name an index also where it walks through the whole of it, and these are the plans that
PostgreSQL chooses. The pages are those of a business with few rows among others' many; of the one with a fifth of all
rows, some pages count everybody, and a whole table is then read as fast as a fifth of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench.growth import making, reports, work
from bench.growth.sizes import Size
from businesses.calendar import soon
from businesses.models import Business, User
from businesses.polls import table
from businesses.polls.table import Pace
from businesses.tenancy import across_businesses, acting_for
from calls.followups import news as news_of_calls
from calls.followups import rescue
from calls.models import Call
from frontdesk import demo
from frontdesk.api.paging import page
from testing.demo_data import Rows
from testing.plans import Plans, nodes
from testing.visits import Who, visits
from whatsapp.keeping import emptying, news
from whatsapp.models import Broadcast, Recipient
from whatsapp.people import identity
from whatsapp.sending.claims import Stock, claim

SIZE = Size(businesses=20, contacts=12_000, calls=4_000, recipients=80_000)
LARGE = frozenset(
    {
        "businesses_appointment",
        "businesses_dayusage",
        "businesses_webhookdelivery",
        "calls_call",
        "calls_calltimeline",
        "calls_news",
        "calls_toolrun",
        "calls_turn",
        "whatsapp_broadcast_attempts",
        "whatsapp_broadcast_recipients",
        "whatsapp_consent_changes",
        "whatsapp_contact",
        "whatsapp_contacttag",
        "whatsapp_inbound_messages",
        "whatsapp_webhook_inbox",
    }
)

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(900),
    pytest.mark.skipif(not os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="plans of PostgreSQL"),
]


@pytest.fixture
def installation(settings: Any, tmp_path: Path) -> Iterator[Rows]:
    settings.MEDIA_ROOT = str(tmp_path)
    settings.WHATSAPP_APP_SECRET = reports.SECRET
    yield making.make_small_ones(SIZE)
    making.forget()


def rows_in(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT COUNT(*) FROM "{table}"')  # noqa: S608 - one of ours
        return int(cursor.fetchone()[0])


def test_no_large_table_is_read_from_end_to_end(installation: Rows) -> None:
    plans, browser = Plans(LARGE), Client()
    assert min(map(rows_in, LARGE)) >= 2_500
    browser.force_login(User.objects.get(email=demo.OWNER_EMAIL))
    for each in visits(installation):
        if each.who is Who.OWNER and each.url and not each.is_admin:
            with plans.of(each.name):
                browser.get(each.url)
    ask_what_is_due(plans)
    making.make_large_one(SIZE)
    with across_businesses():  # a test looks everywhere
        work.be_idle()
        with work.running():
            look_for_work(plans)
            claim_and_look_up(plans)
    report(plans)
    assert plans.seen > 200
    assert plans.whole == {}
    what_grows_is_found_by_an_index()


def ask_what_is_due(plans: Plans) -> None:
    for pace in Pace:
        with plans.of(f"what is due, every {pace} s"):
            table.due(pace, datetime.now(UTC))


def look_for_work(plans: Plans) -> None:
    for name, look in work.looks().items():
        with plans.of(f"loop: {name}"):
            look(datetime.now(UTC))


def claim_and_look_up(plans: Plans) -> None:
    broadcast = Broadcast.objects.select_related("business").get(name="Offer 0", status="running")
    with acting_for(broadcast.business):
        with plans.of("claim"):
            claim(broadcast, Stock(), most=50, now=datetime.now(UTC))
        addresses = list(Recipient.objects.filter(broadcast=broadcast).values_list("address", flat=True)[:1000])
        with plans.of("a chunk's people"):
            known = identity.people(broadcast.business, filter(None, addresses))
            assert len(identity.contacts_with(broadcast.business, known.every(filter(None, addresses)))) > 0


def report(plans: Plans) -> None:
    with across_businesses():  # as above
        done = Broadcast.objects.get(name="Offer 1", business__slug=demo.SLUG)
        rows = Recipient.objects.filter(broadcast=done).values_list("address", "provider_message_id", "attempt_id")[:50]
        ours = [(str(address), str(message), str(attempt)) for address, message, attempt in rows]
    for name, which in (("with our mark", ours), ("without", [(*row[:2], "") for row in ours])):
        with plans.of(f"statuses {name}"):
            reports.post(reports.bodies_of(which, "delivered"))
            reports.apply()


def what_grows_is_found_by_an_index() -> None:
    """Of these, another plan reads what a single business has, or what is long over, and so grows."""
    now = datetime.now(UTC)
    with across_businesses():  # as above
        business = Business.objects.get(slug=demo.SLUG)
        calls = Call.objects.filter(business=business)
        _first, cursor = page(calls, None, 100, by="started_at")
        old = partial(news.remove_old, business, before=now - timedelta(days=30), most=500)
        assert "started_at <= " in found_by(lambda: page(calls, cursor, 50, by="started_at"))
        assert "ended_at > " in found_by(lambda: rescue.due(now=now))
        assert "call_by_end: " in found_by(news_of_calls.just_ended(now).exists)
        cache.clear()
        assert "starts_at > " in found_by(lambda: soon.booked_next(business, now=now))
        assert "caller_number" in found_by(calls.filter(caller_number="+972550000007").count)
        assert "received_at < " in found_by(old)
        people = Recipient.objects.filter(broadcast=Broadcast.objects.get(name="Offer 19", business=business))
        with connection.cursor() as session:  # few rows could be sorted as well: which index has their order?
            session.execute("SET enable_sort = off")
            assert "one_recipient_per_address" in found_by(partial(emptying.empty_settled, people, 50))
            session.execute("RESET enable_sort")


def found_by(do: Callable[[], object]) -> str:
    """Returns which indexes are asked, and with which conditions."""
    with CaptureQueriesContext(connection) as asked:
        do()
    plans = [nodes(each["sql"], None, connection.connection) for each in asked if each["sql"].startswith("SELECT")]
    steps = [step for plan in plans for step in plan if "Index Name" in step]
    return "; ".join(f"{step['Index Name']}: {step.get('Index Cond', '')}" for step in steps)
