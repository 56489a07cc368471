"""Callers whom nobody can answer leave a message after the beep: who is asked for one, and what Twilio tells of it.

Twilio records (`<Record>`), not we: it works while OpenAI is away, and after the process of the call was killed.

    `instead`   in the place of the last words, the caller is asked; asked again by Twilio, the same
    `left`      Twilio tells of a recording: perhaps twice (`action` and `recordingStatusCallback`), late, or never
    `over`      the caller's line is closed: whoever has left nothing until now will not

What Twilio has not told, `voicemail_fetching.py` asks for. Rows are the queue.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction

from businesses.hidden import is_hidden
from businesses.models import Business
from businesses.tenancy import across_businesses, acting_for
from calls.models import BROWSER, BlockedCaller, Call, Voicemail, VoicemailChoices, VoicemailState
from calls.telephone.announcements import LAST_WORDS
from calls.telephone.onward import Beep, Onward

logger = logging.getLogger(__name__)

MOST_A_DAY: Final = 200
"""Of one business in 24 hours: whoever calls again and again costs it no more than that."""
SETTLES_IN: Final = timedelta(seconds=30)
"""After the end of the call, Twilio tells of a recording within this time, or is asked."""
_SPEAKS_AND_RINGS: Final = timedelta(minutes=2)
_DAY: Final = timedelta(days=1)


def choices_of(business: Business) -> VoicemailChoices:
    """Returns what a business has chosen; the defaults (unsaved) if it has chosen nothing. Expects it to be set."""
    return VoicemailChoices.objects.filter(business=business).first() or VoicemailChoices(business=business)


def instead(onward: Onward, call: Call, *, now: datetime) -> Onward:
    """Returns the same, or that the caller is asked for a message where there would be nothing but last words."""
    if onward.announcement not in LAST_WORDS or onward.dial or onward.ring or onward.rejects:
        return onward
    with acting_for(call.business):
        choices = choices_of(call.business)
        beep = ask(call, choices, now=now) if choices.is_on else None
    return replace(onward, announcement=None, beep=beep) if beep else onward


def after_transfer(call: Call, *, now: datetime) -> Beep | None:
    """Returns how a caller is asked whom nobody has taken, if the business wants that. Expects it to be set."""
    choices = choices_of(call.business)
    return ask(call, choices, now=now) if choices.is_on and choices.after_transfers else None


def asked_already(call: Call) -> Beep | None:
    """Returns how a caller was asked who has said nothing yet; None for others. Expects the business to be set."""
    row = Voicemail.objects.filter(call=call, state=VoicemailState.OFFERED).first()
    return Beep(row.pk, choices_of(call.business).words.strip(), row.longest_s) if row else None


def ask(call: Call, choices: VoicemailChoices, *, now: datetime) -> Beep | None:
    """Returns how a caller is asked for a message; None for who may leave none. Expects the business to be set."""
    if call.caller_number == BROWSER or is_hidden(call.business_id) or _is_refused(call, now=now):
        return None
    due_at = now + timedelta(seconds=choices.longest_s) + _SPEAKS_AND_RINGS
    defaults = {"offered_at": now, "longest_s": choices.longest_s, "due_at": due_at, "business": call.business}
    row, is_new = Voicemail.objects.get_or_create(call=call, state=VoicemailState.OFFERED, defaults=defaults)
    if is_new:
        logger.info("call %s of business %s: the caller is asked for a message", call.pk, call.business_id)
    return Beep(row.pk, choices.words.strip(), row.longest_s)


def _is_refused(call: Call, *, now: datetime) -> bool:
    if BlockedCaller.objects.filter(business=call.business, number=call.caller_number).exists():
        return True
    lately = Voicemail.objects.filter(business=call.business, offered_at__gt=now - _DAY)
    if lately.exclude(call=call).count() < MOST_A_DAY:
        return False
    logger.warning("business %s: no more messages after the beep today", call.business_id)
    return True


# What Twilio tells ------------------------------------------------------------------------------------------------
def find(voicemail_id: UUID) -> Voicemail | None:
    """Returns a row with its call and business."""
    with across_businesses():  # the address is signed by Twilio; what follows acts for the row's business
        return Voicemail.objects.select_related("call", "business").filter(pk=voicemail_id).first()


def left(found: Voicemail, recording_sid: str, *, now: datetime) -> bool:
    """Note a recording that is to be fetched. Returns False if it is known already. A second one has its own row."""
    with acting_for(found.business), transaction.atomic():
        row = Voicemail.objects.select_for_update(no_key=True, of=("self",)).get(pk=found.pk)
        if Voicemail.objects.filter(recording_sid=recording_sid).exists():
            return False
        # Of a person who was erased meanwhile, it is only deleted at Twilio.
        state = VoicemailState.ERASED if row.state == VoicemailState.ERASED else VoicemailState.RECORDED
        told = {"recording_sid": recording_sid, "is_at_twilio": True, "due_at": now, "attempts": 0, "state": state}
        try:
            with transaction.atomic():
                if row.recording_sid:
                    _another(row, **told)
                else:
                    Voicemail.objects.filter(pk=row.pk).update(settled_at=None, **told)
        except IntegrityError:  # told twice at the same moment
            return False
    logger.info("call %s of business %s: a message was left", found.call_id, found.business_id)
    return True


def _another(row: Voicemail, **told: object) -> None:
    """Keep a second recording of the same question: Twilio has asked for the same TwiML twice."""
    same = {"business_id": row.business_id, "call_id": row.call_id, "offered_at": row.offered_at}
    Voicemail.objects.create(longest_s=row.longest_s, **same, **told)


def nothing_left(found: Voicemail, *, is_lost: bool, now: datetime) -> None:
    """Note that Twilio has no recording; `is_lost`: there was a message."""
    with acting_for(found.business):
        asked = Voicemail.objects.filter(pk=found.pk, state=VoicemailState.OFFERED)
        asked.update(state=VoicemailState.LOST if is_lost else VoicemailState.NONE, settled_at=now, due_at=None)


def over(call: Call, *, now: datetime) -> None:
    """Note that the caller's line is closed. Expects the business to be set."""
    asked = Voicemail.objects.filter(call=call, state=VoicemailState.OFFERED, due_at__gt=now + SETTLES_IN)
    asked.update(due_at=now + SETTLES_IN)
