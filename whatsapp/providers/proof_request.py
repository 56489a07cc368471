"""One HTTP GET that asks a provider for a proof. What matters is who is speaking: the provider, or nobody."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import aiohttp


MISSING = (404, 405, 501)
"""How a server answers at an address that it does not have."""
_LATER = (408, 429)


@dataclass(frozen=True, slots=True)
class Told:
    """An answer. `body` is empty unless it is a JSON object."""

    status: int
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_no(self) -> bool:
        """Whether it refuses the question for good. Anything else but 200 is no answer: ask again later."""
        return 400 <= self.status < 500 and self.status not in _LATER


async def ask_for(http: aiohttp.ClientSession, url: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Told:
    """Ask once, without redirects. Raises `aiohttp.ClientError`, `TimeoutError` or `OSError` without an answer."""
    async with http.get(url, params=query, headers=headers, allow_redirects=False) as response:
        content = await response.read()
    try:
        body = json.loads(content)
    except ValueError:
        body = None
    return Told(response.status, body if isinstance(body, dict) else {})


def is_served_by(url: str, domain: str) -> bool:
    """Returns whether an address is the provider's own, and not that of a server that stands in for it."""
    host = urlsplit(url).hostname or ""
    return host == domain or host.endswith(f".{domain}")
