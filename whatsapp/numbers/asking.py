"""Asking a number's provider a question from synchronous code."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from django.utils.translation import gettext as _

from businesses.credentials import CredentialsUnreadable
from whatsapp.models import Sender
from whatsapp.providers.base import Account, NotProved, ProviderClient, ProviderUnavailable
from whatsapp.providers.registry import account_of, provider_for
from whatsapp.reasons import Cause

if TYPE_CHECKING:
    import aiohttp

Answer = TypeVar("Answer")

ASK_TIMEOUT_S = 30.0
PAGE_TIMEOUT_S = 10.0
"""How long a person who waits for a page waits for each answer."""


def ask(
    sender: Sender,
    question: Callable[[ProviderClient, aiohttp.ClientSession, Account], Awaitable[Answer]],
    *,
    timeout_s: float = ASK_TIMEOUT_S,
) -> Answer:
    """Returns the provider's answer. Never ask inside a transaction: it takes seconds, and holds up every other.

    Raises:
        ProviderUnavailable: the provider did not answer.
        NotProved: the sender's secrets can't be read.
    """
    import aiohttp  # noqa: PLC0415 - a tenth of a second of loading, and most processes never ask a provider

    try:
        account = account_of(sender)
    except CredentialsUnreadable as error:
        raise NotProved(Cause.CREDENTIALS_UNREADABLE) from error

    async def in_a_session() -> Answer:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=timeout_s)) as http:
            return await question(provider_for(sender.provider), http, account)

    try:
        return asyncio.run(in_a_session())
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise ProviderUnavailable(
            _("WhatsApp did not answer (%(error)s). Try again later.") % {"error": error or type(error).__name__}
        ) from error
