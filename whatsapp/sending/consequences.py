"""What an error changes beyond its own message: the pace of the number, its broadcasts, its health."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from whatsapp.broadcasts import categories, lifecycle
from whatsapp.errors import IllegalChange
from whatsapp.models import Broadcast, Sender, SenderHealth
from whatsapp.providers.base import ErrorRule, PauseScope, SendOutcome
from whatsapp.reasons import NO_REASON, Cause, Reason, reason
from whatsapp.sending.limiter import limiter
from whatsapp.states import BroadcastStatus, PauseReason

logger = logging.getLogger(__name__)


def slow_down(sender: Sender, rule: ErrorRule, *, retry_after_s: float | None, now: datetime) -> None:
    """Reduce the number's pace: it sends too fast."""
    wait_s = max(rule.retry_after_s, retry_after_s or 0.0)
    logger.info("Sender %s is throttled: half the rate, nothing for %.0f s", sender.pk, wait_s)
    limiter().slow_down(sender, wait_s, now.timestamp())


def pause_for(broadcast: Broadcast, rule: ErrorRule, *, code: str, words: str, now: datetime) -> None:
    """Pause what a refusal concerns: everybody of this broadcast, number or account would be refused as well."""
    because = reason(Cause.PROVIDER_ERROR, provider=broadcast.sender.provider, code=code, words=words)
    resume_at = now + timedelta(seconds=rule.resume_after_s) if rule.resume_after_s else None
    if rule.outcome is SendOutcome.CHANNEL_WIDE:
        stop_sender(broadcast.sender, PauseReason(rule.pause_reason), because, scope=rule.scope, now=now)
    else:
        pause(broadcast, PauseReason(rule.pause_reason), because, now=now, resume_at=resume_at)


def stop_sender(sender: Sender, why: PauseReason, because: Reason, *, scope: PauseScope, now: datetime) -> None:
    """Pause every broadcast of the number (or of its whole account) and record the reason at the number."""
    senders = Sender.objects.filter(pk=sender.pk)
    if scope is PauseScope.ACCOUNT:
        senders = Sender.objects.filter(
            Q(provider=sender.provider, account_id=sender.account_id) & Q(business=sender.business_id)
        )
    senders.update(health=SenderHealth.BLOCKED, **because.kept())
    for broadcast in Broadcast.objects.filter(sender__in=senders, status=BroadcastStatus.RUNNING):
        pause(broadcast, why, because, now=now)


def mark_healthy(sender: Sender) -> None:
    """Record that the number works: one of its messages was accepted."""
    blocked = Sender.objects.filter(pk=sender.pk, proved_account__isnull=False).exclude(health=SenderHealth.READY)
    blocked.update(health=SenderHealth.READY, **NO_REASON)


def pause(
    broadcast: Broadcast,
    why: PauseReason,
    because: Reason | None,
    *,
    now: datetime,
    resume_at: datetime | None = None,
) -> None:
    """Pause a running broadcast. One that has just been paused or ended by another process is left as it is."""
    try:
        with transaction.atomic():
            if why is PauseReason.CATEGORY:
                categories.rejudge(broadcast)
                because = categories.why(broadcast)  # without those who are skipped now
            lifecycle.pause(broadcast, now=now, reason=why, because=because, resume_at=resume_at)
    except IllegalChange:
        return
    logger.info("Broadcast %s paused: %s", broadcast.pk, why.value)
