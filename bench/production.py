"""The settings of the processes that are measured: those of production.

With `DEBUG`, Django keeps every query that a connection was asked, which costs time and memory that no installation
has to pay. What differs from process to process (`PUBLIC_URL`, the addresses of databases) is not in here.
"""

from __future__ import annotations

from typing import Final

from testing.check import PRODUCTION

TWILIO_TOKEN: Final = "a-token-of-the-stand-in"
"""What the stand-in for Twilio signs with."""
_OF_EACH_PROCESS: Final = {"PUBLIC_URL", "DATABASE_URL", "REDIS_URL"}
SETTINGS: Final = {
    **{name: value for name, value in PRODUCTION.items() if name not in _OF_EACH_PROCESS},
    "TWILIO_AUTH_TOKEN": TWILIO_TOKEN,
}
KEYS: Final = {name: SETTINGS[name] for name in ("SECRET_KEY", "FIELD_ENCRYPTION_KEYS")}
"""What a process needs that makes rows or sessions for those that are measured."""
WITHOUT_PAGES: Final = {**SETTINGS, "PUBLIC_URL": "http://127.0.0.1:8000"}
"""Of a process to which no browser comes, like a sender or a command."""
