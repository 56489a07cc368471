"""Asking Meta whether token, number and account belong together.

`GET /<number>` answers only to a token that may see the number, `GET /<account>/phone_numbers` only to one that may see
the account, and lists its numbers. To anybody else Meta says 400 with an error of its own (code 100, subcode 33: "does
not exist, cannot be loaded due to missing permissions"), to a bad token 401 with code 190. It never says that it has no
such address: only a server that stands in for it does, and only an operator may take that for a yes (`vouched`).

An app's own secret is proved along with them: `appsecret_proof` is the token signed with it, and Meta refuses one that
was made with the secret of another app than the token's (code 100, "Invalid appsecret_proof").
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
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
from whatsapp.providers.cloud import errors
from whatsapp.providers.cloud.limits import THROUGHPUT_MPS, daily_limit
from whatsapp.providers.cloud.webhooks import e164
from whatsapp.providers.proof_request import MISSING, Told, ask_for, is_served_by
from whatsapp.reasons import Cause

if TYPE_CHECKING:
    import aiohttp

NUMBER_FIELDS = (
    "id,throughput,quality_rating,display_phone_number,verified_name,whatsapp_business_manager_messaging_limit"
)
MOST_PAGES = 100
_PASSING = {SendOutcome.THROTTLED, SendOutcome.RETRY}
_EXPIRED = 463  # subcode of 190
_UNSEEN = 33  # subcode of 100


async def prove(http: aiohttp.ClientSession, account: Account, *, vouched: bool) -> NumberHealth:
    """Returns the number's state once Meta has shown it, with this token, in this account.

    Raises:
        NotProved: Meta answered, and did not show it.
        ProviderUnavailable: there was no answer, or only "later".
    """
    asking = _Asking(http, account, may_lack=vouched and not is_served_by(account.api_url, "facebook.com"))
    number = await asking.get(in_path(account.number_id), {"fields": NUMBER_FIELDS}, needs="id", about=Doubted.NUMBER)
    if number is not None and str(number["id"]) != account.number_id:
        raise _not_there(account)
    if not await _is_in_account(asking):
        raise _not_there(account)
    return health_of(number or {})


def health_of(number: Mapping[str, Any]) -> NumberHealth:
    """Returns throughput, portfolio limit and quality from Meta's answer about a number."""
    level = (number.get("throughput") or {}).get("level", "")
    return NumberHealth(
        throughput_mps=THROUGHPUT_MPS.get(str(level).upper()),
        daily_limit=daily_limit(number.get("whatsapp_business_manager_messaging_limit")),
        quality=str(number.get("quality_rating") or "").upper(),
        display_phone=e164(number.get("display_phone_number")),
        verified_name=str(number.get("verified_name") or ""),
    )


async def _is_in_account(asking: _Asking) -> bool:
    query = {"fields": "id", "limit": "100"}
    for _page in range(MOST_PAGES):
        path = f"{in_path(asking.account.account_id)}/phone_numbers"
        page = await asking.get(path, query, needs="data", about=Doubted.ACCOUNT)
        if page is None or any(str(one.get("id", "")) == asking.account.number_id for one in page["data"] or ()):
            return True
        paging = page.get("paging") or {}
        after = (paging.get("cursors") or {}).get("after")
        if not after or not paging.get("next"):
            break
        query = {**query, "after": str(after)}
    return False


def _not_there(account: Account) -> NotProved:
    return NotProved(
        Cause.NUMBER_NOT_IN_ACCOUNT, doubted=Doubted.PAIR, number=account.number_id, account=account.account_id
    )


@dataclass(frozen=True, slots=True)
class _Asking:
    http: aiohttp.ClientSession
    account: Account
    may_lack: bool
    """Whether the server may have no such address: it stands in for Meta, and an operator vouches for the number."""

    async def get(self, path: str, query: Mapping[str, str], *, needs: str, about: Doubted) -> Mapping[str, Any] | None:
        """Returns Meta's answer, which has the key `needs`; None if the server has no such address and may lack it.

        `about`: what the id in the path is of.
        """
        import aiohttp  # noqa: PLC0415 - a tenth of a second of loading, and most processes never ask a provider

        token = self.account.secrets.get("access_token", "")
        signed = {**query, **_signed(token, self.account.secrets.get("app_secret", ""))}
        headers = {"Authorization": f"Bearer {token}"}
        try:
            told = await ask_for(self.http, f"{self.account.api_url}/{path}", signed, headers)
        except (aiohttp.ClientError, TimeoutError, OSError) as problem:
            raise _unavailable(type(problem).__name__) from None
        error = told.body.get("error")
        if told.status == 200 and needs in told.body:
            return told.body
        if self.may_lack and not error and told.status in (200, *MISSING):
            return None
        raise _refused(told, error if isinstance(error, dict) else {}, about)


def _signed(token: str, app_secret: str) -> dict[str, str]:
    """Returns the parameter with which Meta checks that the secret is that of the token's app; none without one."""
    if not app_secret:
        return {}
    return {"appsecret_proof": hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()}


def _refused(told: Told, error: Mapping[str, Any], about: Doubted) -> ProviderUnavailable:
    code = str(error.get("code", ""))
    if not told.is_no or errors.rule_for(code).outcome in _PASSING:
        return _unavailable(f"HTTP {told.status} {code}".strip())
    words = errors.text_of(error)
    doubted = _doubted(code, error.get("error_subcode"), words, about)
    return NotProved(Cause.PROOF_REFUSED, doubted=doubted, code=code or str(told.status), words=words)


def _doubted(code: str, subcode: object, words: str, about: Doubted) -> Doubted | None:
    """Returns what Meta's error is about."""
    if "appsecret_proof" in words:
        return Doubted.APP_SECRET
    if code == "190":
        return Doubted.TOKEN_EXPIRED if subcode == _EXPIRED else Doubted.TOKEN
    if code in {"3", "10"} or (code.isdigit() and 200 <= int(code) < 300):
        return Doubted.TOKEN_RIGHTS
    return about if code in {"100", "803"} or subcode == _UNSEEN else None


def _unavailable(error: str) -> ProviderUnavailable:
    return ProviderUnavailable(_("WhatsApp did not answer (%(error)s). Try again later.") % {"error": error})
