"""Files of people: CSV in any encoding, and workbooks. They may be refused or asked about; nothing else is raised."""

from __future__ import annotations

import io
import json
from random import Random

from testing.fuzz.spoiling import spoilt_archive, spoilt_bytes
from whatsapp.tables.child import frames
from whatsapp.tables.frames import frame
from whatsapp.tables.refusals import Asked, Refused
from whatsapp.tests.made_files import MADE

_TEXTS = (
    'phone,first_name,day\n0501234567,Dana,Sunday\n0521234567,אבי,"Mon\nday"\n'.encode(),
    "טלפון;שם\r\n+972501234567;דנה\r\n".encode("cp1255"),
    "phone\tname\n0501234567\tDana\n".encode("utf-16"),
    "sep=|\nphone|name\n0501234567|'=1+1\n".encode("utf-8-sig"),
)
SEEDS = (*_TEXTS, *(write() for write, _rows in MADE.values()))
MOST_FRAMES = 40


def spoil(data: bytes, random: Random) -> bytes:
    """Returns the file with bytes changed, or a workbook with something wrong in one of its parts."""
    return spoilt_archive(data, random) if data[:2] == b"PK" and random.randrange(4) else spoilt_bytes(data, random)


def try_bytes(data: bytes) -> None:
    """Read a file, like the process apart does. Raises what went wrong."""
    try:
        for number, each in enumerate(frames(io.BytesIO(data), country="IL")):
            json.loads(frame(each)[4:].decode("utf-8", "surrogatepass"))
            if number >= MOST_FRAMES:
                return
    except (Refused, Asked, RecursionError, MemoryError):
        pass
