"""The sandbox provider: messages go nowhere, but are reported on as if they had."""

from __future__ import annotations

import asyncio
import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from whatsapp.providers.base import (
    Account,
    ErrorRule,
    JsonObject,
    Message,
    NotProved,
    NumberHealth,
    RemoteTemplate,
    SendOutcome,
    SendResult,
    WebhookRequest,
)
from whatsapp.providers.cloud import errors, splitting, webhooks
from whatsapp.providers.events import Event, Parcel
from whatsapp.providers.media import MediaUnavailable, Sink
from whatsapp.providers.sandbox import sample_files
from whatsapp.providers.sandbox.behaviour import behaviour_of
from whatsapp.providers.sandbox.samples import TEMPLATES
from whatsapp.providers.sandbox.wa_ids import wa_id_of
from whatsapp.reasons import Cause
from whatsapp.states import MediaProblem, PauseReason

if TYPE_CHECKING:
    import aiohttp

THROUGHPUT_MPS = 80
OFF = "debug_off"
OFF_RULE = ErrorRule(
    SendOutcome.CHANNEL_WIDE,
    _("The stand-in sends nothing where DEBUG is off. Connect a real number."),
    pause_reason=PauseReason.ACCOUNT.value,
)
"""Messages that go nowhere must not be counted as sent by an installation that is in use."""


class SandboxProvider:
    """Speaks like Meta's API, but needs no account."""

    name = "sandbox"
    can_prove_absence = True

    async def send(self, http: aiohttp.ClientSession, account: Account, message: Message) -> SendResult:
        """Accept a message after a realistic delay, or refuse it; where `DEBUG` is off, refuse everything."""
        if not settings.DEBUG:
            return _refused_here()
        message_id = f"sandbox.{message.attempt_id.hex}"
        plan = behaviour_of(message.address, message_id)
        await asyncio.sleep(plan.latency_s)
        if plan.refused:
            error = {"code": plan.refused, "message": f"(#{plan.refused}) Refused by the sandbox"}
            return errors.refused(400, error)
        known_as = [f"+{wa_id}"] if (wa_id := wa_id_of(message.address)) else []
        return SendResult(SendOutcome.ACCEPTED, message_id=message_id, http_status=200, known_as=known_as)

    async def send_text(
        self, http: aiohttp.ClientSession, account: Account, to: str, text: str, tracker: uuid.UUID | None = None
    ) -> SendResult:
        """Accept a free text, where `DEBUG` is on."""
        if not settings.DEBUG:
            return _refused_here()
        return SendResult(SendOutcome.ACCEPTED, message_id=f"sandbox.{(tracker or uuid.uuid4()).hex}", http_status=200)

    async def find_messages(
        self, http: aiohttp.ClientSession, account: Account, address: str, since: datetime
    ) -> list[str]:
        """Returns nothing: the sandbox stores no messages, so one whose answer was lost was never accepted."""
        return []

    async def list_templates(self, http: aiohttp.ClientSession, account: Account) -> list[RemoteTemplate]:
        """Returns some templates to try."""
        return list(TEMPLATES)

    async def number_health(self, http: aiohttp.ClientSession, account: Account) -> NumberHealth:
        """Returns the state of an ordinary number in good standing."""
        return NumberHealth(throughput_mps=THROUGHPUT_MPS, quality="GREEN")

    async def fetch_media(self, http: aiohttp.ClientSession, account: Account, reference: str, sink: Sink) -> str:
        """Write one of our own sample files, where `DEBUG` is on."""
        if not settings.DEBUG:
            raise MediaUnavailable(MediaProblem.REFUSED, is_final=True)
        content = sample_files.SAMPLES.get(reference)
        if content is None:
            raise MediaUnavailable(MediaProblem.GONE, is_final=True)
        sink.take(sample_files.sample(content))
        return ""

    async def prove(self, http: aiohttp.ClientSession, account: Account, *, vouched: bool) -> NumberHealth:
        """Returns the number's state where trying is allowed: the stand-in asks nobody for anything.

        Raises:
            NotProved: `DEBUG` is off, and the stand-in must not take the place of a provider.
        """
        if not settings.DEBUG:
            raise NotProved(Cause.SANDBOX_OFF)
        return await self.number_health(http, account)

    async def subscribe(self, http: aiohttp.ClientSession, account: Account) -> None:
        """Do nothing: the stand-in reports without being asked."""

    def rule_for(self, code: str) -> ErrorRule:
        """Returns Meta's rule, or our own."""
        return OFF_RULE if code == OFF else errors.rule_for(code)

    def verify(self, request: WebhookRequest, secret: str) -> bool:
        """Verify as for Meta's webhooks."""
        return webhooks.verify(request, secret)

    def split(self, request: WebhookRequest) -> list[Parcel]:
        """Split as Meta's webhooks are split."""
        return splitting.split(request.body)

    def read(self, payload: JsonObject, received_at: datetime) -> Event | None:
        """Read as Meta's webhooks are read."""
        return webhooks.read(payload, received_at)


def _refused_here() -> SendResult:
    return SendResult(SendOutcome.CHANNEL_WIDE, rule=OFF_RULE, code=OFF, text="DEBUG is off")
