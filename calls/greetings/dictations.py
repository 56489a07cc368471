"""Recording a text by telephone: codes, and what becomes of what was said.

| state | who moves it on |
|---|---|
| WAITING | the right code, from the telephone that was named (`enter`): once, and within ten minutes |
| SPEAKING | Twilio tells of a recording (`recorded`) |
| RECORDED | a worker has fetched it (`telephone/dictation_fetching.py`): READY, or REFUSED with a fault |
| READY | the member's key: KEPT, or SPEAKING again (`choose`) |
| REFUSED | it is recorded again: SPEAKING |

A code counts for calls from one number to one business, and dies after `MOST_WRONG` others were entered from there: it
can't be guessed. What is kept goes the way of an upload.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.crypto import salted_hmac

from businesses.models import Business, Membership, Role, User
from businesses.tenancy import across_businesses, acting_for
from calls.greetings import own_recordings
from calls.greetings.opening import text_of
from calls.models import Dictation, DictationState, GreetingAudio, GreetingPart

CODE_DIGITS: Final = 6
LASTS: Final = timedelta(minutes=10)
MOST_WRONG: Final = 3
MOST_A_DAY: Final = 20
"""Codes of a business. Each may lead to a call of some minutes at the operator's cost."""
MOST_TAKES: Final = 5
KEPT: Final = timedelta(days=1)
_OPEN: Final = (DictationState.SPEAKING, DictationState.RECORDED, DictationState.READY, DictationState.REFUSED)


class TooManyCodes(Exception):
    """The business has made as many codes as it may in a day."""


def begin(
    business: Business, person: User, *, part: GreetingPart, from_number: str, now: datetime
) -> tuple[Dictation, str]:
    """Make a code for a call from this number. The person's earlier one is void. Raises `TooManyCodes`."""
    code = "".join(secrets.choice("0123456789") for _digit in range(CODE_DIGITS))
    with transaction.atomic():
        Business.objects.select_for_update(no_key=True).get(pk=business.pk)  # counted one after the other
        if Dictation.objects.filter(business=business, created_at__gt=now - timedelta(days=1)).count() >= MOST_A_DAY:
            raise TooManyCodes
        cancel(business, person)
        row = Dictation(
            business=business, person=person, part=part, text=text_of(business, part), from_number=from_number,
            created_at=now, expires_at=now + LASTS,
        )  # fmt: skip
        row.code_hash = _hash(row.pk, code)
        row.save(force_insert=True)
    return row, code


def cancel(business: Business, person: User) -> None:
    """Make a person's code void that nobody has entered yet."""
    waiting = Dictation.objects.filter(business=business, person=person, state=DictationState.WAITING)
    waiting.update(state=DictationState.OVER)


def waiting_for(number: str, *, now: datetime) -> QuerySet[Dictation]:
    """Returns codes that may be entered on a telephone now. Of which business, the caller of this function says."""
    return Dictation.objects.filter(from_number=number, state=DictationState.WAITING, expires_at__gt=now)


def latest(business: Business, person: User, *, now: datetime) -> Dictation | None:
    """Returns a person's dictation that waits for a call or is under way, without its audio; None for none."""
    rows = Dictation.objects.filter(business=business, person=person, state__in=(DictationState.WAITING, *_OPEN))
    return rows.filter(expires_at__gt=now).defer("audio").order_by("-created_at").first()


def enter(business: Business, code: str, *, from_number: str, call_sid: str, now: datetime) -> Dictation | None:
    """Take a code that was entered on a telephone. Returns None for a wrong one, which counts against all of them."""
    with acting_for(business), transaction.atomic():
        again = Dictation.objects.filter(business=business, call_sid=call_sid, state__in=_OPEN).first()
        if again is not None:
            return again  # Twilio asks a second time
        rows = list(waiting_for(from_number, now=now).filter(business=business).select_related("person"))
        found = next((row for row in rows if hmac.compare_digest(row.code_hash, _hash(row.pk, code))), None)
        if found is None or not _may(found):
            _count_wrong(business, from_number, now=now)
            return None
        mine = Dictation.objects.filter(pk=found.pk, state=DictationState.WAITING)
        if not mine.update(state=DictationState.SPEAKING, call_sid=call_sid, takes=1):
            return None
        found.refresh_from_db()
        return found


def may_try(business: Business, *, from_number: str, now: datetime) -> bool:
    """Returns whether a code is still waited for from this telephone."""
    with acting_for(business):
        return waiting_for(from_number, now=now).filter(business=business).exists()


def find(dictation_id: UUID) -> Dictation | None:
    """Returns a dictation with its business and person."""
    with across_businesses():  # the address is signed by Twilio; what follows acts for the row's business
        return Dictation.objects.select_related("business", "person").filter(pk=dictation_id).first()


def recorded(found: Dictation, recording_sid: str, *, now: datetime) -> None:
    """Note a recording that is to be fetched. Told again, nothing changes."""
    with acting_for(found.business):
        Dictation.objects.filter(pk=found.pk, state=DictationState.SPEAKING).exclude(
            recording_sid=recording_sid
        ).update(
            state=DictationState.RECORDED, recording_sid=recording_sid, recorded_at=now, is_at_twilio=True,
            due_at=now, attempts=0, fault="",
        )  # fmt: skip


def again(found: Dictation) -> bool:
    """Record once more. Returns False if that was done too often."""
    with acting_for(found.business):
        rows = Dictation.objects.filter(pk=found.pk, takes__lt=MOST_TAKES, state__in=_OPEN)
        done = rows.exclude(state=DictationState.SPEAKING).update(
            state=DictationState.SPEAKING, takes=F("takes") + 1, audio=b"", fault=""
        )
        return bool(done) or rows.filter(state=DictationState.SPEAKING).exists()


def keep(found: Dictation, *, now: datetime) -> GreetingAudio | None:
    """Take what was recorded as an upload is taken. Returns None if its words were changed, or the member has left."""
    with acting_for(found.business), transaction.atomic():
        row = Dictation.objects.select_for_update(no_key=True, of=("self",)).select_related("person").get(pk=found.pk)
        if row.state == DictationState.KEPT:
            return own_recordings.newest(found.business, GreetingPart(row.part))
        part = GreetingPart(row.part)
        is_same = text_of(found.business, part) == row.text
        if row.state != DictationState.READY or not is_same or not _may(row):
            return None
        offered = own_recordings.offer_audio(found.business, bytes(row.audio), now=now, part=part, person=row.person)
        row.state, row.audio = DictationState.KEPT, b""
        row.save(update_fields=["state", "audio"])
        return offered


def give_up(found: Dictation) -> None:
    """The call is over, or there were too many takes."""
    with acting_for(found.business):
        Dictation.objects.filter(pk=found.pk, state__in=_OPEN).update(state=DictationState.OVER, audio=b"")


def remove_old(*, now: datetime) -> int:
    """Remove rows of yesterday; what is still at Twilio is deleted there first. Returns how many."""
    with across_businesses():  # housekeeping for the whole installation
        old = Dictation.objects.filter(created_at__lt=now - KEPT)
        gone = old.filter(is_at_twilio=False) | old.filter(created_at__lt=now - 7 * KEPT)
        return gone.delete()[0]


def secret_of(found: Dictation) -> str:
    """Returns the secret in the address of a take's sound, which Twilio plays to the member."""
    named = f"{found.pk}:{found.takes}"
    return salted_hmac("calls.greetings.dictations.sound", named, algorithm="sha256").hexdigest()[:32]


def _may(row: Dictation) -> bool:
    """Returns whether the person may still change what callers hear."""
    owns = Membership.objects.filter(business=row.business_id, user=row.person_id, role=Role.OWNER)
    return row.person.is_active and (row.person.is_superuser or owns.exists())


def _count_wrong(business: Business, from_number: str, *, now: datetime) -> None:
    rows = waiting_for(from_number, now=now).filter(business=business)
    rows.update(wrong_codes=F("wrong_codes") + 1)
    rows.filter(wrong_codes__gte=MOST_WRONG).update(state=DictationState.OVER)


def _hash(dictation_id: UUID, code: str) -> str:
    return salted_hmac("calls.greetings.dictations", f"{dictation_id}:{code}", algorithm="sha256").hexdigest()
