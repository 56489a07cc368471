"""How Twilio is told whose account asks."""

from __future__ import annotations

from businesses import basic_login
from whatsapp.providers.base import Account


def headers_of(account: Account) -> dict[str, str]:
    """Returns the headers of every request to Twilio's API for an account. Without a token Twilio refuses them."""
    return basic_login.headers_of(account.account_id, account.secrets.get("auth_token", ""))
