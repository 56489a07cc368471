"""People and departments for transfers, and calls that were put through to them, taken or not."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from businesses.models import Business
from calls.models import Call, ReachedWhen, Transfer, TransferState, TransferTarget
from testing.demo_data import Keys


def add(business: Business, calls: Keys, *, now: datetime) -> Keys:
    """Create them. Returns the rows to look at."""
    dana = TransferTarget.objects.create(
        business=business, name="Dana", about="Appointments and treatments", position=0,
        numbers=["+12125550143", "+12125550144"],
    )  # fmt: skip
    TransferTarget.objects.create(
        business=business, name="הנהלת חשבונות", about="חשבוניות ותשלומים", position=1, numbers=["+12125550145"],
        reached_when=ReachedWhen.OWN, from_time=time(9), until_time=time(16, 30), weekdays="01236",
    )  # fmt: skip
    TransferTarget.objects.create(
        business=business, name="Dr. Levi", position=2, numbers=["+12125550146"], asks_for_key=False, is_on=False
    )
    _put_through(business, calls["transferred"], TransferState.ACCEPTED, ["completed"], now - timedelta(hours=2))
    _put_through(business, calls["hebrew"], TransferState.UNREACHED, ["no-answer", "not_taken"], now)
    return {"person": str(dana.pk)}


def _put_through(business: Business, call: str, state: TransferState, results: list[str], at: datetime) -> None:
    Transfer.objects.create(
        business=business, call=Call.objects.get(pk=call), stream_number=0, name="Dana", state=state, results=results,
        about="Wants to move an appointment", asked_at=at, ended_at=at, rung=len(results), asks_for_key=True,
    )  # fmt: skip
