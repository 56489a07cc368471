"""Real messages, spoilt: a value of another type, something missing or twice, bytes changed, deep nesting.

One function for both: Hypothesis gives a random generator that it can repeat, and atheris its own seed.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from random import Random
from typing import Any

from testing.fuzz.odd_values import LONE, NUMBERS, TEXTS

ODD: tuple[Any, ...] = (*NUMBERS, *TEXTS, None, True, False, [], {}, [[]], {"": None}, [None], LONE, "\0", {"\0": LONE})
PIECES = (b"\0", b"\xff", b'"', b",", b"\n", b"<", b"PK\x03\x04", b"9" * 50)
RAW = (b"", b"{", b"null", b"[" * 60_000, b"\xff\xfe", b"\0", b'{"a":1e999}', b'"\\ud800"', b'{"type":"' + b"9" * 5000)


def spoilt(data: bytes, random: Random) -> bytes:
    """Returns JSON, or lines of JSON, of which some values are odd. A line may begin with one letter of its own."""
    lines = data.split(b"\n")
    for _time in range(random.randint(1, 3)):
        match random.randrange(8):
            case 0:
                lines.insert(random.randrange(len(lines) + 1), random.choice(lines))
            case 1 if len(lines) > 1:
                del lines[random.randrange(len(lines))]
            case 2 if len(lines) > 1:
                random.shuffle(lines)
            case _:
                place = random.randrange(len(lines))
                lines[place] = _spoilt_line(lines[place], random)
    return b"\n".join(lines)


def spoilt_bytes(data: bytes, random: Random) -> bytes:
    """Returns the bytes with a few of them changed, left out, doubled or inserted."""
    changed = bytearray(data)
    for _time in range(random.randint(1, 6)):
        start = random.randrange(len(changed) + 1)
        end = min(len(changed), start + random.choice((1, 1, 2, 4, 30, 2000)))
        match random.randrange(5):
            case 0:
                del changed[start:end]
            case 1:
                changed[start:start] = changed[start:end]
            case 2:
                changed[start:start] = random.choice(
                    (b"\0", b"\xff", b'"', b",", b"\n", b"<", b"PK\x03\x04", b"9" * 50)
                )
            case 3 if changed[start:end]:
                changed[start:end] = random.randbytes(end - start)
            case _:
                del changed[start + 5000 :]
    return bytes(changed)


def spoilt_archive(data: bytes, random: Random) -> bytes:
    """Returns a zip archive, as workbooks are, with one of its files spoilt: its checksums are right."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as copy:
        names = archive.namelist()
        chosen = random.choice([name for name in names if "sheet" in name or "shared" in name or "styles" in name])
        for name in names:
            content = archive.read(name)
            if name == chosen:
                content = _spoilt_numbers(content, random) if random.randrange(2) else spoilt_bytes(content, random)
            if name != chosen or random.randrange(20):
                copy.writestr(name, content)
    return made.getvalue()


def _spoilt_numbers(content: bytes, random: Random) -> bytes:
    """Returns XML with one of its numbers or attributes replaced."""
    places = list(re.finditer(rb'(?<=")[^"<>]*(?=")|\b\d+\b', content))
    if not places:
        return content
    place = random.choice(places)
    odd = random.choice((b"-1", b"0", b"", b"9" * 30, b"1e400", b"NaN", b"&#0;", b"&x;", b"A0", b"XFE1", b"s", b"\xff"))
    return content[: place.start()] + odd + content[place.end() :]


def _spoilt_line(line: bytes, random: Random) -> bytes:
    letter, text = (line[:1], line[1:]) if line[:1].isalpha() else (b"", line)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return letter + spoilt_bytes(text, random)
    if random.randrange(12) == 0:
        return letter + random.choice(RAW)
    if random.randrange(8) == 0:
        return letter + spoilt_bytes(text, random)
    return letter + json.dumps(_spoilt_value(value, random)).encode()


def _spoilt_value(value: Any, random: Random) -> Any:
    holder = {"": value}
    spots = list(_spots(holder))
    inside, key = random.choice(spots)
    match random.randrange(6):
        case 0 if inside is not holder:
            del inside[key]
        case 1:
            inside[key] = [inside[key], inside[key]]
        case 2:
            inside[key] = {str(random.choice(TEXTS)): inside[key]}
        case _:
            inside[key] = random.choice(ODD)
    return holder.get("")


def _spots(value: Any) -> Iterator[tuple[Any, Any]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield value, key
        yield from _spots(each)
