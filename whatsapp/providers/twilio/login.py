"""How Twilio is told whose account asks."""

from __future__ import annotations

from whatsapp.providers.base import Account


def headers_of(account: Account) -> dict[str, str]:
    """Returns the headers of every request to Twilio's API for an account. Without a token Twilio refuses them."""
    import aiohttp  # noqa: PLC0415 - a tenth of a second of loading, and most processes never ask a provider

    return {"Authorization": aiohttp.encode_basic_auth(account.account_id, account.secrets.get("auth_token", ""))}
