"""Secrets of businesses (access tokens of their providers), encrypted in the database.

`FIELD_ENCRYPTION_KEYS` holds Fernet keys, newest first: the first encrypts, every one decrypts. To rotate, put a
new key in front, restart, run `rotate_credentials`, then drop the old key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class CredentialsUnreadable(RuntimeError):
    """None of the installation's keys opens a stored secret."""

    def __init__(self) -> None:
        super().__init__(
            "None of FIELD_ENCRYPTION_KEYS opens this secret. Put the key that was in use when it was stored back at "
            "the end of the list, or enter the secret again."
        )


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.FIELD_ENCRYPTION_KEYS])


def encrypt(secrets: Mapping[str, str]) -> str:
    """Returns the secrets as encrypted text, or an empty text for none."""
    return encrypt_text(json.dumps(dict(secrets)))


def decrypt(text: str) -> dict[str, str]:
    """Returns what `encrypt` was given; an empty dict for an empty text. Raises `CredentialsUnreadable`."""
    if not text:
        return {}
    secrets: dict[str, str] = json.loads(decrypt_text(text))
    return secrets


def encrypt_text(secret: str) -> str:
    """Returns one secret as encrypted text."""
    return _keys().encrypt(secret.encode()).decode()


def decrypt_text(text: str) -> str:
    """Returns what `encrypt_text` was given. Raises `CredentialsUnreadable`."""
    try:
        return _keys().decrypt(text).decode()
    except InvalidToken:
        raise CredentialsUnreadable from None


def is_encrypted(text: str) -> bool:
    """Returns whether a text has the form of an encrypted one (a Fernet token: version 0x80, then a time)."""
    return text.startswith("gAAAA")


def rotate(text: str) -> str:
    """Returns the same secrets, encrypted with the newest key. Raises `CredentialsUnreadable`."""
    try:
        return _keys().rotate(text).decode() if text else text
    except InvalidToken:
        raise CredentialsUnreadable from None
