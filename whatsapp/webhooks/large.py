"""Large webhooks of Meta, split by a process of its own.

Splitting 2,000 updates takes the interpreter some 150 ms, and every live call of a web process shares it. The process
starts bare (`whatsapp.bare_process`); one runs at a time.

    stdin   the body, of which the caller has verified the signature
    stdout  "now" or "soon" (whether a worker is to be rung at once), a line break, and the rows as JSON

It ends with code 0, or with `UNREADABLE` for a body that can't be split into parcels.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from whatsapp import bare_process
from whatsapp.providers.cloud import splitting
from whatsapp.providers.events import Parcel, ParcelKind
from whatsapp.webhooks.parcel_rows import as_json

logger = logging.getLogger(__name__)

LARGE: Final = 64_000
"""Bytes: more than some 120 updates."""
UNREADABLE: Final = 3
MOST_SECONDS: Final = 10
MOST_MEMORY_MB: Final = 512
_PROGRAM = """
from whatsapp.webhooks.large import main
main(sys.argv[2])
"""
_one_at_a_time = threading.Lock()


@dataclass(frozen=True, slots=True)
class Rows:
    """What is stored of a webhook: a JSON array (`parcel_rows`), and whether a worker is to be rung at once."""

    json: str
    is_urgent: bool


class SplittingFailed(Exception):
    """The process ended without an answer. Nothing is stored; Meta is to send the webhook again."""


def rows_of(parcels: Sequence[Parcel], key_prefix: str) -> Rows:
    """Returns the rows of parcels. Statuses come by the thousand and can wait a second; a person's message can't."""
    return Rows(as_json(parcels, key_prefix), any(parcel.kind is not ParcelKind.STATUS for parcel in parcels))


def split_apart(body: bytes, key_prefix: str) -> Rows:
    """Returns the rows of a verified body.

    Raises:
        ValueError: the body can't be split into parcels.
        SplittingFailed: the process was ended, took too long or too much memory.
    """
    with _one_at_a_time, bare_process.start(_PROGRAM, key_prefix, stdin=subprocess.PIPE) as process:
        try:
            found, _errors = process.communicate(body, timeout=MOST_SECONDS)
        except subprocess.TimeoutExpired:
            raise SplittingFailed from None
        finally:
            process.kill()
    if process.returncode == UNREADABLE:
        raise ValueError("The webhook can't be split into updates.")
    urgency, _line, rows = found.partition(b"\n")
    if process.returncode or not rows:
        logger.error("The process that splits large webhooks ended with code %d", process.returncode)
        raise SplittingFailed
    return Rows(rows.decode(), urgency == b"now")


def main(key_prefix: str) -> None:
    """Split the body on descriptor 0 and write its rows to descriptor 1."""
    bare_process.hold_back(MOST_SECONDS, MOST_MEMORY_MB)
    try:
        rows = rows_of(splitting.split(sys.stdin.buffer.read()), key_prefix)
    except ValueError:
        sys.exit(UNREADABLE)
    sys.stdout.buffer.write((b"now\n" if rows.is_urgent else b"soon\n") + rows.json.encode())
