"""Secrets at rest: only the installation's keys open them."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet

from businesses.credentials import CredentialsUnreadable, decrypt, encrypt, rotate

SECRETS = {"access_token": "EAAG-very-secret", "note": "שלום"}


@pytest.fixture
def keys(settings: Any) -> list[str]:
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode() for _ in range(2)]
    return list(settings.FIELD_ENCRYPTION_KEYS)


def test_what_was_encrypted_is_read_back_and_nothing_shows(keys: list[str]) -> None:
    kept = encrypt(SECRETS)
    assert decrypt(kept) == SECRETS
    assert "secret" not in kept
    assert encrypt(SECRETS) != kept


def test_no_secret_is_no_error() -> None:
    assert (decrypt(""), rotate("")) == ({}, "")


def test_older_keys_still_open_and_the_newest_closes(keys: list[str], settings: Any) -> None:
    settings.FIELD_ENCRYPTION_KEYS = keys[1:]
    old = encrypt(SECRETS)
    settings.FIELD_ENCRYPTION_KEYS = keys
    assert decrypt(old) == SECRETS
    fresh = rotate(old)
    settings.FIELD_ENCRYPTION_KEYS = keys[:1]
    assert decrypt(fresh) == SECRETS
    with pytest.raises(CredentialsUnreadable, match="FIELD_ENCRYPTION_KEYS"):
        decrypt(old)
    with pytest.raises(CredentialsUnreadable):
        rotate(old)


@pytest.mark.parametrize("broken", ["nonsense", "gAAAAA"])
def test_a_broken_text_is_unreadable(broken: str, keys: list[str]) -> None:
    with pytest.raises(CredentialsUnreadable):
        decrypt(broken)
