"""Files of messages at Meta: `GET /MEDIA_ID` gives an address that is good for five minutes, and the file's SHA-256.

Meta, "Media": ids in webhooks expire after 7 days. 360dialog, "Upload, retrieve or delete media": after five failed
requests within an hour Meta blocks a number's `GET /MEDIA_ID` for an hour, so what fails for good is not asked again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult

from whatsapp.providers.base import Account, in_path
from whatsapp.providers.cloud.attached import hex_of
from whatsapp.providers.media import MediaUnavailable, Sink, ask, download, on_host, refused, same_origin
from whatsapp.states import MediaProblem

if TYPE_CHECKING:
    import aiohttp

FILE_HOST: Final = "lookaside.fbsbx.com"
LARGEST_ANSWER: Final = 65_536
_GONE: Final = frozenset({"100", "131052", "131053"})
"""Unknown or expired id; Meta could not fetch the file itself."""
_BUSY: Final = frozenset({"1", "2", "4", "17", "80007", "130429", "131016"})


async def fetch(http: aiohttp.ClientSession, account: Account, reference: str, sink: Sink) -> str:
    """Fetch a file into the sink. Returns the SHA-256 that Meta tells of it, in hex. Raises `MediaUnavailable`."""
    headers = {"Authorization": f"Bearer {account.secrets['access_token']}"}
    url = f"{account.api_url}/{in_path(reference)}"
    status, body, retry_after_s = await ask(http, url, headers, LARGEST_ANSWER)
    told = _object(body)
    if status != 200:
        raise _refusal(status, told, retry_after_s)
    if not isinstance(told.get("url"), str):
        raise MediaUnavailable(MediaProblem.UNREACHABLE)
    sink.expect(_size(told.get("file_size")))

    def is_metas(address: SplitResult) -> bool:
        return on_host(address, FILE_HOST) or same_origin(address, account.api_url)

    try:
        await download(http, told["url"], sink, allowed=is_metas, headers=headers)
    except MediaUnavailable as problem:
        if problem.problem is MediaProblem.GONE:  # of the address, which is asked for anew; the id was just there
            raise MediaUnavailable(MediaProblem.GONE) from None
        raise
    return hex_of(told.get("sha256"))


def _refusal(status: int, told: Mapping[str, Any], retry_after_s: float) -> MediaUnavailable:
    error = told.get("error")
    code = str(error.get("code", "")) if isinstance(error, Mapping) else ""
    if code in _GONE:
        return MediaUnavailable(MediaProblem.GONE, is_final=True)
    if code in _BUSY or status == 429:
        return MediaUnavailable(MediaProblem.UNREACHABLE, retry_after_s=max(retry_after_s, 60.0))
    return refused(status, retry_after_s)


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _size(told: object) -> int:
    written = str(told)
    return int(written) if written.isdecimal() and len(written) < 16 else 0
