"""Sending what happened to the addresses that want to know, at least once, from the rows that `happenings` wrote.

Any number of workers send at the same time. A row is claimed by one conditional UPDATE that also says until when; who
is killed while sending loses nothing, since the claim ends and the message is sent again, with the same id. An address
is told one thing at a time, so that a slow one holds up nobody but itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final
from uuid import UUID, uuid4

from django.db.models import F, QuerySet

from businesses import safe_http
from businesses.credentials import CredentialsUnreadable
from businesses.hooks import endpoints, signing
from businesses.models import DeliveryState, SwitchedOff, WebhookDelivery, WebhookEndpoint
from businesses.safe_http import NoAnswer, Problem
from businesses.tenancy import across_businesses, acting_for

logger = logging.getLogger(__name__)

AT_ONCE: Final = 16
TIMEOUT_S: Final = 10.0
CLAIM: Final = timedelta(seconds=60)
"""Longer than a request with everything around it."""
MOST_READ: Final = 1_000
"""Bytes of an answer: only its status counts."""
PAUSES: Final = tuple(
    timedelta(seconds=seconds) for seconds in (10, 60, 300, 900, 3_600, 7_200, 14_400, 21_600, 36_000)
)
"""Between the tries of one message: ten tries in a little less than a day."""
OFF_AFTER: Final = timedelta(days=3)
"""An address at which nothing was accepted for so long is switched off."""


@dataclass(frozen=True, slots=True)
class _Claimed:
    delivery: WebhookDelivery
    token: UUID


@dataclass(frozen=True, slots=True)
class _Result:
    status: int | None = None
    problem: Problem | None = None

    @property
    def is_accepted(self) -> bool:
        return self.status is not None and self.status // 100 == 2


def send_due(*, clock: Callable[[], datetime], keep_going: Callable[[], bool]) -> int:
    """Send what is due until nothing is left, or `keep_going()` is false. Returns the number of tries."""
    tried = 0
    flights: dict[Future[_Result], _Claimed] = {}
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhooks") as pool:
        while True:
            while keep_going() and len(flights) < AT_ONCE:
                claimed = _claim_next(clock(), busy={each.delivery.endpoint_id for each in flights.values()})
                if claimed is None:
                    break
                flights[_begin(claimed, pool, clock())] = claimed
                tried += 1
            if not flights:
                return tried
            for flight in wait(flights, return_when=FIRST_COMPLETED).done:
                _settle(flights.pop(flight), flight.result(), clock())


def _claim_next(now: datetime, *, busy: Collection[UUID]) -> _Claimed | None:
    with across_businesses():  # the workers serve the whole installation; each message is then sent for its business
        due = due_rows(now).exclude(endpoint__in=busy)
        for delivery in due.select_related("endpoint", "business").order_by("due_at")[:20]:
            token = uuid4()
            mine = WebhookDelivery.objects.filter(pk=delivery.pk, state=DeliveryState.WAITING, due_at__lte=now)
            if mine.update(due_at=now + CLAIM, attempts=F("attempts") + 1, claim_token=token):
                delivery.refresh_from_db(fields=["body", "attempts"])
                return _Claimed(delivery, token)
    return None


def due_rows(now: datetime) -> QuerySet[WebhookDelivery]:
    """Returns the messages that are due. Expects the businesses to be set."""
    return WebhookDelivery.objects.filter(state=DeliveryState.WAITING, due_at__lte=now, endpoint__is_on=True)


def _begin(claimed: _Claimed, pool: ThreadPoolExecutor, now: datetime) -> Future[_Result]:
    """Returns the try under way: its thread asks the network and no database."""
    endpoint = claimed.delivery.endpoint
    body = claimed.delivery.body.encode()
    try:
        secrets = endpoints.secrets_of(endpoint, now=now)
    except CredentialsUnreadable:
        logger.error("webhook %s: its secret can't be decrypted (FIELD_ENCRYPTION_KEYS)", endpoint.pk)
        return pool.submit(lambda: _Result(problem=Problem.BROKEN))
    headers = signing.headers(secrets, message_id=str(claimed.delivery.pk), body=body, now=now)
    return pool.submit(_post, endpoint.url, body, {"Content-Type": "application/json", **headers})


def _post(url: str, body: bytes, headers: dict[str, str]) -> _Result:
    try:
        return _Result(safe_http.post(url, body, headers, timeout_s=TIMEOUT_S, most=MOST_READ).status)
    except NoAnswer as failure:
        return _Result(problem=failure.problem)
    except Exception:  # one message's trouble must not keep the others from being sent
        logger.exception("a webhook could not be sent")
        return _Result(problem=Problem.BROKEN)


def _settle(claimed: _Claimed, result: _Result, now: datetime) -> None:
    delivery, endpoint = claimed.delivery, claimed.delivery.endpoint
    with acting_for(delivery.business):
        mine = WebhookDelivery.objects.filter(pk=delivery.pk, claim_token=claimed.token, state=DeliveryState.WAITING)
        seen = {"claim_token": None, "last_status": result.status, "last_problem": result.problem or ""}
        if result.is_accepted:
            mine.update(state=DeliveryState.DELIVERED, finished_at=now, **seen)
            WebhookEndpoint.objects.filter(pk=endpoint.pk, failing_since__isnull=False).update(failing_since=None)
            return
        logger.info("webhook message %s: try %d failed", delivery.pk, delivery.attempts)
        if delivery.attempts > len(PAUSES):
            mine.update(state=DeliveryState.FAILED, finished_at=now, **seen)
        else:
            mine.update(due_at=now + PAUSES[delivery.attempts - 1], **seen)
        WebhookEndpoint.objects.filter(pk=endpoint.pk, failing_since=None).update(failing_since=now)
        if result.status == HTTPStatus.GONE:
            endpoints.switch_off(endpoint, because=SwitchedOff.GONE, now=now)
        elif endpoint.failing_since and now - endpoint.failing_since > OFF_AFTER:
            endpoints.switch_off(endpoint, because=SwitchedOff.KEEPS_FAILING, now=now)
