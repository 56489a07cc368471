"""What a file is, is decided by its content: what it is called or said to be makes no page of it."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatsapp.media.kinds import KINDS, kind_of
from whatsapp.providers.sandbox.sample_files import sample

pytestmark = pytest.mark.pure


def zipped(*names: str, stored: bytes = b"") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, stored or b"x")
    return file.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
FTYP = b"\x00\x00\x00\x18ftyp"
OOXML = "application/vnd.openxmlformats-officedocument"
TAKEN = [
    (sample("picture.jpg"), "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n" + bytes(20), "image/png"),
    (b"GIF89a" + bytes(20), "image/gif"),
    (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "image/webp"),
    (sample("voice.ogg"), "audio/ogg"),
    (b"ID3\x03\x00" + bytes(20), "audio/mpeg"),
    (b"\xff\xfb\x90\x64" + bytes(20), "audio/mpeg"),
    (b"\xff\xf1\x50\x80" + bytes(20), "audio/aac"),
    (b"#!AMR\n<", "audio/amr"),
    (FTYP + b"M4A \x00\x00", "audio/mp4"),
    (FTYP + b"isom\x00\x00", "video/mp4"),
    (FTYP + b"mp42\x00\x00", "video/mp4"),
    (FTYP + b"3gp4\x00\x00", "video/3gpp"),
    (b"%PDF-1.7\n", "application/pdf"),
    (b"BEGIN:VCARD\r\nVERSION:3.0\r\n", "text/vcard"),
    (zipped("[Content_Types].xml", "word/document.xml"), f"{OOXML}.wordprocessingml.document"),
    (zipped("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"), f"{OOXML}.spreadsheetml.sheet"),
    (zipped("mimetype", stored=b"application/vnd.oasis.opendocument.text"), "application/vnd.oasis.opendocument.text"),
    (OLE + bytes(600) + "WordDocument".encode("utf-16-le"), "application/msword"),
    ("שלום, the price is ₪250\n".encode(), "text/plain"),
]
NOT_TAKEN = {
    "nothing": b"",
    "a page": b"<!DOCTYPE html><script>alert(1)</script>",
    "a page after blanks": b" \n\t<html><body>x",
    "a drawing with a script": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "a program": b"MZ\x90\x00" + bytes(60),
    "an archive": zipped("run.exe"),
    "an archive with a page first": zipped("index.html", "word/document.xml"),
    "an installer": OLE + bytes(600) + "Installer".encode("utf-16-le"),
    "a film of another brand": FTYP + b"qt  \x00\x00",
    "OGG with something else inside": b"OggS" + bytes(24) + b"\x01\x1e" + b"\x80theora" + bytes(30),
    "UTF-16": "hello".encode("utf-16"),
    "half a character": "שלום".encode()[:-1],
}


@pytest.mark.parametrize(("content", "content_type"), TAKEN, ids=[name for _content, name in TAKEN])
def test_what_is_taken(content: bytes, content_type: str) -> None:
    found = kind_of(io.BytesIO(content), "text/html")
    assert found is KINDS[content_type]


@pytest.mark.parametrize("content", NOT_TAKEN.values(), ids=NOT_TAKEN)
def test_what_is_not_taken(content: bytes) -> None:
    for told in ("image/jpeg", "audio/ogg", "application/pdf", "text/html", ""):
        assert kind_of(io.BytesIO(content), told) is None


def test_sound_in_a_films_container_is_sound_if_it_was_sent_as_such() -> None:
    content = io.BytesIO(FTYP + b"isom\x00\x00")
    assert kind_of(content, "audio/mp4; codecs=mp4a") is KINDS["audio/mp4"]
    assert kind_of(content, "image/png") is KINDS["video/mp4"]


def test_only_pictures_sound_and_films_are_shown() -> None:
    shown = {name for name, kind in KINDS.items() if kind.shown_as}
    assert {name.partition("/")[0] for name in shown} == {"image", "audio", "video"}
    assert not shown & {"image/svg+xml", "audio/amr"}
    assert len({kind.ending for kind in KINDS.values()}) == len(KINDS)


@given(st.binary(max_size=200), st.sampled_from(["", "text/html", "image/svg+xml", "audio/mp4", "application/pdf"]))
def test_what_somebody_says_of_a_file_never_decides_more_than_sound_or_film(content: bytes, told: str) -> None:
    found, plain = kind_of(io.BytesIO(content), told), kind_of(io.BytesIO(content), "")
    assert found == plain or (found and plain and {found.shown_as, plain.shown_as} == {"audio", "video"})


@given(st.binary(max_size=60), st.sampled_from([b"<!doctype html>", b"<html>", b"<svg ", b"<script>", b"<?xml "]))
def test_a_page_is_never_taken_whatever_follows(rest: bytes, start: bytes) -> None:
    assert kind_of(io.BytesIO(start + rest), "text/plain") is None


@given(st.text(min_size=1, max_size=40).filter(lambda text: text.isprintable() and "<" not in text))
def test_a_long_text_is_read_across_its_pieces(text: str) -> None:
    content = ("x" + text).encode() * (2_200_000 // len(("x" + text).encode()))
    found = kind_of(io.BytesIO(content), "")
    assert found is not None
    assert found.content_type in {"text/plain"}
