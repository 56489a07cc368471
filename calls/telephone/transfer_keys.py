"""The secret in the addresses that Twilio asks on the leg of a called person: they put two people together."""

from __future__ import annotations

import hmac
from typing import Final
from uuid import UUID

from django.utils.crypto import salted_hmac

ACCEPTS: Final = "1"
"""The key that takes a call."""


def secret_of(transfer_id: UUID, number: int) -> str:
    """Returns the secret of the `number`th number of a transfer."""
    named = f"{transfer_id}:{number}"
    return salted_hmac("calls.telephone.transfer_keys", named, algorithm="sha256").hexdigest()[:32]


def is_secret(told: str, transfer_id: UUID, number: int) -> bool:
    """Returns whether an address has its secret."""
    return hmac.compare_digest(told.encode(), secret_of(transfer_id, number).encode())
