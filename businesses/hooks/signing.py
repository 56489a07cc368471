"""Signing webhooks by the scheme of standardwebhooks.com: HMAC-SHA256 over id, time and body. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Final

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32


def secret_of(random: bytes) -> str:
    """Returns a secret as receivers enter it: `whsec_` and base64."""
    return PREFIX + base64.b64encode(random).decode()


def headers(secrets: Sequence[str], *, message_id: str, body: bytes, now: datetime) -> dict[str, str]:
    """Returns the headers that prove a message: a signature for each secret that holds at the moment."""
    seconds = str(int(now.timestamp()))
    signed = b".".join((message_id.encode(), seconds.encode(), body))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(_signature(secret, signed) for secret in secrets),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
