"""Twilio: sending, looking for messages, templates."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from whatsapp.providers.addresses import address_in
from whatsapp.providers.base import (
    Account,
    ErrorRule,
    JsonObject,
    Message,
    NumberHealth,
    ProviderUnavailable,
    RemoteTemplate,
    SendOutcome,
    SendResult,
    WebhookRequest,
    in_path,
)
from whatsapp.providers.events import Event, Parcel
from whatsapp.providers.media import Sink
from whatsapp.providers.posting import Answer, post
from whatsapp.providers.twilio import errors, media, payloads, proof, webhooks
from whatsapp.providers.twilio.login import headers_of
from whatsapp.providers.twilio.proof import WHATSAPP_MPS
from whatsapp.providers.twilio.templates import read_template

if TYPE_CHECKING:
    import aiohttp

CONTENT_URL = "https://content.twilio.com"
CLOCKS_APART = timedelta(minutes=1)
"""How far Twilio's clock may lag behind ours: a message that seems older than its attempt may still be ours."""


class TwilioProvider:
    """WhatsApp through Twilio. A POST can't be repeated safely, but its list of messages resolves lost answers."""

    name = "twilio"
    can_prove_absence = True

    async def send(self, http: aiohttp.ClientSession, account: Account, message: Message) -> SendResult:
        """Post one template message."""
        if not message.is_phone:
            rule = errors.rule_for("63024")
            return SendResult(rule.outcome, rule, code="63024", text="Twilio needs a phone number.")
        return await self._post_message(http, account, payloads.message_form(account, message))

    async def send_text(
        self, http: aiohttp.ClientSession, account: Account, to: str, text: str, tracker: uuid.UUID | None = None
    ) -> SendResult:
        """Post free text."""
        return await self._post_message(http, account, payloads.text_form(account, to, text, tracker))

    async def _post_message(self, http: aiohttp.ClientSession, account: Account, form: dict[str, str]) -> SendResult:
        url = f"{account.api_url}/2010-04-01/Accounts/{in_path(account.account_id)}/Messages.json"
        answer = await post(http, url, form, headers_of(account))
        return _judge(answer) if isinstance(answer, Answer) else answer

    async def find_messages(
        self, http: aiohttp.ClientSession, account: Account, address: str, since: datetime
    ) -> list[str]:
        """Returns the messages to this person since then from Twilio's list, including those in its queue (up to 4 h).

        Queued ones have no `DateSent`, so it does not filter by date; the newest 100 are more than enough for a person.
        """
        url = f"{account.api_url}/2010-04-01/Accounts/{in_path(account.account_id)}/Messages.json"
        query = {"To": f"whatsapp:{address}", "PageSize": "100"}
        if not account.number_id.startswith("MG"):
            query["From"] = f"whatsapp:{account.number_id}"
        listing = await _get(http, url, account, query)
        return [
            str(entry["sid"])
            for entry in listing.get("messages", [])
            if str(entry.get("direction", "")).startswith("outbound")
            and parsedate_to_datetime(str(entry["date_created"])) >= since - CLOCKS_APART
        ]

    async def list_templates(self, http: aiohttp.ClientSession, account: Account) -> list[RemoteTemplate]:
        """Returns every content template with its WhatsApp approval, read page by page."""
        base = account.api_url if "api.twilio.com" not in account.api_url else CONTENT_URL
        url: str | None = f"{base}/v1/ContentAndApprovals?PageSize=100"
        found: list[RemoteTemplate] = []
        while url:
            page = await _get(http, url, account, {})
            found += [read_template(entry) for entry in page.get("contents", [])]
            url = (page.get("meta") or {}).get("next_page_url")
        return found

    async def number_health(self, http: aiohttp.ClientSession, account: Account) -> NumberHealth:
        """Check the credentials. Twilio reports neither quality nor limits of a number."""
        await _get(http, f"{account.api_url}/2010-04-01/Accounts/{in_path(account.account_id)}.json", account, {})
        return NumberHealth(throughput_mps=WHATSAPP_MPS)

    async def fetch_media(self, http: aiohttp.ClientSession, account: Account, reference: str, sink: Sink) -> str:
        """See `media.fetch`."""
        return await media.fetch(http, account, reference, sink)

    async def prove(self, http: aiohttp.ClientSession, account: Account, *, vouched: bool) -> NumberHealth:
        """See `proof.prove`."""
        return await proof.prove(http, account, vouched=vouched)

    async def subscribe(self, http: aiohttp.ClientSession, account: Account) -> None:
        """Do nothing: where Twilio posts messages is set in its console, and reports go where each message says."""

    def rule_for(self, code: str) -> ErrorRule:
        """Returns the rule from `errors.RULES`."""
        return errors.rule_for(code)

    def verify(self, request: WebhookRequest, secret: str) -> bool:
        """Check `X-Twilio-Signature`."""
        return webhooks.verify(request, secret)

    def split(self, request: WebhookRequest) -> list[Parcel]:
        """Returns a single parcel: Twilio posts one update at a time."""
        return webhooks.split(request)

    def read(self, payload: JsonObject, received_at: datetime) -> Event | None:
        """See `webhooks.read`."""
        return webhooks.read(payload, received_at)


async def _get(http: aiohttp.ClientSession, url: str, account: Account, query: Mapping[str, str]) -> dict[str, Any]:
    import aiohttp  # noqa: PLC0415 - a tenth of a second of loading, and most processes never ask a provider

    try:
        async with http.get(url, params=query, headers=headers_of(account)) as response:
            answer = await response.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError, ValueError) as problem:
        raise ProviderUnavailable(
            _("Twilio did not answer (%(error)s). Try again later.") % {"error": type(problem).__name__}
        ) from None
    if response.status != 200 or not isinstance(answer, dict):
        code = str(answer.get("code", "")) if isinstance(answer, dict) else ""
        raise ProviderUnavailable(f"{errors.rule_for(code).explanation} (HTTP {response.status} {code})")
    return answer


def _judge(answer: Answer) -> SendResult:
    """Returns the meaning of an HTTP answer."""
    body = answer.json()
    known = body if isinstance(body, dict) else None
    if not 200 <= answer.status < 300:
        return errors.refused(answer.status, known, answer.retry_after_s)
    if known is None or not known.get("sid"):
        return SendResult(
            SendOutcome.UNKNOWN, http_status=answer.status, text="Twilio's answer could not be understood."
        )
    known_as = [address for name in ("to", "external_user_id") if (address := address_in(known.get(name)))]
    return SendResult(SendOutcome.ACCEPTED, message_id=str(known["sid"]), http_status=answer.status, known_as=known_as)
