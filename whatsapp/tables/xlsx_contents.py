"""What a workbook says besides its rows: its sheets, shared texts, and the formats of its cells. Pure: no Django."""

from __future__ import annotations

import posixpath
from typing import BinaryIO

from whatsapp.tables.refusals import Problem, Refused
from whatsapp.tables.xlsx_package import Count, Package, Sheet, broken_is_refused, counted, local, parsed, unescaped

_STRICT = "http://purl.oclc.org/ooxml/"
_USUAL_PARTS = (("/sharedStrings", "xl/sharedStrings.xml"), ("/styles", "xl/styles.xml"))
"""Where writers that forget to name these parts put them."""
Element = tuple[str, dict[str, str]]


def opened(file: BinaryIO) -> Package:
    """Count the parts of a workbook and read all but its rows.

    Raises:
        Refused: not a workbook, one that unpacks to too much, or another kind of file in a zip archive.
    """
    with broken_is_refused():
        package, counts = counted(file)
        relations = _relations(package, "")
        main = next((part for kind, part in relations.values() if kind.endswith("/officeDocument")), "xl/workbook.xml")
        if main.lower().endswith(".bin"):
            raise Refused(Problem.FILE_BINARY_WORKBOOK)
        relations = _relations(package, main)
        elements = _elements(package, main)
        if any(_STRICT in attributes["xmlns"] for _name, attributes in elements):
            raise Refused(Problem.FILE_STRICT)
        _read_sheets(package, elements, relations, counts)
        for kind, part in (*relations.values(), *_USUAL_PARTS):
            if part.lower() in package.names and kind.endswith("/sharedStrings") and not package.texts:
                texts = _Texts()
                parsed(package.chunks(part), texts.start, texts.end, texts.text)
                package.texts = texts.read
            elif part.lower() in package.names and kind.endswith("/styles") and not package.formats:
                _read_styles(package, part)
    return package


def _read_sheets(
    package: Package, elements: list[Element], relations: dict[str, tuple[str, str]], counts: dict[str, Count]
) -> None:
    views = [attributes for name, attributes in elements if name == "workbookView"]
    open_at = int(views[0].get("activeTab", "0")) if views else -1
    package.is_1904 = any(
        name == "workbookPr" and attributes.get("date1904") in {"1", "true"} for name, attributes in elements
    )
    listed = [attributes for name, attributes in elements if name == "sheet"]
    for place, attributes in enumerate(listed):
        kind, part = relations.get(attributes.get("id", ""), ("", ""))
        if kind.endswith("/worksheet") and part.lower() in package.names:
            count = counts.get(part.lower(), Count())
            is_visible = attributes.get("state", "visible") == "visible"
            name = unescaped(attributes.get("name", ""))
            package.sheets.append(Sheet(name, part, is_visible, place == open_at, count.rows, count.hidden))


class _Texts:
    """The shared texts, each of all its runs, without the readings that Japanese texts carry."""

    def __init__(self) -> None:
        self.read: list[str] = []
        self._runs: list[str] = []
        self._is_text = self._is_reading = False

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        """An element begins."""
        match local(name):
            case "si":
                self._runs = []
            case "t":
                self._is_text = not self._is_reading
            case "rPh":
                self._is_reading = True

    def end(self, name: str) -> None:
        """An element ends."""
        match local(name):
            case "si":
                self.read.append(unescaped("".join(self._runs)))
            case "t":
                self._is_text = False
            case "rPh":
                self._is_reading = False

    def text(self, content: str) -> None:
        """Text within the current element."""
        if self._is_text:
            self._runs.append(content)


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
