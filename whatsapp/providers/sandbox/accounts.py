"""Which numbers of which accounts a token opens at the stand-in for Meta, and what it says about them."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

from aiohttp import web

from whatsapp.providers.sandbox.graph_answers import refusal, token_of, unseen


@dataclass
class GraphAccounts:
    """The part of the server that answers for numbers and accounts."""

    token: str = "a-token"  # noqa: S105 - of a server that exists only on this machine
    throughput: str = "HIGH"
    verified_name: str = "Demo Dental"
    owners: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    """Which numbers of which accounts a further token opens. `token` opens all: whatever is asked for is there."""
    expired: set[str] = field(default_factory=set)
    """Tokens that were valid once."""
    powerless: set[str] = field(default_factory=set)
    """Tokens without the permission that WhatsApp needs."""
    app_secrets: dict[str, str] = field(default_factory=dict)
    """The secret of the app that made a token; another is refused. That of a token that isn't here isn't checked."""
    subscribed: set[str] = field(default_factory=set)
    """Accounts whose news an app has asked for."""
    _asked_for: set[str] = field(default_factory=set)

    def refused(self, request: web.Request) -> web.Response | None:
        """Returns the refusal of a token, or of a secret that is not its app's; None if there is none."""
        token = token_of(request)
        if token in self.expired:
            return refusal(401, 190, "Error validating access token: Session has expired", subcode=463)
        if token in self.powerless:
            return refusal(403, 200, "Permissions error")
        if token != self.token and token not in self.owners:
            return refusal(401, 190, "Invalid OAuth access token")
        given, secret = request.query.get("appsecret_proof"), self.app_secrets.get(token)
        if given and secret and given != hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest():
            return refusal(400, 100, "Invalid appsecret_proof provided in the API argument")
        return None

    def opens(self, request: web.Request, account: str) -> bool:
        """Returns whether the request's token may see the account."""
        token = token_of(request)
        return token == self.token or account in self.owners.get(token, {})

    async def _numbers(self, request: web.Request) -> web.Response:
        account, token = request.match_info["account_id"], token_of(request)
        if refused := self.refused(request):
            return refused
        if not self.opens(request, account):
            return unseen(account)
        numbers = self._asked_for if token == self.token else self.owners[token][account]
        return web.json_response({"data": [{"id": number} for number in sorted(numbers)]})

    async def _subscribe(self, request: web.Request) -> web.Response:
        account = request.match_info["account_id"]
        if refused := self.refused(request):
            return refused
        if not self.opens(request, account):
            return unseen(account)
        self.subscribed.add(account)
        return web.json_response({"success": True})

    async def _number(self, request: web.Request) -> web.Response:
        number, token = request.match_info["number_id"], token_of(request)
        if refused := self.refused(request):
            return refused
        if token != self.token and not any(number in numbers for numbers in self.owners[token].values()):
            return unseen(number)
        self._asked_for.add(number)
        return web.json_response(
            {
                "id": number,
                "display_phone_number": "+1 555-010-0000",
                "verified_name": self.verified_name,
                "quality_rating": "GREEN",
                "throughput": {"level": self.throughput},
            }
        )
