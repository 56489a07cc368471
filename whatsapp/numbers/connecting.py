"""Connecting a business to its WhatsApp number, and asking the provider for the number's state."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import aiohttp
from django.db import transaction
from django.utils.translation import gettext as _

from businesses.credentials import CredentialsUnreadable
from businesses.models import Business
from businesses.tenancy import across_businesses
from whatsapp.errors import NotConnected
from whatsapp.models import Provider, Quality, Sender, SenderHealth
from whatsapp.providers.base import Account, NumberHealth, ProviderClient, ProviderUnavailable
from whatsapp.providers.registry import account_of, provider_for
from whatsapp.reasons import Cause, reason
from whatsapp.sending.limiter import limiter

Answer = TypeVar("Answer")

ASK_TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class Number:
    """What identifies a number at its provider, and its secrets. With `max_mps` None the limit is left as it is."""

    provider: str
    number_id: str
    account_id: str
    credentials: Mapping[str, str]
    phone: str = ""
    max_mps: float | None = None


def stand_in(business: Business, *, number_id: str = "", phone: str = "", max_mps: float | None = None) -> Number:
    """Returns a number of the sandbox, which needs no account."""
    name = f"sandbox-{business.slug}"
    return Number(Provider.SANDBOX, number_id or name, name, {"key": secrets.token_hex(8)}, phone, max_mps)


def connect(business: Business, number: Number) -> tuple[Sender, bool]:
    """Add a number, or update its secrets and limits if it exists. Returns the sender, and whether it is new.

    Raises:
        NotConnected: another business of this installation has the number.
    """
    with transaction.atomic(), across_businesses():  # a number is unique in the whole installation
        sender = Sender.objects.select_for_update().filter(provider=number.provider, number_id=number.number_id).first()
        if sender is not None and sender.business_id != business.pk:
            raise NotConnected(_("Another business uses this number. Remove it there first."))
        is_new = sender is None
        sender = sender or Sender(business=business, provider=number.provider, number_id=number.number_id)
        sender.account_id = number.account_id
        sender.phone = number.phone or sender.phone
        sender.max_mps = sender.max_mps if number.max_mps is None else number.max_mps
        sender.health, sender.cause, sender.cause_data = SenderHealth.READY, "", {}
        sender.set_credentials(number.credentials)
        sender.save()
    limiter().forget(sender)
    return sender, is_new


def check(sender: Sender, *, now: datetime) -> None:
    """Ask the provider for the number's throughput, daily limit and quality, and store them.

    Raises:
        ProviderUnavailable: the provider did not answer; nothing has changed.
    """
    health: NumberHealth = ask(sender, lambda provider, http, account: provider.number_health(http, account))
    sender.throughput_mps = health.throughput_mps or sender.throughput_mps
    sender.messaging_limit = health.daily_limit or sender.messaging_limit
    sender.quality = health.quality if health.quality in Quality else sender.quality
    sender.portfolio_id = health.portfolio_id or sender.portfolio_id
    sender.phone = health.display_phone or sender.phone
    sender.checked_at = now
    sender.save(update_fields=["throughput_mps", "messaging_limit", "quality", "portfolio_id", "phone", "checked_at"])


def ask(
    sender: Sender, question: Callable[[ProviderClient, aiohttp.ClientSession, Account], Awaitable[Answer]]
) -> Answer:
    """Ask the sender's provider a question from synchronous code.

    Raises:
        ProviderUnavailable: the provider did not answer, or the sender's secrets can't be read.
    """
    try:
        account = account_of(sender)
    except CredentialsUnreadable as error:
        raise ProviderUnavailable(str(reason(Cause.CREDENTIALS_UNREADABLE))) from error

    async def in_a_session() -> Answer:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ASK_TIMEOUT_S)) as http:
            return await question(provider_for(sender.provider), http, account)

    try:
        return asyncio.run(in_a_session())
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise ProviderUnavailable(
            _("WhatsApp did not answer (%(error)s). Try again later.") % {"error": error or type(error).__name__}
        ) from error


def senders_of(business: Business) -> list[Sender]:
    """Returns the business's numbers, newest first. Raises `NotConnected` if there is none."""
    senders = list(Sender.objects.filter(business=business).order_by("-created_at"))
    if not senders:
        raise NotConnected(
            _("%(name)s has no WhatsApp number yet. Connect one: manage.py connect_whatsapp %(slug)s …")
            % {"name": business.name, "slug": business.slug}
        )
    return senders
