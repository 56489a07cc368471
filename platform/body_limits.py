"""How many bytes a request may bring, by its address. Pure; `limited_requests.py` holds every request to it.

| address | at most |
|---|---|
| health pages, media streams, calendars to subscribe to | nothing |
| Twilio's webhooks | 64 kB |
| Meta's webhook | 3 MB, with a header in the form of Meta's signature; otherwise nothing (401) |
| pages where a file is uploaded | 60 MB and its form |
| the page of the greeting, for the owner's own recording | 16 MB and its form |
| the page of knowledge, for a text | 1 MB and its form |
| everything else (forms, the admin) | 1 MB |
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

NOTHING: Final = 0
TWILIOS: Final = 64_000
METAS: Final = 3_000_000
FORM: Final = 1_000_000
UPLOAD: Final = 61_000_000
"""The largest table of people (`whatsapp/tables/tables.py`), and the form around it."""
SOUND: Final = 16_100_000
"""The largest recording of a greeting (`calls/greetings/own_recordings.py`), and the form around it."""
TEXT: Final = 1_100_000
"""The largest text of knowledge (`businesses/pages/knowledge.py`), and the form around it."""

_LIMITS: Final[tuple[tuple[re.Pattern[str], int], ...]] = (
    (re.compile(r"/(healthz|readyz|metrics)"), NOTHING),
    (re.compile(r"/calendar/feed/.*"), NOTHING),
    (re.compile(r"/calls/twilio/media/?"), NOTHING),
    (re.compile(r"/calls/twilio/\w+(/.*)?"), TWILIOS),
    (re.compile(r"/whatsapp/webhooks/twilio/?"), TWILIOS),
    (re.compile(r"/whatsapp/webhooks/cloud/?"), METAS),
    (
        re.compile(r"/b/[-\w]+/(contacts/import|contacts/suppressed/import|broadcasts/[-0-9a-f]{36}/edit/people)/?"),
        UPLOAD,
    ),
    (re.compile(r"/b/[-\w]+/calls/greeting/own/?"), SOUND),
    (re.compile(r"/b/[-\w]+/knowledge/upload/?"), TEXT),
)
_METAS_SIGNATURE: Final = re.compile(r"sha256=[0-9a-f]{64}")


class Limit(NamedTuple):
    """The most bytes of a body, and the status of the answer to a longer one."""

    most: int
    status: int = 413


def limit_of(path: str, header: Callable[[str], str]) -> Limit:
    """Returns the limit of requests to this path (decoded).

    `header` returns the value of a header, or "" if it is missing. A body that can't be authenticated is not read.
    """
    most = next((most for pattern, most in _LIMITS if pattern.fullmatch(path)), FORM)
    if most == METAS and not _METAS_SIGNATURE.fullmatch(header("x-hub-signature-256")):
        return Limit(NOTHING, 401)
    return Limit(most)
