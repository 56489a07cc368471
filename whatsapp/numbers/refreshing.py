"""Asking providers again what they say about templates and numbers: by a schedule, and when a broadcast is started.

Webhooks bring most news at once. This finds what no webhook brought, and what came while none could be received.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db.models import DateTimeField, Exists, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from businesses.tenancy import across_businesses, acting_for
from whatsapp.models import Broadcast, BroadcastSeries, MessageTemplate, ProvedAccount, Sender, TemplateStatus
from whatsapp.numbers import template_sync
from whatsapp.numbers.connecting import check
from whatsapp.providers.base import ProviderUnavailable
from whatsapp.states import BroadcastStatus

logger = logging.getLogger(__name__)

EVERY = timedelta(hours=1)
WHILE_SENDING = timedelta(minutes=5)
"""How old an account's templates may be while one waits for its approval, or a broadcast runs or is about to start."""
AT_START = timedelta(minutes=1)
START_TIMEOUT_S = 8.0
"""How long somebody who starts a broadcast waits for the provider: then what is known counts."""
MOST_AT_ONCE = 20
SENDING = (BroadcastStatus.PREPARING, BroadcastStatus.RUNNING)


def refresh_due(now: datetime) -> int:
    """Ask about the accounts whose turn it is, a few at a time. Returns the number of those that answered."""
    return sum(_refresh(account, now) for account in due(now))


def due(now: datetime) -> list[ProvedAccount]:
    """Returns accounts that were neither asked nor heard of for too long, the oldest news first."""
    with across_businesses():  # one schedule serves every business, each account as its own business
        return list(due_rows(now).select_related("business").order_by("known_at")[:MOST_AT_ONCE])


def due_rows(now: datetime) -> QuerySet[Any]:
    """Returns the accounts that are due (`ProvedAccount`s with `known_at`). Expects the businesses to be set."""
    templates = MessageTemplate.objects.filter(
        business=OuterRef("business"), provider=OuterRef("provider"), account_id=OuterRef("account_id")
    )
    newest = templates.order_by().values("account_id").annotate(at=Max("synced_at")).values("at")
    known_at = Coalesce(Subquery(newest, output_field=DateTimeField()), "proved_at")
    soon = Q(status=BroadcastStatus.SCHEDULED, scheduled_at__lte=now + WHILE_SENDING) | Q(status__in=SENDING)
    sends = Exists(Broadcast.objects.filter(soon, sender__proved_account=OuterRef("pk")))
    accounts = ProvedAccount.objects.annotate(known_at=known_at, sends=sends)
    waits = Exists(templates.filter(status=TemplateStatus.PENDING))
    old = _older(now - EVERY) | ((Q(sends=True) | Q(waits)) & _older(now - WHILE_SENDING))
    return accounts.filter(old, business__is_active=True)


def refresh_for(broadcast: Broadcast | BroadcastSeries, *, now: datetime) -> None:
    """Ask for the template of a broadcast that is about to start, unless that was just done. Never fails.

    Never call it inside a transaction. Without an answer, what is known counts.
    """
    sender, template = broadcast.sender, broadcast.template
    if not sender.is_proved or now - template.synced_at < AT_START:
        return
    try:
        template_sync.sync(sender, now=now, timeout_s=START_TIMEOUT_S)
    except ProviderUnavailable as problem:
        logger.warning("The templates of sender %s can't be read at a start: %s", sender.pk, type(problem).__name__)
    template.refresh_from_db()


def _older(moment: datetime) -> Q:
    return Q(known_at__lt=moment) & (Q(templates_asked_at=None) | Q(templates_asked_at__lt=moment))


def _refresh(account: ProvedAccount, now: datetime) -> bool:
    """Ask about one account, unless another process does. Returns whether the provider answered."""
    with acting_for(account.business):
        asked = ProvedAccount.objects.filter(pk=account.pk, templates_asked_at=account.templates_asked_at)
        if not asked.update(templates_asked_at=now):
            return False
        senders = _senders(account)
        try:
            for number, sender in enumerate(senders):
                check(sender, now=now)
                if number == 0:
                    template_sync.sync(sender, now=now)
        except ProviderUnavailable as problem:
            logger.warning("Account %s can't be asked: %s", account.pk, type(problem).__name__)
            return False
    return bool(senders)


def _senders(account: ProvedAccount) -> QuerySet[Sender]:
    return Sender.objects.filter(proved_account=account).order_by("-created_at")
