"""The addresses that are told: adding, changing, switching off, secrets. All expect the business to be set."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from django.db import transaction

from businesses import audit
from businesses import credentials as encryption
from businesses.audit import AuditKind
from businesses.credentials import CredentialsUnreadable, decrypt_text, encrypt_text
from businesses.errors import TooManyEndpoints
from businesses.happenings import body_of
from businesses.hooks import signing
from businesses.models import Business, DeliveryState, Happening, SwitchedOff, WebhookDelivery, WebhookEndpoint
from businesses.models.webhooks import TEST
from businesses.tenancy import across_businesses

MOST: Final = 10
"""Addresses of one business: each happening writes a row for each of them."""
OVERLAP: Final = timedelta(hours=24)
"""After a new secret was made, messages are signed with the old one, too, so that receivers can change over."""


def add(business: Business, *, url: str, kinds: Sequence[Happening], now: datetime) -> tuple[WebhookEndpoint, str]:
    """Returns a new address and its secret, which can't be read again. Raises `TooManyEndpoints`."""
    secret = signing.secret_of(os.urandom(signing.SECRET_BYTES))
    with transaction.atomic():
        Business.every.select_for_update(no_key=True).get(pk=business.pk)  # two pages at once can't pass the limit
        if WebhookEndpoint.objects.filter(business=business).count() >= MOST:
            raise TooManyEndpoints(MOST)
        endpoint = WebhookEndpoint.objects.create(
            business=business, url=url, kinds=_codes(kinds), encrypted_secret=encrypt_text(secret), created_at=now
        )
        _note(endpoint, "added")
    return endpoint, secret


def change(endpoint: WebhookEndpoint, *, url: str, kinds: Sequence[Happening]) -> None:
    """Store another address, or other kinds. What waits goes to the new address."""
    with transaction.atomic():
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(url=url, kinds=_codes(kinds))
        endpoint.refresh_from_db()
        _note(endpoint, "changed")


def switch_on(endpoint: WebhookEndpoint) -> None:
    """Tell the address from now on. What happened meanwhile was not written down for it."""
    with transaction.atomic():
        if WebhookEndpoint.objects.filter(pk=endpoint.pk, is_on=False).update(
            is_on=True, off_because="", failing_since=None
        ):
            _note(endpoint, "switched_on")


def switch_off(endpoint: WebhookEndpoint, *, because: SwitchedOff, now: datetime) -> None:
    """Tell the address nothing more; what waits is given up, and can be sent again from the log."""
    with transaction.atomic():
        if WebhookEndpoint.objects.filter(pk=endpoint.pk, is_on=True).update(is_on=False, off_because=because):
            WebhookDelivery.objects.filter(endpoint=endpoint, state=DeliveryState.WAITING).update(
                state=DeliveryState.FAILED, finished_at=now, claim_token=None
            )
            _note(endpoint, "switched_off" if because == SwitchedOff.BY_MEMBER else because.value)


def remove(endpoint: WebhookEndpoint) -> None:
    """Remove an address with its log."""
    with transaction.atomic():
        _note(endpoint, "removed")
        endpoint.delete()


def rotate(endpoint: WebhookEndpoint, *, now: datetime) -> str:
    """Returns a new secret. Messages are signed with both for a day."""
    secret = signing.secret_of(os.urandom(signing.SECRET_BYTES))
    with transaction.atomic():
        row = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
        row.encrypted_old_secret, row.old_secret_until = row.encrypted_secret, now + OVERLAP
        row.encrypted_secret = encrypt_text(secret)
        row.save(update_fields=["encrypted_secret", "encrypted_old_secret", "old_secret_until"])
        _note(row, "secret_changed")
    return secret


def secrets_of(endpoint: WebhookEndpoint, *, now: datetime) -> list[str]:
    """Returns the secrets that hold now, the newest first. Raises `CredentialsUnreadable`."""
    kept = [endpoint.encrypted_secret]
    if endpoint.encrypted_old_secret and endpoint.old_secret_until and now < endpoint.old_secret_until:
        kept.append(endpoint.encrypted_old_secret)
    return [decrypt_text(each) for each in kept]


def rotate_webhook_secrets() -> tuple[int, list[str]]:
    """Encrypt the secrets of all addresses with the newest key. Returns how many, and those that can't be read."""
    rotated, unreadable = 0, []
    with across_businesses():  # the key belongs to the installation
        for endpoint in WebhookEndpoint.objects.select_related("business").iterator():
            kept = {name: getattr(endpoint, name) for name in ("encrypted_secret", "encrypted_old_secret")}
            try:
                fresh = {name: encryption.rotate(text) for name, text in kept.items()}
            except CredentialsUnreadable:
                unreadable.append(f"{endpoint.business.slug}: secret of a webhook address")
                continue
            rotated += WebhookEndpoint.objects.filter(pk=endpoint.pk, **kept).update(**fresh)
    return rotated, unreadable


def try_out(endpoint: WebhookEndpoint, *, now: datetime) -> WebhookDelivery:
    """Have a test message sent."""
    body = body_of(endpoint.business, TEST, {"text": "This is a test."}, at=now)
    return WebhookDelivery.objects.create(
        business=endpoint.business, endpoint=endpoint, kind=TEST, body=body, happened_at=now, due_at=now
    )


def send_again(delivery: WebhookDelivery, *, now: datetime) -> bool:
    """Send a message of the log once more, with the same id. Returns False if it waits to be sent anyway."""
    again = WebhookDelivery.objects.filter(pk=delivery.pk).exclude(state=DeliveryState.WAITING)
    return bool(again.update(state=DeliveryState.WAITING, attempts=0, due_at=now, finished_at=None))


def _codes(kinds: Sequence[Happening]) -> list[str]:
    return [kind.value for kind in Happening if kind in kinds]


def _note(endpoint: WebhookEndpoint, step: str) -> None:
    audit.record(endpoint.business, AuditKind.WEBHOOK_CHANGED, step=step, host=urlsplit(endpoint.url).hostname)
