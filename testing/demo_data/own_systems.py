"""The business's own systems: an address that is told, with its log, and one that was switched off."""

from __future__ import annotations

from datetime import datetime, timedelta

from businesses import api_tokens
from businesses.happenings import body_of
from businesses.hooks import endpoints
from businesses.models import ApiToken, Business, DeliveryState, Happening, SwitchedOff, WebhookDelivery
from businesses.safe_http import Problem
from testing.demo_data import Rows


def add(business: Business, *, now: datetime) -> Rows:
    """Create both. Returns the rows to look at."""
    kinds = list(Happening)
    told, _secret = endpoints.add(business, url="https://crm.demo.example/hooks/frontdesk", kinds=kinds, now=now)
    off, _secret = endpoints.add(business, url="https://old.demo.example/?t=1", kinds=kinds[:2], now=now)
    endpoints.rotate(told, now=now)
    data = {"id": "0b5e7c1a-5b1f-4d0e-9a57-0f1f6f0f2c11", "caller": "+972501112233", "outcome": "completed"}
    for hours, kind, state, attempts, status, problem in (
        (1, Happening.CALL_ENDED, DeliveryState.WAITING, 3, None, Problem.TOO_SLOW),
        (2, Happening.CALL_ENDED, DeliveryState.DELIVERED, 1, 200, ""),
        (30, Happening.CONTACT_OPTED_OUT, DeliveryState.FAILED, 10, 500, ""),
    ):
        at = now - timedelta(hours=hours)
        WebhookDelivery.objects.create(
            business=business,
            endpoint=told,
            kind=kind,
            body=body_of(business, kind.value, data, at=at),
            happened_at=at,
            state=state,
            attempts=attempts,
            due_at=now + timedelta(hours=1),
            last_status=status,
            last_problem=problem,
        )
    api_tokens.make(business, name="Booking system", may_write=True, by=None, now=now)
    reading, _token = api_tokens.make(business, name="גיליון", may_write=False, by=None, now=now - timedelta(days=9))
    ApiToken.objects.filter(pk=reading.pk).update(last_used_at=now - timedelta(minutes=4))
    endpoints.switch_off(off, because=SwitchedOff.KEEPS_FAILING, now=now)
    return {"businesses.WebhookEndpoint": {"told": str(told.pk), "off": str(off.pk)}}
