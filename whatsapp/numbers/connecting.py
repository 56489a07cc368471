"""Connecting a business to its WhatsApp number, and asking the provider for the number's state."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from businesses.credentials import CredentialsUnreadable
from businesses.models import Business
from businesses.tenancy import acting_for
from whatsapp.errors import NotConnected
from whatsapp.models import Provider, Sender, SenderHealth
from whatsapp.numbers.asking import ask
from whatsapp.numbers.proving import fill, prove
from whatsapp.providers.base import NotProved, ProviderUnavailable
from whatsapp.reasons import Cause, reason

_ID = re.compile(r"[A-Za-z0-9_+][A-Za-z0-9_+-]{0,63}")
"""The ids of every provider. They become part of an address, so nothing that ends or changes one may be in them."""


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


def connect(business: Business, number: Number, *, now: datetime, vouched: bool = False) -> Connected:
    """Keep a number with its secrets, and make it active if the provider confirms it. `vouched`: see `prove`.

    A number that is active already is changed only by what the provider confirms.

    Raises:
        NotConnected: an id can't be one, or the provider does not confirm new values of an active number.
    """
    for written in (number.number_id, number.account_id):
        if not is_id(written):
            raise NotConnected(_("“%(id)s” can't be the id of a number or account.") % {"id": written[:70]})
    with acting_for(business):
        sender = Sender.objects.filter(
            business=business, provider=number.provider, number_id=number.number_id
        ).first() or Sender(business=business, provider=number.provider, number_id=number.number_id)
        is_new, was_proved = sender._state.adding, sender.is_proved
        sender.account_id = number.account_id
        sender.phone = number.phone or sender.phone
        sender.max_mps = sender.max_mps if number.max_mps is None else number.max_mps
        sender.set_credentials(number.credentials)
        try:
            prove(sender, now=now, vouched=vouched)
        except ProviderUnavailable as problem:
            if was_proved:
                raise NotConnected(_("%(why)s The number stays as it was.") % {"why": problem}) from problem
            _keep_waiting(sender, problem)
            return Connected(sender, is_new, problem)
    return Connected(sender, is_new)


def replace_secret(sender: Sender, secret: str, *, now: datetime) -> None:
    """Store another access token (Twilio: auth token) once the provider has confirmed the number with it.

    A number that waits for its proof keeps the token in any case, and is asked about.

    Raises:
        ProviderUnavailable: the provider does not confirm it; an active number goes on with its old token.
    """
    name = "auth_token" if sender.provider == Provider.TWILIO else "access_token"
    was_proved = sender.is_proved
    try:
        known = sender.credentials
    except CredentialsUnreadable:
        known = {}
    sender.set_credentials({**known, name: secret})
    try:
        prove(sender, now=now)
    except ProviderUnavailable as problem:
        if not was_proved:
            _keep_waiting(sender, problem)
        raise


def check(sender: Sender, *, now: datetime, vouched: bool = False) -> None:
    """Ask the provider for the number's throughput, daily limit and quality; a number that waits is proved.

    Raises:
        ProviderUnavailable: the provider did not answer, or does not confirm the number; it is as active as before.
    """
    if not sender.is_proved:
        try:
            prove(sender, now=now, vouched=vouched)
        except ProviderUnavailable as problem:
            _keep_waiting(sender, problem)
            raise
        return
    health = ask(sender, lambda provider, http, account: provider.number_health(http, account))
    fill(sender, health, now)
    sender.save(update_fields=["throughput_mps", "messaging_limit", "quality", "portfolio_id", "phone", "checked_at"])


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
    return list(Sender.objects.filter(business=business, proved_account=None).order_by("created_at"))


def senders_of(business: Business) -> list[Sender]:
    """Returns the business's active numbers, newest first. Raises `NotConnected` if there is none."""
    senders = list(Sender.objects.filter(business=business, proved_account__isnull=False).order_by("-created_at"))
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
