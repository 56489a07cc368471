"""Files of messages at Twilio: an address of its API, which asks for the account's token and leads to its file server.

Twilio, "Protect Media Access": the file server is mms.twiliocdn.com, or a bucket of Amazon's for older files. Twilio,
"Intermittent 404 Errors When Accessing Media URLs": a webhook may come before its file can be had.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

from whatsapp.providers.base import Account, in_path
from whatsapp.providers.media import MediaUnavailable, Sink, download, on_host, same_origin
from whatsapp.providers.twilio.login import headers_of
from whatsapp.states import MediaProblem

if TYPE_CHECKING:
    import aiohttp

_PATH: Final = re.compile(r"/2010-04-01/Accounts/(\w{1,64})/Messages/(\w{1,64})/Media/(\w{1,64})")
_FILE_HOSTS: Final = ("mms.twiliocdn.com", "media.twiliocdn.com")
_BUCKET: Final = ("s3-external-1.amazonaws.com", "/media.twiliocdn.com/")


async def fetch(http: aiohttp.ClientSession, account: Account, reference: str, sink: Sink) -> str:
    """Fetch a file into the sink. Returns "": Twilio tells no checksum. Raises `MediaUnavailable`.

    Only the ids are taken from the address that the message has; the host that gets the token is ours to name.
    """
    match = _PATH.fullmatch(_path_of(reference))
    if match is None or match[1] != account.account_id:
        raise MediaUnavailable(MediaProblem.ELSEWHERE, is_final=True)
    owner, message, media = map(in_path, match.groups())
    url = f"{account.api_url}/2010-04-01/Accounts/{owner}/Messages/{message}/Media/{media}"
    headers = headers_of(account)

    def is_api(address: SplitResult) -> bool:
        return same_origin(address, account.api_url)

    def is_twilios(address: SplitResult) -> bool:
        bucket, folder = _BUCKET
        on_file_host = any(on_host(address, host) for host in _FILE_HOSTS)
        in_bucket = on_host(address, bucket) and address.path.startswith(folder) and "/.." not in address.path
        return on_file_host or in_bucket or is_api(address)

    try:
        await download(http, url, sink, allowed=is_api, headers=headers, moved_to=is_twilios)
    except MediaUnavailable as problem:
        if problem.problem is MediaProblem.GONE:  # perhaps not there yet: the waits between tries decide
            raise MediaUnavailable(MediaProblem.GONE) from None
        raise
    return ""


def _path_of(reference: str) -> str:
    try:
        return urlsplit(reference).path
    except ValueError:
        return ""
