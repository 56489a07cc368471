"""Trying other settings on a business's recorded calls, in the background, and applying them.

The rows are the queue (`TuningCall.is_done`). A worker claims a call for `CLAIM`, tries the settings on it and writes
the result if the claim is still its own; a worker that is killed leaves a claim that runs out. A call that takes three
workers with it is given up. Nothing of a business's settings changes before somebody applies them.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from businesses.models import Business, User
from businesses.registration import save_business
from businesses.tenancy import across_businesses, acting_for
from calls.models import Call, CallStatus, TraceChunk, Tuning, TuningCall, TuningFailure
from calls.plan import settings_of
from calls.records.traces import read_events
from calls.records.trying import Moment, try_settings

logger = logging.getLogger(__name__)

TRIED: Final = (
    "barge_in_voice_frames", "barge_in_debounce_ms", "barge_in_grace_ms", "echo_gate_min_rms",
    "resume_after_false_barge_in", "backchannels_interrupt",
)  # fmt: skip
"""The settings that can be tried: those that the rules read. OpenAI's threshold acts before them."""
MOST_CALLS: Final = 200
MOST_KEPT: Final = 20
"""Tunings of a business; older ones are removed."""
CLAIM: Final = timedelta(seconds=90)
"""Longer than the longest call takes: an hour of talk, some 20 s."""
MOST_ATTEMPTS: Final = 3
AT_ONCE: Final = 10
"""Calls of one task: others' tasks come between."""


def start(
    business: Business, changes: Mapping[str, Any], *, person: User | None, call: Call | None, now: datetime
) -> Tuning | None:
    """Begin to try these settings on one call, or on the last ones. Returns None if no call has a trace."""
    traced = Exists(TraceChunk.objects.filter(call=OuterRef("pk")))
    calls = Call.objects.filter(traced, business=business, status=CallStatus.ENDED).order_by("-started_at")
    if call is not None:
        calls = calls.filter(pk=call.pk)
    with transaction.atomic():
        found = list(calls.values_list("pk", flat=True)[:MOST_CALLS])
        if not found:
            return None
        tuning = Tuning.objects.create(business=business, asked_by=person, asked_at=now, changes=dict(changes))
        TuningCall.objects.bulk_create(TuningCall(business=business, tuning=tuning, call_id=pk) for pk in found)
        TuningCall.objects.filter(business=business, is_done=False).exclude(tuning=tuning).delete()  # nobody waits
        old = Tuning.objects.filter(business=business).order_by("-asked_at").values_list("pk", flat=True)[MOST_KEPT:]
        Tuning.objects.filter(pk__in=list(old), applied_at=None).delete()
    return tuning


def waiting(*, now: datetime) -> bool:
    """Returns whether there is a call to be claimed."""
    with across_businesses():  # the workers serve the whole installation
        return claimable(now).exists()


def claimable(now: datetime) -> QuerySet[TuningCall]:
    """Returns the calls that may be claimed. Expects the businesses to be set."""
    return TuningCall.objects.filter(Q(claimed_until__isnull=True) | Q(claimed_until__lt=now), is_done=False)


def work(*, now: datetime) -> int:
    """Try settings on some calls that nobody else has claimed. Returns how many."""
    with across_businesses():  # each call is then handled for its business
        rows = claimable(now).order_by("pk")
        found = list(rows.select_related("business", "tuning")[: 2 * AT_ONCE])
    done = 0
    for row in found:
        with acting_for(row.business):
            done += _claim(row, now=now) and _try(row)
        if done == AT_ONCE:
            break
    return done


def _claim(row: TuningCall, *, now: datetime) -> bool:
    mine = TuningCall.objects.filter(pk=row.pk, is_done=False, attempts=row.attempts)
    if row.attempts >= MOST_ATTEMPTS:
        mine.update(is_done=True, failure=TuningFailure.GIVEN_UP)
        logger.error("call %s: settings were tried on it %s times in vain", row.call_id, row.attempts)
        return False
    return bool(mine.update(attempts=row.attempts + 1, claimed_until=now + CLAIM))


def _try(row: TuningCall) -> bool:
    """Try the settings on a call that is ours. Returns whether the result was written."""
    call = Call.objects.filter(pk=row.call_id).first()
    moments, failure = list[Moment](), ""
    try:
        if call is not None:
            own = settings_of(call.settings)
            changes = {name: value for name, value in row.tuning.changes.items() if name in TRIED}
            moments = try_settings(read_events(call), own, replace(own, **changes))
    except (ValueError, KeyError, TypeError, zlib.error):  # damaged, or another version's
        logger.exception("call %s: its trace can't be read", row.call_id)
        failure = TuningFailure.UNREADABLE
    mine = TuningCall.objects.filter(pk=row.pk, is_done=False, attempts=row.attempts + 1)
    return bool(mine.update(is_done=True, failure=failure, moments=[asdict(moment) for moment in moments]))


def apply(tuning: Tuning, *, now: datetime) -> bool:
    """Make the settings those of the business. Returns False if that was done already."""
    with transaction.atomic():
        business = Business.objects.select_for_update(no_key=True).get(pk=tuning.business_id)
        before = {name: getattr(business, name) for name in tuning.changes}
        if not Tuning.objects.filter(pk=tuning.pk, applied_at=None).update(applied_at=now, before=before):
            return False
        _change(business, tuning.changes)
    return True


def undo(tuning: Tuning, *, now: datetime) -> bool:
    """Give the business its settings back. Returns False if they were changed since, or that was done already."""
    with transaction.atomic():
        business = Business.objects.select_for_update(no_key=True).get(pk=tuning.business_id)
        if any(getattr(business, name) != value for name, value in tuning.changes.items()):
            return False
        applied = Tuning.objects.filter(pk=tuning.pk, applied_at__isnull=False, undone_at=None)
        if not applied.update(undone_at=now):
            return False
        _change(business, tuning.before)
    return True


def _change(business: Business, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(business, name, value)
    save_business(business, changed=list(values))
