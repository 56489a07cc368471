"""Connecting a business to its WhatsApp number, and asking the provider for the number's state."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from businesses.audit import AuditKind, record
from businesses.credentials import CredentialsUnreadable
from businesses.models import Business
from businesses.tenancy import acting_for
from whatsapp.errors import NotConnected
from whatsapp.models import Provider, Sender, SenderHealth
from whatsapp.numbers.asking import ASK_TIMEOUT_S, ask
from whatsapp.numbers.proving import fill, prove
from whatsapp.providers.base import NotProved, ProviderUnavailable
from whatsapp.reasons import Cause, reason

_ID = re.compile(r"[A-Za-z0-9_+][A-Za-z0-9_+-]{0,63}")
"""The ids of every provider. They become part of an address, so nothing that ends or changes one may be in them."""
SECRET_NAMES: Mapping[str, str] = {Provider.CLOUD: "access_token", Provider.TWILIO: "auth_token"}
"""What a provider's client calls the secret that every number has."""
NO_ID = gettext_lazy("“%(id)s” can't be the id of a number or account.")
ALREADY_CONNECTED = gettext_lazy("This number is already connected.")


@dataclass(frozen=True, slots=True)
class Number:
    """What identifies a number at its provider, and its secrets. With `max_mps` None the limit is left as it is."""

    provider: str
    number_id: str
    account_id: str
    credentials: Mapping[str, str]
    phone: str = ""
    max_mps: float | None = None


@dataclass(frozen=True, slots=True)
class Connected:
    """A number that was typed. With a `problem` it is kept, but waits for its proof."""

    sender: Sender
    is_new: bool
    problem: ProviderUnavailable | None = None


def stand_in(business: Business, *, number_id: str = "", phone: str = "", max_mps: float | None = None) -> Number:
    """Returns a number of the sandbox, which needs no account."""
    name = f"sandbox-{business.slug}"
    return Number(Provider.SANDBOX, number_id or name, name, {"key": secrets.token_hex(8)}, phone, max_mps)


def is_id(written: str) -> bool:
    """Returns whether this can be the id of a number or account."""
    return bool(_ID.fullmatch(written))


def secrets_of(provider: str, account_id: str, *, token: str, app_secret: str = "") -> dict[str, str]:
    """Returns what was typed under the names by which the provider's client takes it; what is empty is left out."""
    typed = {SECRET_NAMES[provider]: token, "app_secret": app_secret} if provider in SECRET_NAMES else {}
    named = {name: value for name, value in typed.items() if value}
    return {"account_sid": account_id, **named} if provider == Provider.TWILIO else named


def connect(
    business: Business,
    number: Number,
    *,
    now: datetime,
    vouched: bool = False,
    timeout_s: float = ASK_TIMEOUT_S,
    instead_of: Sender | None = None,
) -> Connected:
    """Keep a number with its secrets, and make it active if the provider confirms it.

    `vouched`, `timeout_s`: see `prove`. `instead_of`: a number that waits for its proof and was typed wrong; it becomes
    this one, and keeps the secrets that are not typed again.

    A number that is active already is changed only by what the provider confirms.

    Raises:
        NotConnected: an id can't be one, or the provider does not confirm new values of an active number.
    """
    for written in (number.number_id, number.account_id):
        if not is_id(written):
            raise NotConnected(NO_ID % {"id": written[:70]})
    with acting_for(business):
        sender = _row_of(business, number, instead_of)
        is_new, was_proved = sender._state.adding, sender.is_proved
        sender.account_id = number.account_id
        sender.phone = number.phone or sender.phone
        sender.max_mps = sender.max_mps if number.max_mps is None else number.max_mps
        sender.set_credentials({**(known_secrets(sender) if instead_of else {}), **number.credentials})
        try:
            prove(sender, now=now, vouched=vouched, timeout_s=timeout_s)
        except ProviderUnavailable as problem:
            if was_proved:
                raise NotConnected(_("%(why)s The number stays as it was.") % {"why": problem}) from problem
            _keep_waiting(sender, problem)
            return Connected(sender, is_new, problem)
    return Connected(sender, is_new)


def _row_of(business: Business, number: Number, instead_of: Sender | None) -> Sender:
    """Returns the row of a number: the business's own, that of another number that was typed wrong, or a new one.

    Raises:
        NotConnected: the number was typed in place of another, and the business has it already.
    """
    known = Sender.objects.filter(business=business, provider=number.provider, number_id=number.number_id).first()
    if instead_of is None or instead_of.is_proved:
        return known or Sender(business=business, provider=number.provider, number_id=number.number_id)
    if known and known.pk != instead_of.pk:
        raise NotConnected(ALREADY_CONNECTED)
    instead_of.number_id = number.number_id
    return instead_of


def known_secrets(sender: Sender) -> dict[str, str]:
    """Returns the secrets that are stored for a number; none if they can't be read."""
    try:
        return sender.credentials
    except CredentialsUnreadable:
        return {}


def replace_secret(
    sender: Sender, secret: str, *, now: datetime, app_secret: str = "", timeout_s: float = ASK_TIMEOUT_S
) -> None:
    """Store another access token (Twilio: auth token) once the provider has confirmed the number with it.

    A number that waits for its proof keeps the token in any case, and is asked about. `app_secret`: of the Meta app
    that made the token, if it is another than before.

    Raises:
        ProviderUnavailable: the provider does not confirm it; an active number goes on with its old token.
    """
    was_proved = sender.is_proved
    typed = secrets_of(sender.provider, sender.account_id, token=secret, app_secret=app_secret)
    sender.set_credentials({**known_secrets(sender), **typed})
    try:
        prove(sender, now=now, timeout_s=timeout_s)
    except ProviderUnavailable as problem:
        if not was_proved:
            _keep_waiting(sender, problem)
        raise
    record(sender.business, AuditKind.CREDENTIALS_CHANGED, sender=str(sender.pk))


def check(sender: Sender, *, now: datetime, vouched: bool = False, timeout_s: float = ASK_TIMEOUT_S) -> None:
    """Ask the provider for the number's throughput, daily limit and quality; a number that waits is proved.

    Raises:
        ProviderUnavailable: the provider did not answer, or does not confirm the number; it is as active as before.
    """
    if not sender.is_proved:
        try:
            prove(sender, now=now, vouched=vouched, timeout_s=timeout_s)
        except ProviderUnavailable as problem:
            _keep_waiting(sender, problem)
            raise
        return
    health = ask(sender, lambda provider, http, account: provider.number_health(http, account), timeout_s=timeout_s)
    fill(sender, health, now)
    sender.save(
        update_fields=[
            "throughput_mps",
            "messaging_limit",
            "quality",
            "portfolio_id",
            "phone",
            "checked_at",
            "display_name",
        ]
    )


def _keep_waiting(sender: Sender, problem: ProviderUnavailable) -> None:
    """Keep what was typed, inactive, with the reason."""
    why = problem.reason if isinstance(problem, NotProved) else reason(Cause.NOT_PROVED)
    sender.proved_account = None
    sender.health, sender.cause, sender.cause_data = SenderHealth.BLOCKED, why.cause, dict(why.data)
    try:
        with transaction.atomic():
            sender.save()
    except IntegrityError as error:  # typed twice at once
        raise NotConnected(_("This number is being connected already. Try again.")) from error


def waiting_of(business: Business) -> list[Sender]:
    """Returns the business's numbers that the provider has not confirmed yet."""
    unproved = Sender.objects.filter(business=business, proved_account=None)
    return list(unproved.exclude(cause=Cause.DISCONNECTED).order_by("created_at"))


def proved_senders(business: Business) -> list[Sender]:
    """Returns the business's active numbers, newest first."""
    return list(Sender.objects.filter(business=business, proved_account__isnull=False).order_by("-created_at"))


def senders_of(business: Business) -> list[Sender]:
    """Returns the business's active numbers, newest first. Raises `NotConnected` if there is none."""
    senders = proved_senders(business)
    if senders:
        return senders
    if waiting_of(business):
        raise NotConnected(
            _("WhatsApp has not confirmed the number of %(name)s yet. Check it on the page of numbers.")
            % {"name": business.name}
        )
    raise NotConnected(
        _("%(name)s has no WhatsApp number yet. Connect one: manage.py connect_whatsapp %(slug)s …")
        % {"name": business.name, "slug": business.slug}
    )
