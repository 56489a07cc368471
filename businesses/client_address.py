"""The network address of a client, as far as it can be believed."""

from __future__ import annotations

from django.conf import settings


def of(peer: str, forwarded_for: str) -> str:
    """Returns the address that the proxy saw, where there is a proxy (`ALLAUTH_TRUSTED_PROXY_COUNT`), or the peer's.

    The proxy must overwrite or append to `X-Forwarded-For` (docs/deploy.md); what stands before its own entry is the
    client's claim.
    """
    if getattr(settings, "ALLAUTH_TRUSTED_PROXY_COUNT", 0) and forwarded_for:
        return forwarded_for.rpartition(",")[2].strip()
    return peer
