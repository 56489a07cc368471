"""The parts of a workbook: unpacked and counted before any is parsed, because what it claims is not believed. Pure."""

from __future__ import annotations

import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO
from xml.parsers import expat

from whatsapp.tables.limits import MB, MOST_PARTS, RATIO, RATIO_FROM, STRINGS_MB, UNPACKED_MB
from whatsapp.tables.refusals import Problem, Refused

CHUNK = 1 << 18
_ROW = re.compile(rb"<(?:\w+:)?row[ >/]([^>]*)")
_HIDDEN = re.compile(rb'\bhidden="(?:1|true)"')
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
BROKEN = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError),
    *(NotImplementedError, RuntimeError, ValueError, LookupError, ArithmeticError),
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of cells. `rows` and `hidden_rows` are counted by their marks, empty ones too."""

    name: str
    part: str
    is_visible: bool
    is_open: bool
    rows: int
    hidden_rows: int


@dataclass(slots=True)
class Package:
    """An open workbook. `own_formats` are the format codes that it spells out, `formats` the one of each cell style."""

    archive: zipfile.ZipFile
    names: dict[str, str]
    sheets: list[Sheet] = field(default_factory=list)
    is_1904: bool = False
    texts: list[str] = field(default_factory=list)
    formats: list[int] = field(default_factory=list)
    own_formats: dict[int, str] = field(default_factory=dict)

    def chunks(self, part: str) -> Iterator[bytes]:
        """Yields the bytes of a part."""
        with self.archive.open(self.names[part.lower()]) as content:
            while chunk := content.read(CHUNK):
                yield chunk


@dataclass(slots=True)
class Count:
    """How many rows a part has, and how many of them are hidden."""

    rows: int = 0
    hidden: int = 0


@contextmanager
def broken_is_refused() -> Iterator[None]:
    """Within the block, whatever a broken workbook leads to becomes `Refused`."""
    try:
        yield
    except expat.ExpatError as error:
        if "out of memory" in str(error):
            raise MemoryError from error
        raise Refused(Problem.WORKBOOK_BROKEN, error=str(error)[:200]) from error
    except BROKEN as error:
        raise Refused(Problem.WORKBOOK_BROKEN, error=str(error)[:200] or type(error).__name__) from error


def counted(file: BinaryIO) -> tuple[Package, dict[str, Count]]:
    """Returns a workbook of which nothing is read yet, and the rows of each part by its name in small letters.

    Raises:
        Refused: not a workbook, one that unpacks to too much, or another kind of file in a zip archive.
    """
    archive = zipfile.ZipFile(file)
    package = Package(archive, {_tidy(name): name for name in archive.namelist()})
    if len(archive.infolist()) > MOST_PARTS:
        raise Refused(Problem.TOO_MANY_PARTS, limit=MOST_PARTS)
    _refuse_others(set(package.names))
    return package, _counted(archive)


def parsed(
    chunks: Iterator[bytes], start: Callable[..., Any], end: Callable[..., Any], text: Callable[..., Any]
) -> None:
    """Parse XML. `start(name, attributes)` and `end(name)` get names without their namespaces."""
    parser = parser_for(start, end, text)
    for chunk in chunks:
        parser.Parse(chunk, False)
    parser.Parse(b"", True)


def parser_for(start: Callable[..., Any], end: Callable[..., Any], text: Callable[..., Any]) -> Any:
    """Returns a parser that refuses what no workbook needs: definitions of types and of entities."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    return parser


def local(name: str) -> str:
    """Returns a name without its namespace's prefix."""
    return name.rpartition(":")[2]


def unescaped(text: str) -> str:
    """Returns a stored text with the characters that XML can't hold, which are written like _x000D_."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def _refuse_doctype(*_: Any) -> None:
    raise Refused(Problem.WORKBOOK_BROKEN, error="DOCTYPE")


def _tidy(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def _refuse_others(names: set[str]) -> None:
    """Raise `Refused` for an archive that is another kind of file."""
    if "[content_types].xml" in names:
        if "xl/workbook.bin" in names:
            raise Refused(Problem.FILE_BINARY_WORKBOOK)
        if {"word/document.xml", "ppt/presentation.xml"} & names:
            raise Refused(Problem.FILE_OF_DOCUMENT)
        return
    if "content.xml" in names and ("mimetype" in names or "meta-inf/manifest.xml" in names):
        raise Refused(Problem.FILE_OF_OPEN_DOCUMENT)
    if "index.zip" in names or any(name.endswith(".iwa") for name in names):
        raise Refused(Problem.FILE_OF_NUMBERS)
    raise Refused(Problem.FILE_OF_ARCHIVE)


def _counted(archive: zipfile.ZipFile) -> dict[str, Count]:
    """Unpack and count every part. Returns the rows of each. Raises `Refused` when it is too much."""
    total, counts = 0, {}
    for part in archive.infolist():
        if part.flag_bits & 1:
            raise Refused(Problem.FILE_WITH_PASSWORD)
        size, count, rest = 0, Count(), b""
        is_sheet = "sheets/" in _tidy(part.filename)
        with archive.open(part) as content:
            while chunk := content.read(CHUNK):
                size, total = size + len(chunk), total + len(chunk)
                _refuse_bombs(part, size, total)
                if is_sheet:
                    rest = _count_rows(rest + chunk, count)
        counts[_tidy(part.filename)] = count
    return counts


def _count_rows(chunk: bytes, count: Count) -> bytes:
    """Count the rows that begin in a chunk. Returns what may be the beginning of one more."""
    cut = chunk.rfind(b"<")
    for found in _ROW.finditer(chunk, 0, max(cut, 0)):
        count.rows += 1
        count.hidden += _HIDDEN.search(found[1]) is not None
    return chunk[cut:][:4_096] if cut >= 0 else b""


def _refuse_bombs(part: zipfile.ZipInfo, size: int, total: int) -> None:
    if total > UNPACKED_MB * MB:
        raise Refused(Problem.WORKBOOK_UNPACKED, limit=UNPACKED_MB)
    if size > RATIO_FROM and size > RATIO * part.compress_size:
        raise Refused(Problem.PACKED_TOO_TIGHTLY, limit=RATIO)
    if size > STRINGS_MB * MB and "sharedstrings" in part.filename.lower():
        raise Refused(Problem.STRINGS_UNPACKED, limit=STRINGS_MB)
