"""Asking Twilio whether token, number and account belong together.

The account answers only to its own token. Then the number must be among its WhatsApp senders, or among the numbers
that it has bought; a messaging service must be one of its own. Twilio says 404 with a code of its own (20404) about
what is not there; a 404 without any code comes from a server that stands in for it, and only an operator may take that
for a yes (`vouched`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from whatsapp.providers.base import (
    Account,
    Doubted,
    NotProved,
    NumberHealth,
    ProviderUnavailable,
    SendOutcome,
    in_path,
)
from whatsapp.providers.proof_request import MISSING, ask_for, is_served_by
from whatsapp.providers.twilio import errors
from whatsapp.providers.twilio.login import headers_of
from whatsapp.reasons import Cause

if TYPE_CHECKING:
    import aiohttp

WHATSAPP_MPS = 80  # Twilio: each WhatsApp sender
MESSAGING_URL = "https://messaging.twilio.com"
SANDBOX_NUMBER = "+14155238886"
"""Twilio's own number for trying WhatsApp. Every account may use it, so news of it are told apart by the account."""
MOST_PAGES = 100
_PASSING = {SendOutcome.THROTTLED, SendOutcome.RETRY}


async def prove(http: aiohttp.ClientSession, account: Account, *, vouched: bool) -> NumberHealth:
    """Returns the number's state once Twilio has shown it, with this token, in this account.

    Raises:
        NotProved: Twilio answered, and did not show it.
        ProviderUnavailable: there was no answer, or only "later".
    """
    asking = _Asking(http, account, vouched)
    url = f"{account.api_url}/2010-04-01/Accounts/{in_path(account.account_id)}"
    whole = await asking.get(f"{url}.json", {}, needs="sid")
    if whole is not None and whole["sid"] != account.account_id:
        raise _not_there(account)
    if account.number_id.startswith("MG"):
        await asking.get(f"{asking.messaging_url}/v1/Services/{in_path(account.number_id)}", {}, needs="sid")
    elif account.number_id != SANDBOX_NUMBER and not await _is_sender(asking) and not await _is_bought(asking, url):
        raise _not_there(account)
    return NumberHealth(throughput_mps=WHATSAPP_MPS)


class _Asking:
    def __init__(self, http: aiohttp.ClientSession, account: Account, vouched: bool) -> None:
        self.http, self.account = http, account
        is_twilio = is_served_by(account.api_url, "twilio.com")
        self.may_lack = vouched and not is_twilio
        self.messaging_url = MESSAGING_URL if is_twilio else account.api_url

    async def get(self, url: str, query: Mapping[str, str], *, needs: str) -> Mapping[str, Any] | None:
        """Returns Twilio's answer, which has the key `needs`; None if a stand-in may and does lack the address."""
        import aiohttp  # noqa: PLC0415 - a tenth of a second of loading, and most processes never ask a provider

        try:
            told = await ask_for(self.http, url, query, headers_of(self.account))
        except (aiohttp.ClientError, TimeoutError, OSError) as problem:
            raise _unavailable(type(problem).__name__) from None
        code = str(told.body.get("code") or "")
        if told.status == 200 and needs in told.body:
            return told.body
        if self.may_lack and not code and told.status in (200, *MISSING):
            return None
        if not told.is_no or errors.rule_for(code).outcome in _PASSING:
            raise _unavailable(f"HTTP {told.status} {code}".strip())
        words = str(told.body.get("message") or "")
        doubted = Doubted.TOKEN if told.status == 401 or code == "20003" else None
        raise NotProved(Cause.PROOF_REFUSED, doubted=doubted, code=code or str(told.status), words=words)


async def _is_sender(asking: _Asking) -> bool:
    """Returns whether the number is one of the account's WhatsApp senders."""
    wanted = f"whatsapp:{asking.account.number_id}"
    url, query = f"{asking.messaging_url}/v2/Channels/Senders", {"Channel": "whatsapp", "PageSize": "100"}
    for _page in range(MOST_PAGES):
        page = await asking.get(url, query, needs="senders")
        if page is None:
            return True
        if any(one.get("sender_id") == wanted for one in page["senders"] or ()):
            return True
        following = (page.get("meta") or {}).get("next_page_url")
        if not following:
            break
        url, query = str(following), {}
    return False


async def _is_bought(asking: _Asking, account_url: str) -> bool:
    """Returns whether the account has bought the number: such a number may be a sender that the list leaves out."""
    wanted = asking.account.number_id
    key = "incoming_phone_numbers"
    found = await asking.get(f"{account_url}/IncomingPhoneNumbers.json", {"PhoneNumber": wanted}, needs=key)
    return found is None or any(one.get("phone_number") == wanted for one in found[key] or ())


def _not_there(account: Account) -> NotProved:
    return NotProved(
        Cause.NUMBER_NOT_IN_ACCOUNT, doubted=Doubted.PAIR, number=account.number_id, account=account.account_id
    )


def _unavailable(error: str) -> ProviderUnavailable:
    return ProviderUnavailable(_("Twilio did not answer (%(error)s). Try again later.") % {"error": error})
