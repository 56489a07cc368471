"""Keyed fingerprints of addresses: they recognize an erased person's number without telling it.

HMAC-SHA256 under a random key of the business. A plain hash would tell the number: there are only a few thousand
million of them. The key is stored encrypted (`FIELD_ENCRYPTION_KEYS`), so a copy of the database alone is of no use.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence

from businesses.credentials import CredentialsUnreadable, decrypt, encrypt
from businesses.models import AddressKey, Business

PREFIX = "hash:"
"""Begins a fingerprint where it stands in the place of an address."""
_DIGITS = 48
"""Of the hexadecimal digest: 192 bits."""


def fingerprints(
    business: Business, addresses: Iterable[str], *, keys: Sequence[AddressKey] | None = None
) -> dict[str, str]:
    """Returns each address's fingerprint by the address; nothing while the business has erased nobody.

    `keys`: the business's key, if the caller has looked for it. Raises `CredentialsUnreadable` when the key can't be
    read: nobody may be messaged then.
    """
    found = AddressKey.objects.filter(business=business)[:1] if keys is None else keys
    if not found:
        return {}
    key = _opened(found[0])
    return {address: _fingerprint(key, address) for address in addresses if not is_fingerprint(address)}


def readable_fingerprints(business: Business, addresses: Iterable[str]) -> list[str]:
    """Returns the addresses' fingerprints, for showing what is known; none when the key can't be read."""
    try:
        return list(fingerprints(business, addresses).values())
    except CredentialsUnreadable:
        return []


def new_fingerprint(business: Business, address: str) -> str:
    """Returns an address's fingerprint; the key is made if there is none yet."""
    row = AddressKey.objects.filter(business=business).first()
    if row is None:
        fresh = encrypt({"key": secrets.token_hex(32)})
        # Of two processes one makes the key; both use what is stored.
        AddressKey.objects.bulk_create([AddressKey(business=business, encrypted_key=fresh)], ignore_conflicts=True)
        row = AddressKey.objects.get(business=business)
    return _fingerprint(_opened(row), address)


def is_fingerprint(address: str) -> bool:
    """Returns whether this is a fingerprint and no address."""
    return address.startswith(PREFIX)


def _opened(row: AddressKey) -> bytes:
    return bytes.fromhex(decrypt(row.encrypted_key)["key"])


def _fingerprint(key: bytes, address: str) -> str:
    return PREFIX + hmac.new(key, address.encode(), hashlib.sha256).hexdigest()[:_DIGITS]
