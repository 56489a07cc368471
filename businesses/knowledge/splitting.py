"""Makes entries of a long text: by its headings, its questions, or its paragraphs. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

LONGEST_TITLE: Final = 200
LONGEST_TEXT: Final = 1500
"""Characters of an entry that is made of a file: about what an assistant can tell at once."""
_HEADING: Final = re.compile(r"#{1,6}\s+(?P<title>.+?)\s*#*")
_UNDERLINE: Final = re.compile(r"(=+|-{3,})")
_LABEL: Final = re.compile(r"(q|question|a|answer|ש|שאלה|ת|תשובה)\s*[:.]\s*", re.IGNORECASE)
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+")


def decode(data: bytes) -> str | None:
    """Returns the text of a file: UTF-8, UTF-16 with its mark, or Windows' Hebrew. None for what is no text."""
    encodings = ("utf-16",) if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else ("utf-8-sig", "cp1255")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if "\0" in text else text.replace("\r\n", "\n").replace("\r", "\n")
    return None


def split(text: str) -> list[tuple[str, str]]:
    """Returns (title, text) of each part. No word is lost, but for headings without a text below them."""
    return [
        (title if number == 0 else f"{title[: LONGEST_TITLE - 5]} ({number + 1})", piece)
        for title, body in _parts(text)
        for number, piece in enumerate(_pieces(body))
    ]


def _parts(text: str) -> Iterator[tuple[str, str]]:
    title = ""
    lines: list[str] = []
    for line in [*_with_headings(text.split("\n")), "# "]:
        found = _title_in(line)
        if found is None:
            lines.append(_LABEL.sub("", line, count=1) if title and not any(lines) else line)
            continue
        body = "\n".join(lines).strip()
        if body:
            yield title or _first_words(body), body
        elif title and found:
            found = f"{title}: {found}"[:LONGEST_TITLE]
        title, lines = found, []


def _with_headings(lines: list[str]) -> Iterator[str]:
    """Yields lines with headings that are underlined written as `# heading`."""
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if _UNDERLINE.fullmatch(line.strip()):
            continue
        is_heading = bool(line.strip() and _UNDERLINE.fullmatch(below.strip()))
        yield f"# {line.strip()}" if is_heading else line


def _title_in(line: str) -> str | None:
    """Returns the title that a line is; None for an ordinary line."""
    plain = line.strip()
    if plain == "#":
        return ""
    if heading := _HEADING.fullmatch(plain):
        return heading["title"][:LONGEST_TITLE]
    is_question = plain.endswith("?") and len(plain) <= LONGEST_TITLE
    return _LABEL.sub("", plain, count=1) if is_question else None


def _pieces(body: str) -> Iterator[str]:
    """Yields a text in pieces of at most `LONGEST_TEXT`: whole paragraphs if possible, else sentences, else words."""
    piece = ""
    for part, glue in _smallest(body):
        if piece and len(piece) + len(glue) + len(part) > LONGEST_TEXT:
            yield piece
            piece = part
        else:
            piece = f"{piece}{glue}{part}" if piece else part
    if piece:
        yield piece


def _smallest(body: str) -> Iterator[tuple[str, str]]:
    for paragraph in filter(None, map(str.strip, re.split(r"\n\s*\n", body))):
        if len(paragraph) <= LONGEST_TEXT:
            yield paragraph, "\n\n"
            continue
        for number, sentence in enumerate(_SENTENCE.split(paragraph)):
            for start in range(0, len(sentence), LONGEST_TEXT):
                yield sentence[start : start + LONGEST_TEXT], "\n\n" if number == 0 and start == 0 else " "


def _first_words(body: str) -> str:
    first = _SENTENCE.split(body.split("\n", maxsplit=1)[0])[0].strip()
    return first if len(first) <= 80 else first[:80].rsplit(" ", 1)[0] + " …"
