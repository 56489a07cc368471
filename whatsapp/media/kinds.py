"""What a file is, decided by its content against a list of what we take. Pure: no database, no clock.

What the provider or the sender says about a file decides nothing dangerous: only whether MP4 is sound or film (the
content of both may be the same), and which of the old office formats a file is named after.

    shown in the page      JPEG, PNG, WebP, GIF; MP4, 3GP; OGG, MP3, M4A, AAC
    to be downloaded       AMR (no browser plays it), PDF, office documents, contact cards, plain text
    not taken              everything else, HTML, SVG, programs and archives among it
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final

HEAD: Final = 4_096
"""Bytes that the signatures are looked for in."""
TAIL: Final = 65_536
"""Bytes of a ZIP's end, where its list of contents is."""
_CHUNK: Final = 1_048_576
_OOXML: Final = "application/vnd.openxmlformats-officedocument."


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of file that is taken. `ending`: of its name as a download. `shown_as`: img, audio, video or ""."""

    content_type: str
    ending: str
    shown_as: str = ""


KINDS: Final[Mapping[str, Kind]] = {
    kind.content_type: kind
    for kind in (
        Kind("image/jpeg", "jpg", "img"),
        Kind("image/png", "png", "img"),
        Kind("image/webp", "webp", "img"),
        Kind("image/gif", "gif", "img"),
        Kind("video/mp4", "mp4", "video"),
        Kind("video/3gpp", "3gp", "video"),
        Kind("audio/ogg", "ogg", "audio"),
        Kind("audio/mpeg", "mp3", "audio"),
        Kind("audio/mp4", "m4a", "audio"),
        Kind("audio/aac", "aac", "audio"),
        Kind("audio/amr", "amr"),
        Kind("application/pdf", "pdf"),
        Kind(f"{_OOXML}wordprocessingml.document", "docx"),
        Kind(f"{_OOXML}spreadsheetml.sheet", "xlsx"),
        Kind(f"{_OOXML}presentationml.presentation", "pptx"),
        Kind("application/vnd.oasis.opendocument.text", "odt"),
        Kind("application/vnd.oasis.opendocument.spreadsheet", "ods"),
        Kind("application/vnd.oasis.opendocument.presentation", "odp"),
        Kind("application/msword", "doc"),
        Kind("application/vnd.ms-excel", "xls"),
        Kind("application/vnd.ms-powerpoint", "ppt"),
        Kind("text/vcard", "vcf"),
        Kind("text/plain", "txt"),
    )
}
_STARTS: Final = (
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"OggS.{23}.{1,255}?(OpusHead|\x01vorbis|Speex   )", re.DOTALL), "audio/ogg"),
    (re.compile(rb"ID3[\x02-\x04]"), "audio/mpeg"),
    (re.compile(rb"\xff[\xfb\xfa\xf3\xf2\xe3\xe2]"), "audio/mpeg"),
    (re.compile(rb"\xff[\xf1\xf0\xf9\xf8]"), "audio/aac"),
    (re.compile(rb"#!AMR(-WB)?\n"), "audio/amr"),
    (re.compile(rb"%PDF-[12]\."), "application/pdf"),
    (re.compile(rb"(\xef\xbb\xbf)?BEGIN:VCARD\r?\n", re.IGNORECASE), "text/vcard"),
)
_FILM: Final = re.compile(rb".{4}ftyp(.{4})", re.DOTALL)
_FILM_BRANDS: Final = (b"iso", b"mp4", b"avc1", b"MSNV", b"dash", b"M4V ", b"mmp4")
_BRANDS: Final = (("video/3gpp", (b"3gp", b"3g2")), ("video/mp4", _FILM_BRANDS), ("audio/mp4", (b"M4A ", b"M4B ")))
_ODF: Final = re.compile(rb"PK\x03\x04.{26}mimetype(application/vnd\.oasis\.opendocument\.[a-z]+)", re.DOTALL)
_OFFICE_ZIP: Final = re.compile(rb"PK\x03\x04.{26}(\[Content_Types\]\.xml|_rels/|docProps/|word/|xl/|ppt/)", re.DOTALL)
_FOLDERS: Final = {
    b"word/": f"{_OOXML}wordprocessingml.document",
    b"xl/": f"{_OOXML}spreadsheetml.sheet",
    b"ppt/": f"{_OOXML}presentationml.presentation",
}
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_STREAMS: Final = {
    "WordDocument".encode("utf-16-le"): "application/msword",
    "Workbook".encode("utf-16-le"): "application/vnd.ms-excel",
    "PowerPoint Document".encode("utf-16-le"): "application/vnd.ms-powerpoint",
}
"""Names inside of the old office formats. Installers (MSI) are of the same container and have none of them."""
_PAGE: Final = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype|html|head|body|\?xml|svg|script|!--)", re.IGNORECASE)
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")


def kind_of(file: BinaryIO, told_type: str) -> Kind | None:
    """Returns what a file is; None for everything that is not taken. The file's position is moved."""
    file.seek(0)
    head = file.read(HEAD)
    found = _by_start(head) or _film(head, told_type) or _document(file, head) or _text(file, head)
    return KINDS.get(found)


def is_page(file: BinaryIO) -> bool:
    """Returns whether a file begins as a page of HTML or XML does: perhaps an error page in a file's place."""
    file.seek(0)
    return _PAGE.match(file.read(HEAD)) is not None


def _by_start(head: bytes) -> str:
    return next((name for pattern, name in _STARTS if pattern.match(head)), "")


def _film(head: bytes, told_type: str) -> str:
    """Returns the type of an MP4 or 3GP. Both may hold sound only: then WhatsApp says audio."""
    match = _FILM.match(head)
    if match is None:
        return ""
    found = next((name for name, brands in _BRANDS if match[1].startswith(brands)), "")
    return "audio/mp4" if found and told_type.startswith("audio/") else found


def _document(file: BinaryIO, head: bytes) -> str:
    if match := _ODF.match(head):
        return match[1].decode()
    if _OFFICE_ZIP.match(head):
        size = file.seek(0, 2)
        file.seek(max(size - TAIL, 0))
        tail = file.read(TAIL)
        return next((name for folder, name in _FOLDERS.items() if folder in tail), "")
    if head.startswith(_OLE):
        return _old_office(file)
    return ""


def _old_office(file: BinaryIO) -> str:
    file.seek(0)
    before = b""
    while chunk := file.read(_CHUNK):
        window = before + chunk
        for stream, name in _STREAMS.items():
            if stream in window:
                return name
        before = window[-64:]
    return ""


def _text(file: BinaryIO, head: bytes) -> str:
    """Returns plain text's type: UTF-8 to its end without control characters, and no page."""
    if not head or _PAGE.match(head):
        return ""
    file.seek(0)
    rest = b""
    while chunk := file.read(_CHUNK):
        try:
            if _CONTROL.search(chunk):
                return ""
            rest = _undecoded(rest + chunk)
        except UnicodeDecodeError:
            return ""
    return "" if rest else "text/plain"


def _undecoded(written: bytes) -> bytes:
    """Returns the bytes at the end that begin a character. Raises `UnicodeDecodeError` for what is no UTF-8."""
    try:
        written.decode()
    except UnicodeDecodeError as error:
        if error.end < len(written) or error.reason != "unexpected end of data":
            raise
        return written[error.start :]
    return b""
