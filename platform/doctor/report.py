"""The report as people and machines read it, without secrets and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from django.conf import settings

from businesses.doctor.verdicts import State
from frontdesk.doctor.running import Line
from frontdesk.log_lines import escaped, masked

_SIGNS: Final = {State.OK: "ok       ", State.WRONG: "WRONG    ", State.NOT_TRIED: "not tried"}
_DIGITS: Final = re.compile(r"\d{7,}")
_SECRET_SETTINGS: Final = (
    "SECRET_KEY", "OPENAI_API_KEY", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "WHATSAPP_APP_SECRET",
    "WHATSAPP_VERIFY_TOKEN", "EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD", "METRICS_TOKEN",
)  # fmt: skip
_SHORTEST: Final = 4
"""Characters of a secret that is looked for: a shorter one would be found in ordinary words."""


def shown(line: Line) -> str:
    """Returns a line for people, and below it what to mend."""
    text = f"{_SIGNS[line.verdict.state]}  {line.full_name}: {cleaned(line.verdict.says)}"
    return f"{text}\n           → {cleaned(line.verdict.mend)}" if line.verdict.mend else text


def as_json(lines: Iterable[Line]) -> dict[str, Any]:
    """Returns the report for machines."""
    lines = list(lines)
    return {
        "ok": all(line.verdict.state is not State.WRONG for line in lines),
        "checks": [
            {
                "subject": line.subject,
                "name": line.name,
                "state": line.verdict.state.value,
                "says": cleaned(line.verdict.says),
                "mend": cleaned(line.verdict.mend),
            }
            for line in lines
        ],
    }


def cleaned(text: str) -> str:
    """Returns the text on one line, without numbers of people and any secret of the settings."""
    for secret in sorted(_secrets(), key=len, reverse=True):
        text = text.replace(secret, "…")
    return escaped(_DIGITS.sub("…", masked(text)))


def _secrets() -> Iterable[str]:
    found = [str(getattr(settings, name)) for name in _SECRET_SETTINGS] + list(settings.FIELD_ENCRYPTION_KEYS)
    found.append(str(settings.DATABASES["default"].get("PASSWORD") or ""))
    for url in (settings.REDIS_URL, settings.CELERY_BROKER_URL):
        password = urlsplit(url).password or ""
        found += [password, unquote(password)]
    return {each for each in found if len(each) >= _SHORTEST}
