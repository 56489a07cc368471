"""How a program signs in at Twilio's REST API, for calls and for WhatsApp alike: HTTP's Basic scheme (RFC 7617)."""

from __future__ import annotations

from base64 import b64encode


def headers_of(account: str, token: str) -> dict[str, str]:
    """Returns the header that proves who asks. Without a token Twilio refuses it."""
    return {"Authorization": f"Basic {b64encode(f'{account}:{token}'.encode()).decode()}"}
