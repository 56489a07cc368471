"""Meta's Cloud API: sending, templates, the number's health."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
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
from whatsapp.providers.cloud import errors, media, payloads, proof, splitting, webhooks
from whatsapp.providers.cloud.proof import NUMBER_FIELDS, health_of
from whatsapp.providers.events import Event, Parcel
from whatsapp.providers.media import Sink
from whatsapp.providers.posting import Answer, post

if TYPE_CHECKING:
    import aiohttp

_TEMPLATE_FIELDS = "id,name,language,status,category,components,parameter_format,quality_score,rejected_reason"


class CloudProvider:
    """Meta's Cloud API. It has no idempotency key, and a message's state can't be asked for: only webhooks tell it."""

    name = "cloud"
    can_prove_absence = False

    async def send(self, http: aiohttp.ClientSession, account: Account, message: Message) -> SendResult:
        """Post one template message."""
        return await self._post_message(http, account, payloads.message_body(message))

    async def send_text(
        self, http: aiohttp.ClientSession, account: Account, to: str, text: str, tracker: uuid.UUID | None = None
    ) -> SendResult:
        """Post free text."""
        return await self._post_message(http, account, payloads.text_body(to, text, tracker))

    async def _post_message(self, http: aiohttp.ClientSession, account: Account, body: bytes) -> SendResult:
        url = f"{account.api_url}/{in_path(account.number_id)}/messages"
        headers = {**_bearer(account), "Content-Type": "application/json"}
        answer = await post(http, url, body, headers)
        return _judge(answer) if isinstance(answer, Answer) else answer

    async def find_messages(
        self, http: aiohttp.ClientSession, account: Account, address: str, since: datetime
    ) -> list[str]:
        """Always raise `ProviderUnavailable`: Meta can't be asked, so `can_prove_absence` is false."""
        raise ProviderUnavailable("The Cloud API can't be asked what became of a message: only its webhooks tell.")

    async def list_templates(self, http: aiohttp.ClientSession, account: Account) -> list[RemoteTemplate]:
        """Returns every template of the business account, read page by page."""
        found: list[RemoteTemplate] = []
        query = {"fields": _TEMPLATE_FIELDS, "limit": "100"}
        while True:
            page = await self._get(http, account, f"{in_path(account.account_id)}/message_templates", query)
            found += [_template(entry) for entry in page.get("data", [])]
            paging = page.get("paging") or {}
            after = (paging.get("cursors") or {}).get("after")
            if not after or not paging.get("next"):
                return found
            query = {**query, "after": after}

    async def number_health(self, http: aiohttp.ClientSession, account: Account) -> NumberHealth:
        """Returns the number's throughput level, portfolio limit and quality."""
        return health_of(await self._get(http, account, in_path(account.number_id), {"fields": NUMBER_FIELDS}))

    async def fetch_media(self, http: aiohttp.ClientSession, account: Account, reference: str, sink: Sink) -> str:
        """See `media.fetch`."""
        return await media.fetch(http, account, reference, sink)

    async def prove(self, http: aiohttp.ClientSession, account: Account, *, vouched: bool) -> NumberHealth:
        """See `proof.prove`."""
        return await proof.prove(http, account, vouched=vouched)

    async def subscribe(self, http: aiohttp.ClientSession, account: Account) -> None:
        """Subscribe the token's app to the account: without this Meta posts nothing about it, whatever the app is set.

        Raises:
            ProviderUnavailable: the text gives the reason.
        """
        url = f"{account.api_url}/{in_path(account.account_id)}/subscribed_apps"
        await self._answered(http.post(url, headers=_bearer(account)))

    async def _get(
        self, http: aiohttp.ClientSession, account: Account, path: str, query: Mapping[str, str]
    ) -> dict[str, Any]:
        return await self._answered(http.get(f"{account.api_url}/{path}", params=query, headers=_bearer(account)))

    async def _answered(self, request: AbstractAsyncContextManager[aiohttp.ClientResponse]) -> dict[str, Any]:
        """Returns Meta's answer. Raises `ProviderUnavailable` with what Meta said, or that it said nothing."""
        import aiohttp  # noqa: PLC0415 - a tenth of a second of loading, and most processes never ask a provider

        try:
            async with request as response:
                answer = json.loads(await response.read())
        except (aiohttp.ClientError, TimeoutError, ValueError, RecursionError) as problem:
            raise ProviderUnavailable(
                _("WhatsApp did not answer (%(error)s). Try again later.") % {"error": type(problem).__name__}
            ) from None
        if response.status != 200 or not isinstance(answer, dict):
            error = answer.get("error") or {} if isinstance(answer, dict) else {}
            advice = errors.rule_for(str(error.get("code", ""))).explanation
            raise ProviderUnavailable(f"{advice} ({errors.text_of(error) or f'HTTP {response.status}'})")
        return answer

    def rule_for(self, code: str) -> ErrorRule:
        """Returns the rule from `errors.RULES`."""
        return errors.rule_for(code)

    def verify(self, request: WebhookRequest, secret: str) -> bool:
        """Check `X-Hub-Signature-256`."""
        return webhooks.verify(request, secret)

    def split(self, request: WebhookRequest) -> list[Parcel]:
        """Returns one parcel for each status, message or change."""
        return splitting.split(request.body)

    def read(self, payload: JsonObject, received_at: datetime) -> Event | None:
        """See `webhooks.read`."""
        return webhooks.read(payload, received_at)


def _bearer(account: Account) -> dict[str, str]:
    return {"Authorization": f"Bearer {account.secrets['access_token']}"}


def _judge(answer: Answer) -> SendResult:
    """Returns the meaning of an HTTP answer. A 200 that can't be understood may be an acceptance."""
    body = answer.json()
    if answer.status != 200:
        error = body.get("error") if isinstance(body, dict) else None
        return errors.refused(answer.status, error if isinstance(error, dict) else None, answer.retry_after_s)
    try:
        accepted = body["messages"][0]
        message_id = str(accepted["id"])
    except (KeyError, IndexError, TypeError):
        return SendResult(SendOutcome.UNKNOWN, http_status=200, text="WhatsApp's answer could not be understood.")
    held = accepted.get("message_status") in {"held_for_quality_assessment", "paused"}
    outcome = SendOutcome.HELD if held else SendOutcome.ACCEPTED
    return SendResult(outcome, message_id=message_id, http_status=200, known_as=_known_as(body))


def _known_as(body: Mapping[str, Any]) -> list[str]:
    """Returns the addresses of an answer's `contacts`: the person's `wa_id` may differ from the number written to."""
    contacts = body.get("contacts")
    listed = [each for each in contacts if isinstance(each, dict)] if isinstance(contacts, list) else []
    if len(listed) != 1:  # one message has one person
        return []
    return [address for name in ("wa_id", "user_id") if (address := address_in(listed[0].get(name)))]


def _template(entry: Mapping[str, Any]) -> RemoteTemplate:
    quality = entry.get("quality_score")
    return RemoteTemplate(
        external_id=str(entry.get("id", "")),
        name=str(entry.get("name", "")),
        language=str(entry.get("language", "")),
        category=str(entry.get("category", "")).upper(),
        status=str(entry.get("status", "")).upper(),
        parameter_format=str(entry.get("parameter_format") or "POSITIONAL").upper(),
        quality=str(quality.get("score", "") if isinstance(quality, Mapping) else quality or "UNKNOWN").upper(),
        components=entry.get("components") or [],
        rejected_for=_why_rejected(entry),
    )


def _why_rejected(entry: Mapping[str, Any]) -> str:
    """Returns Meta's code; it writes NONE for templates that were not rejected."""
    code = str(entry.get("rejected_reason") or "").upper()
    return "" if code == "NONE" else code
