"""Encrypts the stored secrets of second factors again: with a newer key, or for the first time."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction

from businesses import credentials
from businesses.credentials import CredentialsUnreadable

SECRETS = ("secret", "seed")
"""Keys of `Authenticator.data` that hold a secret; `migrated_codes` holds a list of them."""


def rotate_second_factors() -> tuple[int, list[str]]:
    """Returns how many authenticators were encrypted with the newest key, and whose can't be read."""
    rotated, unreadable = 0, []
    for key in Authenticator.objects.values_list("pk", flat=True):
        with transaction.atomic():
            # Locked: a recovery code that is used meanwhile changes the same column.
            each = Authenticator.objects.select_for_update().select_related(None).filter(pk=key).first()
            try:
                rotated += each is not None and _rotate(each)
            except CredentialsUnreadable:
                unreadable.append(f"second factor of person {each.user_id}")
    return rotated, unreadable


def encrypt_plain_second_factors() -> int:
    """Encrypt what an earlier release stored in the clear. Returns the number of authenticators."""
    plain = [
        each.pk
        for each in Authenticator.objects.iterator()
        if not all(map(credentials.is_encrypted, kept_secrets(each)))
    ]
    done = 0
    for key in plain:
        with transaction.atomic():
            each = Authenticator.objects.select_for_update().filter(pk=key).first()
            done += each is not None and _rotate(each)
    return done


def _rotate(authenticator: Authenticator) -> bool:
    data = authenticator.data
    fresh: dict[str, Any] = {name: _fresh(data[name]) for name in SECRETS if name in data}
    if "migrated_codes" in data:
        fresh["migrated_codes"] = [_fresh(code) for code in data["migrated_codes"]]
    authenticator.data = {**data, **fresh}
    authenticator.save(update_fields=["data"])
    return bool(fresh)


def kept_secrets(authenticator: Authenticator) -> list[str]:
    """Returns the secrets of a second factor as they are stored: encrypted, except those of an earlier release."""
    data = authenticator.data
    return [*(data[name] for name in SECRETS if name in data), *data.get("migrated_codes", [])]


def _fresh(text: str) -> str:
    return credentials.rotate(text) if credentials.is_encrypted(text) else credentials.encrypt_text(text)
