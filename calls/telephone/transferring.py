"""Putting a caller through to a person: the numbers ring one after the other, and whoever accepts gets the call.

Twilio asks three things of us meanwhile, each perhaps twice, late, or never:

    after the stream      `begin`     rings the first number
    a number has answered `whisper`   says who calls and why, and asks for a key   (whispers.py, on the other leg)
    a key was pressed     `accept`    puts the two together, or not                (on the other leg)
    a number is done      `rang`      the talk is over, or the next number rings, or the caller is back

A number that answers has not accepted: a voicemail answers, too. Where keys are asked for, only a 1 accepts. Nobody
left to ring: the call goes on with the assistant in a new stream (`going_on.py`).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from businesses.models import Business
from businesses.tenancy import across_businesses, acting_for
from calls import transfer_targets
from calls.models import Call, Transfer, TransferState
from calls.telephone import going_on, legs, voicemail
from calls.telephone.announcements import Announcement
from calls.telephone.legs import Ring
from calls.telephone.onward import GoesOn, Onward

logger = logging.getLogger(__name__)

RINGING_ENDS_AFTER: Final = timedelta(seconds=75)
"""No further number begins to ring so long after the first: the caller has waited long enough."""
FORGOTTEN_AFTER: Final = timedelta(minutes=5)
"""Twilio says within this time that nobody pressed a key."""
REACHED: Final = frozenset({"completed", "answered"})
LONGEST_WHISPER_S: Final = 60.0
"""More than it takes to say who calls, and to wait for a key."""
NOT_TAKEN: Final = "not_taken"
"""In `Transfer.results`: somebody, or something, answered and did not take the call."""
_OVER: Final = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})


@dataclass(frozen=True, slots=True)
class Rang:
    """What Twilio says of a number that is done. `bridged`: whether the two were put together, if it says so.

    `lasted_s`: of the dialled call, if it says so. `call_status`: of the caller's own.
    """

    status: str
    bridged: bool | None
    lasted_s: float | None
    call_status: str


def begin(call: Call, *, dial: str, now: datetime) -> Onward | GoesOn:
    """Ring whom the caller is to be put through to; asked again, the same. Expects the business to be set.

    `dial`: a number that a person of the business has typed in.
    """
    with transaction.atomic():
        # Where the database took no word of the wish, there is a row without one: whoever is first is rung.
        row, _is_new = Transfer.objects.select_for_update().get_or_create(
            call=call, stream_number=call.stream_number, defaults={"business": call.business, "asked_at": now}
        )
        if row.state == TransferState.ASKED:
            _choose(row, call.business, dial=dial, now=now)
            row.state = TransferState.RINGING
            row.save()
            return _ring_next(row, call, now=now, says=_unannounced(row))
        return _asked_again(row, call, now=now)


def _unannounced(row: Transfer) -> Announcement | None:
    """Returns what Twilio's voice says before the first number rings: nothing where the assistant has said it."""
    return None if row.was_announced or row.rung > 1 else Announcement.PUTTING_THROUGH


def _choose(row: Transfer, business: Business, *, dial: str, now: datetime) -> None:
    """Settle which numbers ring. Without people, or where none of them may be rung now, the fallback number does."""
    target = None if dial else transfer_targets.to_ring(business, row.name, now=now)
    if target is not None:
        row.name, row.asks_for_key = target.name, target.asks_for_key
        row.numbers = list(target.numbers)[: transfer_targets.MOST_NUMBERS]
    else:
        row.numbers = [dial or business.fallback_number] if dial or business.fallback_number else []


def _ring_next(row: Transfer, call: Call, *, now: datetime, says: Announcement | None = None) -> Onward | GoesOn:
    """Ring the next number that may be dialled. The row is locked."""
    while row.rung < len(row.numbers) and now < row.asked_at + RINGING_ENDS_AFTER:
        row.rung += 1
        ring = _ring(row, call, now=now)
        if ring is not None:
            row.save(update_fields=["rung", "results"])
            return Onward(call.business, says, ring=ring)
        row.results.append(Call.objects.values_list("dial_refusal", flat=True).get(pk=call.pk))
    return _nobody(row, call, now=now)


def _ring(row: Transfer, call: Call, *, now: datetime) -> Ring | None:
    leg = legs.open_leg(call, row.numbers[row.rung - 1], now=now)
    return None if leg is None else Ring(leg, row.pk, row.rung, row.asks_for_key)


def _nobody(row: Transfer, call: Call, *, now: datetime) -> Onward | GoesOn:
    """Give the caller back to the assistant, ask for a message, or say that nobody can answer. The row is locked."""
    _close(row, TransferState.UNREACHED, now=now)
    if beep := voicemail.after_transfer(call, now=now):
        return Onward(call.business, beep=beep)
    token = going_on.come_back(call, now=now)
    if token is not None:
        return GoesOn(token)
    was_rung = any(result in _OVER or result == NOT_TAKEN for result in row.results)
    onward = Onward(call.business, Announcement.NOBODY_ANSWERED if was_rung else Announcement.UNAVAILABLE)
    return voicemail.instead(onward, call, now=now)


def _close(row: Transfer, state: TransferState, *, now: datetime) -> None:
    row.state, row.ended_at, row.numbers = state, now, []
    row.save(update_fields=["state", "ended_at", "numbers", "rung", "results", "accepted_at"])


def _asked_again(row: Transfer, call: Call, *, now: datetime) -> Onward | GoesOn:
    """Answer as before, where Twilio has lost the answer. The row is locked."""
    if row.state == TransferState.RINGING and (ring := _ring(row, call, now=now)):
        return Onward(call.business, _unannounced(row), ring=ring)
    if row.state != TransferState.UNREACHED:
        return Onward(call.business)
    if token := going_on.ticket_again(call, now=now):
        return GoesOn(token)
    return Onward(call.business, beep=voicemail.asked_already(call))


# A number is done -----------------------------------------------------------------------------------------------
def find(transfer_id: UUID) -> Transfer | None:
    """Returns a transfer with its call and business."""
    with across_businesses():  # the address is signed by Twilio and by us; what follows acts for the row's business
        return Transfer.objects.select_related("call", "call__business").filter(pk=transfer_id).first()


def rang(found: Transfer, number: int, told: Rang, *, now: datetime) -> Onward | GoesOn:
    """Decide what follows after the `number`th number: nothing more if it took the call. Asked again, the same."""
    call = found.call
    with acting_for(call.business), transaction.atomic():
        row = Transfer.objects.select_for_update().get(pk=found.pk)
        if row.state not in (TransferState.RINGING, TransferState.ACCEPTED) or number != row.rung:
            return _asked_again(row, call, now=now)
        took_it = _took_the_call(row, told)
        lasted_s = 0.0 if told.lasted_s is None and told.status not in REACHED else told.lasted_s
        legs.close_leg(call, seconds=lasted_s, now=now)
        result = told.status if took_it or told.status not in REACHED else NOT_TAKEN
        row.results.append(result[:20])
        Call.objects.filter(pk=call.pk).update(fallback_result="no-answer" if result == NOT_TAKEN else result[:20])
        if took_it:
            row.accepted_at = row.accepted_at or now
            _close(row, TransferState.ACCEPTED, now=now)
            return Onward(call.business)
        if told.call_status in _OVER:
            _close(row, TransferState.LEFT, now=now)
            return Onward(call.business)
        row.state = TransferState.RINGING  # a key was pressed, but the two were never put together
        row.accepted_at = None
        row.save(update_fields=["state", "accepted_at"])
        return _ring_next(row, call, now=now)


def _took_the_call(row: Transfer, told: Rang) -> bool:
    if not row.asks_for_key:
        return told.status in REACHED and told.bridged is not False
    if row.state == TransferState.ACCEPTED:
        return told.bridged is not False
    # A key that was pressed while the database was away is not on record, but nobody listens to a machine for so long.
    return told.bridged is True and (told.lasted_s or 0.0) > LONGEST_WHISPER_S


def caller_left(call: Call, *, now: datetime) -> None:
    """Note that the caller has hung up, if a number is ringing. Expects the business to be set."""
    ringing = Transfer.objects.filter(call=call, state__in=(TransferState.ASKED, TransferState.RINGING))
    ringing.filter(asks_for_key=True).update(state=TransferState.LEFT, ended_at=now, numbers=[])
    # Where no key is asked for, they may have talked: what was dialled says so, or nobody ever does.
    ringing.filter(asks_for_key=False, rung=0).update(state=TransferState.LEFT, ended_at=now, numbers=[])


def forgotten(now: datetime) -> QuerySet[Transfer]:
    """Returns the transfers that have been open for long. Expects the businesses to be set."""
    return Transfer.objects.filter(ended_at__isnull=True, asked_at__lt=now - FORGOTTEN_AFTER)


def close_forgotten(*, now: datetime) -> int:
    """Close transfers of which Twilio has told no end. Returns how many there were."""
    longest = timedelta(seconds=legs.LONGEST_S) + FORGOTTEN_AFTER
    with across_businesses():  # the sweep serves the whole installation
        open_ones = forgotten(now)
        waiting = open_ones.filter(state__in=("asked", "ringing"))
        closed = waiting.filter(asks_for_key=True).update(state=TransferState.UNREACHED, ended_at=now, numbers=[])
        old = open_ones.filter(asked_at__lt=now - longest)
        closed += old.exclude(state=TransferState.ACCEPTED).update(
            state=TransferState.UNREACHED, ended_at=now, numbers=[]
        )
        return closed + old.update(ended_at=now, numbers=[])


# On the other leg -----------------------------------------------------------------------------------------------
def is_ringing(row: Transfer, number: int) -> bool:
    """Returns whether the caller still waits for this number."""
    return row.state == TransferState.RINGING and row.rung == number


def accept(found: Transfer, number: int, *, now: datetime) -> bool:
    """Note that the called person takes the call. Returns False if the caller is gone, or another number rings."""
    with acting_for(found.call.business):
        mine = Transfer.objects.filter(pk=found.pk, rung=number)
        taken = mine.filter(state=TransferState.RINGING).update(state=TransferState.ACCEPTED, accepted_at=now)
        return bool(taken) or mine.filter(state=TransferState.ACCEPTED, ended_at__isnull=True).exists()
