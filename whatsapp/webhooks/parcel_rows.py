"""The parcels of a webhook as the JSON that its insert takes. Pure: a process without Django makes it of large bodies.

JSON because one value takes a third of the time of rows of parameters. PostgreSQL takes neither zero bytes nor lone
surrogates, so they are replaced.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from whatsapp.providers.events import Parcel

LONGEST_KEY = 200
_HALF = re.compile("[\ud800-\udfff]")


def as_json(parcels: Iterable[Parcel], key_prefix: str) -> str:
    """Returns a JSON array of the rows of parcels.

    Whoever signs with a secret of their own may repeat only what they said: a business that invents a message with
    another's id must not be the reason that the true one is taken for a repetition. Hence `key_prefix`, "" for what the
    installation's own secret has signed.
    """
    return f"[{','.join(_row(parcel, key_prefix) for parcel in parcels)}]"


def _row(parcel: Parcel, key_prefix: str) -> str:
    row = {
        "kind": parcel.kind,
        "number_id": parcel.number_id[:64],
        "account_id": parcel.account_id[:64],
        "key": _key(parcel.key, key_prefix),
        "payload": parcel.payload,
    }
    text = json.dumps(row, ensure_ascii=False)
    return json.dumps(_clean(row), ensure_ascii=False) if "\\u0000" in text or _HALF.search(text) else text


def _key(key: str, prefix: str) -> str:
    if not prefix:
        return key
    own = f"{prefix}:{key}"
    return own if len(own) <= LONGEST_KEY else f"own:{hashlib.sha256(own.encode()).hexdigest()}"


def _clean(value: Any) -> Any:
    match value:
        case str():
            return value.replace("\0", "").encode("utf-8", "replace").decode()
        case Mapping():
            return {_clean(key): _clean(one) for key, one in value.items()}
        case list() | tuple():
            return [_clean(one) for one in value]
    return value
