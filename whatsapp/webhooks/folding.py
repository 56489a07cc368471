"""The effect of reports on a recipient's row, in whatever order and however often they arrive. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from whatsapp.providers.base import ErrorRule
from whatsapp.providers.events import ReportedStatus, StatusUpdate
from whatsapp.states import RECIPIENT_RANK, ErrorClass, RecipientStatus

_STATES = {
    ReportedStatus.ACCEPTED: RecipientStatus.ACCEPTED,
    ReportedStatus.SENT: RecipientStatus.SENT,
    ReportedStatus.DELIVERED: RecipientStatus.DELIVERED,
    ReportedStatus.READ: RecipientStatus.READ,
    ReportedStatus.FAILED: RecipientStatus.FAILED,
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """The part of a recipient's row that reports can change."""

    status: RecipientStatus
    provider_message_id: str | None = None
    accepted_at: datetime | None = None
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    read_at: datetime | None = None
    failed_at: datetime | None = None
    error_code: str = ""
    error_class: str = ""
    error_text: str = ""
    billable: bool | None = None
    price_category: str = ""
    price_type: str = ""


def fold(delivery: Delivery, reports: Iterable[tuple[StatusUpdate, ErrorRule | None]]) -> Delivery:
    """Returns the row after these reports; the result is the same for every order and repetition of them."""
    for update, rule in reports:
        delivery = _fold_one(delivery, update, rule)
    return delivery


def _fold_one(old: Delivery, update: StatusUpdate, rule: ErrorRule | None) -> Delivery:
    billable, price_category, price_type = max(
        (old.billable, old.price_category, old.price_type),
        (update.billable, update.price_category, update.price_type),
        key=_weight,
    )
    return replace(  # once, because a copy takes longer than everything else here
        old,
        provider_message_id=old.provider_message_id or update.message_id,
        billable=billable,
        price_category=price_category,
        price_type=price_type,
        accepted_at=_earliest(old.accepted_at, update.at),
        **_times(old, update),
        **_raised(old.status, update, rule),
    )


def _times(old: Delivery, update: StatusUpdate) -> dict[str, Any]:
    match update.status:
        case ReportedStatus.SENT:
            return {"sent_at": _earliest(old.sent_at, update.at)}
        case ReportedStatus.DELIVERED:
            return {"delivered_at": _earliest(old.delivered_at, update.at)}
        case ReportedStatus.READ:
            # A message that was read was delivered: Meta leaves `delivered` out when both happen at once.
            read_at, delivered_at = _earliest(old.read_at, update.at), _earliest(old.delivered_at, update.at)
            return {"read_at": read_at, "delivered_at": delivered_at}
        case ReportedStatus.FAILED:
            return {"failed_at": _earliest(old.failed_at, update.at)}
        case ReportedStatus.ACCEPTED:
            return {}


_DEAREST = ("marketing", "marketing_lite", "authentication_international", "authentication", "utility", "service")


def _weight(price: tuple[bool | None, str, str]) -> tuple[int, int, str, str]:
    """Returns how much a reported price counts: of two, a billed one and the dearer, so that none is too small."""
    billable, category, kind = price
    place = _DEAREST.index(category.lower()) if category.lower() in _DEAREST else len(_DEAREST)
    return (0 if billable is None else 1 + billable), (-place if category else -99), category, kind


def _raised(old: RecipientStatus, update: StatusUpdate, rule: ErrorRule | None) -> dict[str, Any]:
    state = _STATES[update.status]
    if RECIPIENT_RANK[state] <= RECIPIENT_RANK[old]:
        return {}
    if state is not RecipientStatus.FAILED:
        return {"status": state, "error_code": "", "error_class": "", "error_text": ""}
    return {
        "status": state,
        "error_code": update.error_code[:20],
        "error_class": ErrorClass(rule.outcome.value).value if rule else ErrorClass.PERMANENT.value,
        "error_text": update.error_text[:500],
    }


def _earliest(one: datetime | None, other: datetime) -> datetime:
    return other if one is None or other < one else one
