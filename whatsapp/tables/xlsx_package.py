"""The parts of a workbook: counted before any is parsed, then its sheets, texts and formats. Pure: no Django.

What the file claims of itself is not believed: it is unpacked and counted first.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO
from xml.parsers import expat

from whatsapp.tables.limits import MB, MOST_PARTS, RATIO, RATIO_FROM, STRINGS_MB, UNPACKED_MB
from whatsapp.tables.refusals import Problem, Refused

CHUNK = 1 << 18
_ROW = re.compile(rb"<(?:\w+:)?row[ >/]([^>]*)")
_HIDDEN = re.compile(rb'\bhidden="(?:1|true)"')
_STRICT = "http://purl.oclc.org/ooxml/"
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError, KeyError)


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


def opened(file: BinaryIO) -> Package:
    """Count the parts of a workbook and read all but its rows.

    Raises:
        Refused: not a workbook, one that unpacks to too much, or another kind of file in a zip archive.
    """
    try:
        archive = zipfile.ZipFile(file)
        package = Package(archive, {_tidy(name): name for name in archive.namelist()})
        if len(package.names) > MOST_PARTS or len(archive.infolist()) > MOST_PARTS:
            raise Refused(Problem.TOO_MANY_PARTS, limit=MOST_PARTS)
        _refuse_others(set(package.names))
        counted = _counted(archive)
        _read_workbook(package, counted)
    except expat.ExpatError as error:
        raise Refused(Problem.WORKBOOK_BROKEN, error=str(error)[:200]) from error
    except BROKEN as error:
        raise Refused(Problem.WORKBOOK_BROKEN, error=str(error)[:200] or type(error).__name__) from error
    return package


def parsed(chunks: Iterator[bytes], start: Callable[..., Any], end: Callable[..., Any], text: Callable[..., Any]) -> None:
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


@dataclass(slots=True)
class _Count:
    rows: int = 0
    hidden: int = 0


def _counted(archive: zipfile.ZipFile) -> dict[str, _Count]:
    """Unpack and count every part. Returns the rows of each. Raises `Refused` when it is too much."""
    total, counts = 0, {}
    for part in archive.infolist():
        if part.flag_bits & 1:
            raise Refused(Problem.FILE_WITH_PASSWORD)
        size, count, rest = 0, _Count(), b""
        is_sheet = "sheets/" in _tidy(part.filename)
        with archive.open(part) as content:
            while chunk := content.read(CHUNK):
                size, total = size + len(chunk), total + len(chunk)
                _refuse_bombs(part, size, total)
                if is_sheet:
                    rest = _count_rows(rest + chunk, count)
        counts[_tidy(part.filename)] = count
    return counts


def _count_rows(chunk: bytes, count: _Count) -> bytes:
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


def _elements(package: Package, part: str) -> list[tuple[str, dict[str, str]]]:
    """Returns the elements of a small part in their order, with local names."""
    found: list[tuple[str, dict[str, str]]] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        found.append((local(name), {local(key): value for key, value in attributes.items()} | _namespace(attributes)))

    parsed(package.chunks(part), start, lambda _name: None, lambda _text: None)
    return found


def _namespace(attributes: dict[str, str]) -> dict[str, str]:
    return {"xmlns": " ".join(value for key, value in attributes.items() if key.startswith("xmlns"))}


def _relations(package: Package, part: str) -> dict[str, tuple[str, str]]:
    """Returns the kind and the part of each relation of a part, by its id."""
    folder, name = posixpath.split(part)
    path = posixpath.join(folder, "_rels", f"{name}.rels")
    if path.lower() not in package.names:
        return {}
    relations = {}
    for element, attributes in _elements(package, path):
        if element == "Relationship":
            target = attributes.get("Target", "").replace("\\", "/")
            whole = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            relations[attributes.get("Id", "")] = (attributes.get("Type", ""), whole)
    return relations


def _read_workbook(package: Package, counted: dict[str, _Count]) -> None:
    main = next((part for kind, part in _relations(package, "").values() if kind.endswith("/officeDocument")), "")
    main = main or "xl/workbook.xml"
    if main.lower().endswith(".bin"):
        raise Refused(Problem.FILE_BINARY_WORKBOOK)
    relations = _relations(package, main)
    opened_at, listed = -1, []
    for name, attributes in _elements(package, main):
        if _STRICT in attributes["xmlns"]:
            raise Refused(Problem.FILE_STRICT)
        if name == "workbookPr":
            package.is_1904 = attributes.get("date1904") in {"1", "true"}
        elif name == "workbookView" and opened_at < 0:
            opened_at = int(attributes.get("activeTab", "0"))
        elif name == "sheet":
            listed.append(attributes)
    for place, attributes in enumerate(listed):
        kind, part = relations.get(attributes.get("id", ""), ("", ""))
        if kind.endswith("/worksheet") and part.lower() in package.names:
            count = counted.get(part.lower(), _Count())
            is_visible = attributes.get("state", "visible") == "visible"
            name = unescaped(attributes.get("name", ""))
            package.sheets.append(Sheet(name, part, is_visible, place == opened_at, count.rows, count.hidden))
    for kind, part in relations.values():
        if part.lower() in package.names:
            if kind.endswith("/sharedStrings"):
                package.texts = _texts(package, part)
            elif kind.endswith("/styles"):
                _read_styles(package, part)


def _texts(package: Package, part: str) -> list[str]:
    """Returns the shared texts, each of all its runs, without the readings that Japanese texts carry."""
    texts: list[str] = []
    runs: list[str] = []
    state = {"text": False, "reading": False}

    def start(name: str, _attributes: dict[str, str]) -> None:
        match local(name):
            case "si":
                runs.clear()
            case "t":
                state["text"] = not state["reading"]
            case "rPh":
                state["reading"] = True

    def end(name: str) -> None:
        match local(name):
            case "si":
                texts.append(unescaped("".join(runs)))
            case "t":
                state["text"] = False
            case "rPh":
                state["reading"] = False

    def text(content: str) -> None:
        if state["text"]:
            runs.append(content)

    parsed(package.chunks(part), start, end, text)
    return texts


def _read_styles(package: Package, part: str) -> None:
    """Read the format of each cell style; fonts, colours and borders don't matter."""
    is_within = False
    for name, attributes in _elements(package, part):
        if name == "numFmt" and attributes.get("numFmtId", "").isdigit() and not is_within:
            package.own_formats[int(attributes["numFmtId"])] = attributes.get("formatCode", "")
        elif name in {"cellXfs", "cellStyleXfs", "dxfs", "cellStyles"}:
            is_within = name == "cellXfs"
        elif name == "xf" and is_within:
            number = attributes.get("numFmtId", "0")
            package.formats.append(int(number) if number.isdigit() else 0)
