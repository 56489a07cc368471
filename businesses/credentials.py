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
    return _keys().encrypt(json.dumps(dict(secrets)).encode()).decode()


def decrypt(text: str) -> dict[str, str]:
    """Returns what `encrypt` was given; an empty dict for an empty text. Raises `CredentialsUnreadable`."""
    if not text:
        return {}
    try:
        secrets: dict[str, str] = json.loads(_keys().decrypt(text))
    except InvalidToken:
        raise CredentialsUnreadable from None
    return secrets


def rotate(text: str) -> str:
    """Returns the same secrets, encrypted with the newest key. Raises `CredentialsUnreadable`."""
    try:
        return _keys().rotate(text).decode() if text else text
    except InvalidToken:
        raise CredentialsUnreadable from None
