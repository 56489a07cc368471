"""Every page and every poll of the demo business, with what each costs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bench.growth.measuring import Cost, cost_of

if TYPE_CHECKING:
    from django.test import Client

    from testing.demo_data import Rows

SHOWN = {200, 286}
"""286: htmx's end of polling."""
OF_A_MOMENT = {"greeting-heard"}
"""Its address has the time of a recording."""


def ask_all(rows: Rows, *, large: bool) -> dict[str, Cost]:
    """Returns what each page costs, by its name."""
    from django.test import Client  # noqa: PLC0415

    from businesses.models import User  # noqa: PLC0415
    from businesses.tenancy import across_businesses  # noqa: PLC0415
    from frontdesk import demo  # noqa: PLC0415
    from testing.demo_data.team import OPERATOR  # noqa: PLC0415

    owner, operator = Client(), Client()
    owner.force_login(User.objects.get(email=demo.OWNER_EMAIL))
    operator.force_login(User.objects.get(email=OPERATOR))
    found: dict[str, Cost] = {}
    with across_businesses():  # a benchmark looks for rows to show
        addresses = [*_seen(rows), *_polled(rows), *(_of_large() if large else ())]
    for name, address, is_operators in addresses:
        client = operator if is_operators else owner
        status = client.get(address, headers={"HX-Request": "true"} if name.startswith("poll") else None).status_code
        if status in SHOWN:
            found[name] = _cost(client, address)
        else:
            print(f"  {name}: {status}", flush=True)
    return found


def _cost(client: Client, address: str) -> Cost:
    return cost_of(lambda: client.get(address))


def _seen(rows: Rows) -> Iterator[tuple[str, str, bool]]:
    from testing.visits import Who, visits  # noqa: PLC0415

    for each in visits(rows):
        if each.url and each.who is not Who.NOBODY and not each.error:
            yield each.name, each.url, each.who is Who.OPERATOR


def _polled(rows: Rows) -> Iterator[tuple[str, str, bool]]:
    """Yields what open pages ask for, and other parts of pages."""
    from testing.every_page import MEMBERS, OWNERS, PAGES  # noqa: PLC0415
    from testing.visits import address  # noqa: PLC0415

    for line in PAGES:
        is_part = line.who in {MEMBERS, OWNERS} and not (line.post or line.look or line.by_way)
        is_page = not line.name.endswith("-export") and line.name not in OF_A_MOMENT
        if is_part and is_page and (not line.row or rows.get(line.row)):
            yield (
                f"poll {line.name}",
                address(line.name, next(iter(rows[line.row].values())) if line.row else ""),
                False,
            )


def _of_large() -> Iterator[tuple[str, str, bool]]:
    """Yields pages that show the large business's many rows."""
    from businesses.models import Business  # noqa: PLC0415
    from calls.models import Call  # noqa: PLC0415
    from frontdesk import demo  # noqa: PLC0415
    from whatsapp.models import Broadcast, Contact  # noqa: PLC0415

    business = Business.objects.get(slug=demo.SLUG)
    base = f"/b/{demo.SLUG}/"
    done, waiting = (
        Broadcast.objects.filter(business=business, status=status, name__startswith="Offer").latest("created_at")
        for status in ("completed", "paused")
    )
    wrote = Contact.objects.filter(business=business, last_inbound_at__isnull=False).latest("last_inbound_at")
    people = Contact.objects.filter(business=business).count()
    calls = Call.objects.filter(business=business).count()
    addresses = {
        "broadcasts": "broadcasts/",
        "broadcast that is over": f"broadcasts/{done.pk}/",
        "broadcast that waits": f"broadcasts/{waiting.pk}/",
        "poll of a broadcast": f"broadcasts/{waiting.pk}/progress/?status=pausedTrue",
        "people of a broadcast": f"broadcasts/{done.pk}/people/",
        "result of a broadcast": f"broadcasts/{done.pk}/result/",
        "a contact who wrote": f"contacts/{wrote.pk}/",
        "a thread": f"inbox/{wrote.pk}/",
        "the newest call": f"calls/{Call.objects.filter(business=business).latest('started_at').pk}/",
        "contacts, by a name": "contacts/?q=Dana+1234",
        "contacts, page 200": "contacts/?page=200",
        "contacts, last page": f"contacts/?page={max(people // 50, 1)}",
        "contacts who wrote": "contacts/?wrote=within&wrote_days=30",
        "contacts, by a tag": "contacts/?any_tags=VIP",
        "calls, last page": f"calls/?page={max(calls // 50, 1)}",
        "calls, by words": "calls/?q=appointment",
        "calls, by a number": "calls/?number=0001234",
        "inbox, unanswered": "inbox/?show=unanswered",
        "inbox, by a word": "inbox/?q=appointment",
    }
    for name, address in addresses.items():
        yield f"large: {name}", base + address, False
