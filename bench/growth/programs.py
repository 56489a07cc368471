"""What programs ask: lists of the API with their far pages, and whole lists as CSV; and a call's opening."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from bench.growth.measuring import Cost, cost_of

if TYPE_CHECKING:
    from django.test import Client

    from businesses.models import Business

LISTS = ("contacts", "calls", "appointments", "broadcasts")
FAR = 100
"""A far page is so many pages after the first."""
EXPORTS = ("calls-export", "contacts-export", "suppressions-export", "costs-export", "audit-export")


def figures() -> dict[str, Cost]:
    """Returns what programs and callers of the demo business cost."""
    from django.test import Client  # noqa: PLC0415

    from businesses.models import Business, User  # noqa: PLC0415
    from businesses.tenancy import across_businesses, acting_for  # noqa: PLC0415
    from frontdesk import demo  # noqa: PLC0415
    from whatsapp.models import Broadcast  # noqa: PLC0415

    business, client = Business.objects.get(slug=demo.SLUG), Client()
    client.force_login(User.objects.get(email=demo.OWNER_EMAIL))
    with across_businesses():  # a benchmark looks for rows to show
        done = Broadcast.objects.get(name="Offer 1", business=business)
    with acting_for(business):
        found = _lists(business)
    addresses = {name: _address(name) for name in EXPORTS} | {
        "broadcast-export": _address("broadcast-export", str(done.pk))
    }
    for name, address in addresses.items():
        found[f"export: {name}"] = cost_of(partial(_read, client, address), times=1)
    return found | {"a call is let in, opened and ended": cost_of(_calls(business))}


def _address(name: str, key: str = "") -> str:
    from testing.visits import address  # noqa: PLC0415

    return address(name, key)


def _lists(business: Business) -> dict[str, Cost]:
    from django.test import Client  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from businesses import api_tokens  # noqa: PLC0415

    _row, token = api_tokens.make(business, name="growth", may_write=False, by=None, now=timezone.now())
    client, found = Client(headers={"Authorization": f"Bearer {token}"}), {}
    for name in LISTS:
        address = f"/api/v1/{name}?limit=50"
        found[f"api: {name}"] = cost_of(partial(_read, client, address))
        if cursor := _far(client, f"/api/v1/{name}?limit=100"):
            found[f"api: {name}, a far page"] = cost_of(partial(_read, client, f"{address}&cursor={cursor}"))
    return found


def _far(client: Client, address: str) -> str:
    from django.core.cache import cache  # noqa: PLC0415

    cursor = ""
    for _page in range(FAR):
        cache.clear()  # of how often a token may ask
        answer = json.loads(_read(client, f"{address}&cursor={cursor}" if cursor else address))
        if not answer["next"]:
            break
        cursor = answer["next"]
    return cursor


def _read(client: Client, address: str) -> bytes:
    answer: Any = client.get(address)
    if answer.status_code != 200:
        raise SystemExit(f"{address}: {answer.status_code}")
    if not answer.streaming:
        return bytes(answer.content)
    answer.close()
    return b""


def _calls(business: Business) -> Callable[[], None]:
    """Returns what takes a call in and opens its stream."""
    from itertools import count  # noqa: PLC0415

    from django.utils import timezone  # noqa: PLC0415

    from businesses.tenancy import acting_for  # noqa: PLC0415
    from calls.conversation.commands import NextStep  # noqa: PLC0415
    from calls.conversation.end_reasons import EndReason  # noqa: PLC0415
    from calls.line import admission  # noqa: PLC0415
    from calls.records import finishing  # noqa: PLC0415
    from calls.telephone import intake  # noqa: PLC0415

    number, serial = business.phone_numbers.filter(is_active=True)[0].number, count()

    def one() -> None:
        now, call_sid = timezone.now(), f"CAopened{next(serial)}-{timezone.now().timestamp()}"
        taken = intake.take_in(call_sid=call_sid, called_number=number, caller_number="+972550000077", now=now)
        if not isinstance(taken, intake.Admitted):
            raise SystemExit(f"The call was not let in: {taken}")
        admission.open_stream(token=taken.token, call_sid=call_sid, stream_sid="MZ1", now=now)
        with acting_for(business):
            finishing.end_if_open(
                taken.call.pk, next_step=NextStep.HANG_UP, failed=False, reason=EndReason.CALLER_LEFT, now=now
            )

    return one
