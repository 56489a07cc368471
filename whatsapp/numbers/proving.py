"""A number belongs to the business that has proved it: the provider answered for token, number and account together.

What somebody types is kept, but it is not active: no webhook may touch it, nothing is sent from it, and it stands in
nobody's way. A proof makes it active in one transaction. If another business has the number or the account already,
the provider is asked about that business's token again: whoever can't prove it any more gives way, and if both can
(two businesses that share an account), it stays with the first.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from businesses.audit import AuditKind, record
from businesses.tenancy import across_businesses, acting_for
from whatsapp.models import ProvedAccount, Provider, Quality, Sender, SenderHealth
from whatsapp.numbers.asking import ASK_TIMEOUT_S, ask
from whatsapp.providers.base import Doubted, NotProved, NumberHealth, PauseScope
from whatsapp.providers.events import limit_after
from whatsapp.reasons import Cause, reason
from whatsapp.sending import consequences
from whatsapp.sending.limiter import limiter
from whatsapp.states import PauseReason

logger = logging.getLogger(__name__)

LONGEST_NAME = 120
TRIES = 3
"""How often to begin again when another proof of the same number was faster."""


def prove(sender: Sender, *, now: datetime, vouched: bool = False, timeout_s: float = ASK_TIMEOUT_S) -> None:
    """Ask the provider, and make the number active as it is in `sender`, which may be changed or not yet saved.

    `vouched`: an operator typed it (`ProviderClient.prove`). `timeout_s`: for each question to the provider.

    Raises:
        NotProved: the provider does not confirm it, or another business has proved it. Nothing has changed.
        ProviderUnavailable: there was no answer. Nothing has changed.
    """
    health = _told(sender, vouched=vouched, timeout_s=timeout_s)
    for _try in range(TRIES):
        with across_businesses():  # whoever has proved the number or account may be any business
            rivals = list(_rivals(sender).select_related("business"))
        for rival in rivals:
            if _can_still_prove(rival, vouched=vouched, timeout_s=timeout_s):
                raise NotProved(Cause.NUMBER_TAKEN, doubted=Doubted.TAKEN)
        try:
            _activate(sender, health, rivals, now)
        except IntegrityError:  # another proof of the same number or account was faster: look again
            continue
        limiter().forget(sender)
        return
    raise NotProved(Cause.NUMBER_TAKEN, doubted=Doubted.TAKEN)


def fill(sender: Sender, health: NumberHealth, now: datetime) -> None:
    """Set what the provider says about a number; the caller saves. What it does not say stays."""
    sender.throughput_mps = health.throughput_mps or sender.throughput_mps
    sender.messaging_limit = limit_after(health.daily_limit, sender.messaging_limit)
    sender.quality = health.quality if health.quality in Quality else sender.quality
    sender.portfolio_id = health.portfolio_id or sender.portfolio_id
    sender.phone = health.display_phone or sender.phone
    sender.display_name = sender.display_name or health.verified_name[:LONGEST_NAME]
    sender.checked_at = now


def _told(sender: Sender, *, vouched: bool, timeout_s: float) -> NumberHealth:
    return ask(
        sender, lambda provider, http, account: provider.prove(http, account, vouched=vouched), timeout_s=timeout_s
    )


def _rivals(sender: Sender) -> QuerySet[Sender]:
    """Returns other businesses' proved senders of the same account, or (except at Twilio) of the same number."""
    same = Q(account_id=sender.account_id)
    if sender.provider != Provider.TWILIO:
        same |= Q(number_id=sender.number_id)
    proved = Sender.objects.filter(same, provider=sender.provider, proved_account__isnull=False)
    return proved.exclude(business=sender.business_id)


def _can_still_prove(rival: Sender, *, vouched: bool, timeout_s: float) -> bool:
    """Returns whether the business that has it can still prove it. Raises `ProviderUnavailable` without an answer."""
    try:
        _told(rival, vouched=vouched, timeout_s=timeout_s)
    except NotProved:
        return False
    return True


def _activate(sender: Sender, health: NumberHealth, rivals: Sequence[Sender], now: datetime) -> None:
    """Make the number active, and the rivals' not, in one transaction.

    Raises:
        IntegrityError: another business has proved it meanwhile.
    """
    with transaction.atomic():
        for rival in rivals:
            _displace(rival, now)
        with across_businesses():  # the account may still be noted as another's, without a number of theirs
            account = ProvedAccount.objects.select_for_update().filter(
                provider=sender.provider, account_id=sender.account_id
            )
            known = account.first()
            if known is None:
                known = ProvedAccount(provider=sender.provider, account_id=sender.account_id)
            elif known.business_id != sender.business_id and known.senders.exists():
                raise IntegrityError("Another business has proved a number of this account meanwhile.")
            known.business, known.proved_at = sender.business, now
            known.save()
            fill(sender, health, now)
            sender.proved_account = known
            sender.health, sender.cause, sender.cause_data = SenderHealth.READY, "", {}
            sender.save()
        record(sender.business, AuditKind.SENDER_CHANGED, sender=str(sender.pk), what="proved")


def _displace(rival: Sender, now: datetime) -> None:
    """Take the number from a business that can't prove it any more, unless it has proved it anew meanwhile."""
    with acting_for(rival.business):
        same = Sender.objects.filter(pk=rival.pk, encrypted_credentials=rival.encrypted_credentials)
        if same.update(proved_account=None):
            consequences.stop_sender(
                rival, PauseReason.ACCOUNT, reason(Cause.NUMBER_MOVED), scope=PauseScope.SENDER, now=now
            )
            record(rival.business, AuditKind.SENDER_CHANGED, sender=str(rival.pk), what="displaced")
    logger.warning("Sender %s gave way: another business has proved its number or account", rival.pk)
