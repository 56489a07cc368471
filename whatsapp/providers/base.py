"""What sending and webhooks need from a WhatsApp provider. Each provider is one folder with the same files.

`client.py` talks to the provider, `payloads.py` writes its requests, `errors.py` is its error table,
`webhooks.py` verifies and reads the provider's webhooks. See `docs/adding-a-provider.md`.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum, auto
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from django.utils.functional import Promise

from whatsapp.errors import ReasonedError
from whatsapp.providers.events import Event, Parcel
from whatsapp.providers.media import Sink
from whatsapp.reasons import Cause, Datum, Reason
from whatsapp.template_variables import TemplateVariable

if TYPE_CHECKING:
    import aiohttp

JsonObject = Mapping[str, Any]
"""A JSON object in the provider's own shape."""


class SendOutcome(StrEnum):
    """The meaning of an answer, or of its absence, for one message."""

    ACCEPTED = "accepted"
    HELD = "held"  # accepted, but held back by the provider to watch the template's quality
    SAFE_RETRY = "safe_retry"  # it never left this machine
    THROTTLED = "throttled"  # refused: the number sends too fast
    RETRY = "retry"  # refused for a temporary reason
    DEFERRED = "deferred"  # refused: this person gets too much marketing; try once more a day later
    PERMANENT = "permanent"  # refused for good, for this person only
    SUPPRESS = "suppress"  # this person does not want (marketing) messages
    TEMPLATE_WIDE = "template_wide"  # refused, as it would be for everybody else with this template
    CHANNEL_WIDE = "channel_wide"  # refused, as every message of this number would be
    UNKNOWN = "unknown"  # it may have been accepted: never send again without proof


class PauseScope(StrEnum):
    """How far a channel-wide refusal reaches."""

    SENDER = "sender"
    ACCOUNT = "account"  # every number of the account at the provider


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """What to do about one error code, and what to tell the person who reads it.

    `retry_after_s` is the first wait, `backoff` its growth with each try, `tries` the number of tries in all
    (0: no limit). `pause_reason` is a broadcast's `pause_reason`, `resume_after_s` ends that pause.
    `may_be_one_row`: a template-wide refusal that the values of a single person may have caused.
    """

    outcome: SendOutcome
    explanation: str | Promise
    retry_after_s: float = 30.0
    backoff: float = 4.0
    tries: int = 4
    pause_reason: str = ""
    resume_after_s: float | None = None
    scope: PauseScope = PauseScope.SENDER
    counts_against_broadcast: bool = False
    may_be_one_row: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """A sender as its provider knows it, with decrypted secrets. Never logged: `secrets` stays out of `repr`."""

    provider: str
    number_id: str  # Meta: phone number id; Twilio: the number or messaging service
    account_id: str  # Meta: WhatsApp business account; Twilio: account sid
    phone: str  # E.164
    api_url: str
    callback_url: str  # where the provider posts its webhooks
    secrets: Mapping[str, str] = field(repr=False)


def in_path(written: str) -> str:
    """Returns an id as a part of an address: what would end that part or begin another is escaped."""
    return quote(written, safe="+")


@dataclass(frozen=True, slots=True)
class Template:
    """The frozen template of a broadcast, with the values that each message must bring."""

    external_id: str
    name: str
    language: str
    category: str
    parameter_format: str
    variables: Sequence[TemplateVariable]


@dataclass(frozen=True, slots=True)
class Message:
    """One template message to one person; `attempt_id` comes back with every status of it."""

    attempt_id: uuid.UUID
    address: str  # +E.164, or a BSUID like US.1349…
    is_phone: bool
    template: Template
    params: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SendResult:
    """The answer to one message. `error` is the provider's own JSON, kept for support.

    `known_as`: addresses under which the provider knows the person, in any form, the one that was sent to perhaps too.
    """

    outcome: SendOutcome
    rule: ErrorRule | None = None
    message_id: str = ""
    http_status: int | None = None
    code: str = ""
    text: str = ""
    retry_after_s: float | None = None
    error: JsonObject = field(default_factory=dict)
    known_as: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class RemoteTemplate:
    """A template as the provider lists it, in Meta's words (APPROVED, MARKETING, NAMED) and components' shape.

    `quick_replies`: the texts of the buttons that answer, where `components` doesn't hold them. `rejected_for`: the
    provider's code for why it was rejected.
    """

    external_id: str
    name: str
    language: str
    category: str
    status: str
    parameter_format: str
    quality: str
    components: Sequence[JsonObject]
    quick_replies: Sequence[str] = ()
    rejected_for: str = ""


@dataclass(frozen=True, slots=True)
class NumberHealth:
    """What the provider says about a number; None where it says nothing. `daily_limit` may be `events.NO_LIMIT`."""

    throughput_mps: int | None = None
    daily_limit: int | None = None
    quality: str = ""
    portfolio_id: str = ""
    display_phone: str = ""
    verified_name: str = ""


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A POST to one of our webhook addresses. `headers` have lower-case names, `url` is as the provider called it."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class ProviderUnavailable(Exception):
    """The provider did not answer a question (other than a message): ask again later, or check the credentials."""


class Doubted(StrEnum):
    """What of that which was typed the provider does not accept."""

    TOKEN = auto()
    TOKEN_EXPIRED = auto()
    TOKEN_RIGHTS = auto()  # it is genuine, but may not do this
    APP_SECRET = auto()
    NUMBER = auto()
    ACCOUNT = auto()
    PAIR = auto()  # both exist, but the number is in another account
    TAKEN = auto()  # another business has proved it


class NotProved(ReasonedError, ProviderUnavailable):
    """The provider answered, and did not show this number in this account to this token. `doubted`: if it told."""

    def __init__(self, why: Cause | Reason, *, doubted: Doubted | None = None, **data: Datum) -> None:
        super().__init__(why, **data)
        self.doubted = doubted


class ProviderClient(Protocol):
    """One way to reach WhatsApp. Implementations hold no state except constant tables."""

    name: str
    can_prove_absence: bool
    """Whether `find_messages` is supported: the provider can be asked if a message was accepted."""

    async def send(self, http: aiohttp.ClientSession, account: Account, message: Message) -> SendResult:
        """Post one template message. Never raises: every failure is an outcome."""

    async def send_text(
        self, http: aiohttp.ClientSession, account: Account, to: str, text: str, tracker: uuid.UUID | None = None
    ) -> SendResult:
        """Post free text, allowed within 24 h of the person's last message. `tracker` comes back in its statuses."""

    async def find_messages(
        self, http: aiohttp.ClientSession, account: Account, address: str, since: datetime
    ) -> list[str]:
        """Returns the ids of all messages accepted for this person since then. See `can_prove_absence`.

        Raises:
            ProviderUnavailable: there was no answer, so nothing is known.
        """

    async def list_templates(self, http: aiohttp.ClientSession, account: Account) -> list[RemoteTemplate]:
        """Returns every template of the account.

        Raises:
            ProviderUnavailable: the text gives the reason.
        """

    async def number_health(self, http: aiohttp.ClientSession, account: Account) -> NumberHealth:
        """Returns throughput, daily limit and quality of the number.

        Raises:
            ProviderUnavailable: the text gives the reason.
        """

    async def fetch_media(self, http: aiohttp.ClientSession, account: Account, reference: str, sink: Sink) -> str:
        """Fetch a file of a message (`Attached.reference`). Returns its SHA-256 in hex; "" if the provider tells none.

        Raises:
            MediaUnavailable: it can't be had now, or never.
        """

    async def prove(self, http: aiohttp.ClientSession, account: Account, *, vouched: bool) -> NumberHealth:
        """Returns what `number_health` returns, once the provider has answered for token, number and account together.

        `vouched`: an operator types this; then a server that stands in for the provider may lack the addresses asked.

        Raises:
            NotProved: the provider answered, and did not show the number in the account.
            ProviderUnavailable: it did not answer, so nothing is known.
        """

    async def subscribe(self, http: aiohttp.ClientSession, account: Account) -> None:
        """Have the provider post news of the account to us, if that has to be asked for. Safe to repeat.

        Raises:
            ProviderUnavailable: the text gives the reason.
        """

    def rule_for(self, code: str) -> ErrorRule:
        """Returns the rule for an error code, from an answer or from a webhook."""

    def verify(self, request: WebhookRequest, secret: str) -> bool:
        """Returns whether the signature of the raw body is right."""

    def split(self, request: WebhookRequest) -> list[Parcel]:
        """Split a webhook into single updates, each with a key that is the same in every repetition.

        Raises:
            ValueError: the body is not in the shape of this provider's webhooks.
        """

    def read(self, payload: JsonObject, received_at: datetime) -> Event | None:
        """Returns the event of a parcel that came at this time; None if it does not concern us.

        Raises:
            KeyError, ValueError, TypeError: the parcel does not have the documented shape.
        """
