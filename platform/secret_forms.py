"""Are the secrets of an installation usable? What certainly is not is refused at the start; doubts are remarks."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

DEVELOPMENT_KEY = "only-for-development-never-for-a-public-installation"
SHORTEST_KEY, GOOD_KEY = 32, 50
"""Characters of `SECRET_KEY`: fewer are refused; fewer than Django's recommendation are remarked on."""
FEWEST_LETTERS = 5
"""Different characters of `SECRET_KEY`, as in Django's own check."""
SHORTEST_TOKEN = 16
_SHARED = ("TWILIO_AUTH_TOKEN", "WHATSAPP_APP_SECRET", "METRICS_TOKEN", "WHATSAPP_VERIFY_TOKEN")
DOUBTED = ("SECRET_KEY", "PUBLIC_URL", "TWILIO_ACCOUNT_SID", "OPENAI_API_KEY", *_SHARED)
"""Settings that `doubts` looks at."""
_ACCOUNT_SID = re.compile(r"AC[0-9a-f]{32}")


def refusals(*, debug: bool, secret_key: str, public_url: str, encryption_keys: Sequence[str]) -> list[str]:
    """Returns why an installation must not start like this, with what to do; empty if it may."""
    found = []
    url = urlsplit(public_url)
    if url.scheme not in {"http", "https"} or not url.hostname:
        found.append("PUBLIC_URL must be an address like https://frontdesk.example.com.")
    if debug and url.scheme == "https":
        found.append(
            "DEBUG is on and PUBLIC_URL is https: a public installation would take unsigned webhooks, show its "
            "figures to everyone and sign with a known key. Set DEBUG=0, or PUBLIC_URL to http://127.0.0.1:8000."
        )
    if not debug and secret_key == DEVELOPMENT_KEY:
        found.append("SECRET_KEY is the one of development, which everyone knows. Make one as .env.example says.")
    elif not debug and (len(secret_key) < SHORTEST_KEY or len(set(secret_key)) < FEWEST_LETTERS):
        found.append(f"SECRET_KEY needs {SHORTEST_KEY} characters or more. Make one as .env.example says.")
    for number, key in enumerate(encryption_keys, start=1):
        if not is_fernet_key(key):
            found.append(
                f"Key {number} of FIELD_ENCRYPTION_KEYS is not a Fernet key (32 bytes as 44 characters of base64). "
                "Make one as .env.example says."
            )
    return found


def address_refusals(*, realtime_url: str, base_url: str) -> list[str]:
    """Returns what is wrong with the addresses of OpenAI's API, and what is right; empty if nothing is."""
    found = []
    for name, written, schemes, right in (
        ("OPENAI_REALTIME_URL", realtime_url, {"ws", "wss"}, "wss://api.openai.com/v1"),
        ("OPENAI_BASE_URL", base_url, {"http", "https"}, "https://api.openai.com/v1"),
    ):
        url = urlsplit(written)
        if url.scheme not in schemes or not url.hostname:
            found.append(f"{name} must be an address like {right}.")
        elif url.query or url.path.rstrip("/").endswith("/realtime"):
            found.append(f"{name} must end before “/realtime”, like {right}: the rest is added for each request.")
    return found


def is_fernet_key(key: str) -> bool:
    """Returns whether this is the form of a Fernet key."""
    try:
        return len(base64.urlsafe_b64decode(key)) == 32
    except (binascii.Error, ValueError):
        return False


def doubts(variables: Mapping[str, str]) -> list[str]:
    """Returns remarks about values that look wrong or weak; `variables` holds them by name, and none is repeated."""
    found = []
    if len(variables.get("SECRET_KEY", "")) < GOOD_KEY:
        found.append(f"SECRET_KEY has fewer than {GOOD_KEY} characters: make a longer one as .env.example says.")
    if variables.get("PUBLIC_URL", "").startswith("http://"):
        found.append("PUBLIC_URL is http: passwords and calls cross the network in the clear. Put a proxy with https.")
    if (sid := variables.get("TWILIO_ACCOUNT_SID")) and not _ACCOUNT_SID.fullmatch(sid):
        found.append("TWILIO_ACCOUNT_SID does not look like one: “AC” and 32 digits and letters from a to f.")
    if (key := variables.get("OPENAI_API_KEY")) and not key.startswith("sk-"):
        found.append("OPENAI_API_KEY does not look like one: they begin with “sk-”.")
    short = [name for name in _SHARED if 0 < len(variables.get(name, "")) < SHORTEST_TOKEN]
    return found + [f"{name} has fewer than {SHORTEST_TOKEN} characters: others could guess it." for name in short]
