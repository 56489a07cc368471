"""Requests that no browser makes, for Hypothesis: each to one address, most of them almost right."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as some

from testing.fuzz.addresses import Address
from testing.fuzz.forms import Form
from testing.fuzz.odd_values import encoded, path_parts, quoted, some_json, some_text

METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "BREW", "get")
BOUNDARY = "a-boundary"
URLENCODED, MULTIPART = "application/x-www-form-urlencoded", f"multipart/form-data; boundary={BOUNDARY}"
CONTENT_TYPES = (
    URLENCODED,
    MULTIPART,
    "application/json",
    "text/plain",
    "",
    ";",
    "nonsense",
    f"{URLENCODED}; charset=nonsense",
    f"{URLENCODED}; charset=utf-16",
    *(f"{URLENCODED}; charset={each}" for each in ("idna", "hex", "rot13", "undefined", "punycode", "utf-7", "mbcs")),
    *(f"{MULTIPART}; charset={each}" for each in ("hex", "undefined", "utf-16", "idna")),
    "application/json; charset=utf-7",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=another",
    f"multipart/form-data; boundary={'b' * 300}",
    "multipart/form-data; boundary=\xe9",
    f"{MULTIPART}; charset=nonsense",
    "multipart/mixed; boundary=a-boundary",
)
NAMES_ASKED = (
    "page", "q", "next", "status", "show", "day", "o", "p", "e", "all", "_popup", "_to_field", "_changelist_filters",
    "id__exact", "business__id__exact", "business", "created_at__year", "app_label", "model_name", "field_name", "term",
    "hub.mode", "hub.verify_token", "hub.challenge", "token", "lang", "template", "segment", "contact", "tag",
)  # fmt: skip
HEADERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Accept-Language", ("he", "xx-YY;q=9", "\xd7\x90", "a" * 5000, "en;q=nan", ",,;;", "*", "../../he")),
    ("Host", ("", "x", "example.com", "localhost:99999", "[::1", "a b", "127.0.0.1:", "\xe9.com", "a" * 300)),
    ("Accept", ("", "*/*;q=x", "text/html;q=" + "9" * 40, "image/\xff")),
    ("HX-Request", ("true", "false", "\xff")),
    ("HX-Current-URL", ("http://[", "//", "\xff", "http://127.0.0.1:x/", "javascript:1", "http://\u2100/")),
    ("HX-Current-URL-URI-AutoEncoded", ("true",)),
    ("HX-Target", ("\xff", "main")),
    ("HX-Trigger", ("%", "\xff")),
    ("HX-Prompt", ("%00", "\xff")),
    ("Triggering-Event", ("{", "[1", "\xff", "[" * 2000)),
    ("Origin", ("null", "http://[", "http://evil.example", "\xff")),
    ("Referer", ("http://[", "", "https://\xff", "//")),
    ("X-Forwarded-For", ("", "x", "1.2.3.4, y", "[::1", "9" * 4000, "\xff", "1.2.3.4:99999")),
    ("X-Forwarded-Proto", ("https", "\xff")),
    ("X-Request-Id", ("\xff", "a" * 5000, "", "a b")),
    ("Authorization", ("Bearer", "Bearer \xff", "Basic !", "")),
    ("X-Twilio-Signature", ("A" * 27 + "=", "", "\xff")),
    ("X-Hub-Signature-256", ("sha256=" + "0" * 64, "sha256=\xff", "")),
    ("Range", ("bytes=0-", "bytes=-1", "bytes=9-1", "bytes=x", "bytes=" + "9" * 40 + "-", "bytes=0-1,2-3", "\xff")),
    ("If-Modified-Since", ("x", "Thu, 01 Jan 0000 00:00:00 GMT", "9" * 40, "\xff")),
    ("If-None-Match", ("*", '"', "\xff")),
    ("Content-Encoding", ("gzip", "nonsense")),
    ("X-HTTP-Method-Override", ("DELETE",)),
    ("Cookie", (
        "sessionid=" + "x" * 32, "sessionid=", 'sessionid="\\000\\000\\000\\000aaaaaaaaaa"', "sessionid=\xd7\x90" * 8,
        "sessionid=" + "9" * 5000, "django_language=\xff", 'django_language="\\000"', "django_language=" + "x" * 600,
        "csrftoken=x", 'messages="[[\\"__json_message\\"', "messages=" + "W1siX19qc29uX21lc3NhZ2UiLDAsMjUsIngiXV0:x:y",
        "=;;=,", "a=b; a=c; sessionid", 'x="' + "\\1" * 50,
    )),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Request:
    """One request: its target is percent-encoded, its headers are Latin-1 as on the wire."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


Fields = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an address: values that fit, the forms that lead there, and names that links ask with."""

    address: Address
    usual: dict[str, list[str]]
    forms: Sequence[Form] = ()
    asked: dict[str, list[str]] | None = None


@some.composite
def requests(draw: some.DrawFn, known: Known) -> Request:
    """Returns requests to one address: one in three with an odd part in its path."""
    target = draw(_paths(known))
    if draw(some.booleans()):
        target += "?" + draw(_queries(known))
    method = draw(some.sampled_from(("GET", "GET", "POST", "POST", "POST", *METHODS)))
    headers = draw(_headers)
    if method in {"GET", "HEAD", "get"} and draw(some.integers(0, 5)):
        return Request(method, target, headers)
    form = draw(some.sampled_from(known.forms)) if known.forms else None
    content_type, body = draw(_bodies(form))
    return Request(method, target, (*headers, ("Content-Type", content_type)), body)


@some.composite
def _paths(draw: some.DrawFn, known: Known) -> str:
    odd = draw(some.sampled_from(known.address.arguments)) if known.address.arguments else ""
    is_odd = draw(some.integers(0, 2)) == 0
    values = {
        name: draw(path_parts) if is_odd and name == odd else draw(some.sampled_from(usual))
        for name, usual in known.usual.items()
    }
    return known.address.path(values)


@some.composite
def _queries(draw: some.DrawFn, known: Known) -> str:
    asked = known.asked or {}
    for form in known.forms:
        if not form.is_post:
            asked = asked | form.fields
    names = some.sampled_from([*asked, *asked, *NAMES_ASKED]) | some_text
    pairs = []
    for name in draw(some.lists(names, min_size=1, max_size=3)):
        usual = asked.get(name, [])
        value = draw(some.sampled_from(usual) | some_text if usual else some_text)
        pairs.append(f"{quoted(name)}={quoted(value)}")
    rest = draw(some.sampled_from(("", "", "", "", "&%", "&%zz=%FF", "&=", "&a" * 1200, "&;")))
    return "&".join(pairs)[:8_000] + rest


_headers = some.lists(
    some.sampled_from(HEADERS).flatmap(lambda each: some.tuples(some.just(each[0]), some.sampled_from(each[1]))),
    max_size=2,
    unique_by=lambda each: each[0],
).map(tuple)


@some.composite
def _bodies(draw: some.DrawFn, form: Form | None) -> tuple[str, bytes]:
    fields = draw(_fields(form))
    files = sorted(form.files) if form else []
    kind = draw(some.sampled_from(("urlencoded", "urlencoded", "urlencoded", "multipart", "json", "bytes")))
    if files and kind == "urlencoded":
        kind = "multipart"
    match kind:
        case "multipart":
            proper, body = MULTIPART, draw(_multipart(fields, files))
        case "json":
            proper, body = "application/json", draw(_json_bodies(fields))
        case "bytes":
            proper, body = URLENCODED, draw(some.binary(max_size=200))
        case _:
            proper, body = URLENCODED, _urlencoded(fields)
    lies = draw(some.integers(0, 5)) == 0
    return draw(some.sampled_from(CONTENT_TYPES)) if lies else proper, body


@some.composite
def _fields(draw: some.DrawFn, form: Form | None) -> Fields:
    """Fields of the form as the page offers them, with up to three of them missing, doubled, or of odd values."""
    if form is None or not form.fields:
        return draw(some.lists(some.tuples(some_text, some_text), max_size=4))
    fields = [(name, draw(some.sampled_from(values))) for name, values in form.fields.items() if name not in form.files]
    for place in draw(some.lists(some.integers(0, max(0, len(fields) - 1)), max_size=3)):
        if place >= len(fields):
            continue
        name, value = fields[place]
        match draw(some.sampled_from(("odd", "odd", "odd", "missing", "doubled", "renamed"))):
            case "odd":
                fields[place] = (name, draw(some_text))
            case "missing":
                del fields[place]
            case "doubled":
                fields += [(name, value), (name, draw(some_text))]
            case "renamed":
                fields[place] = (name + draw(some.sampled_from(("[]", "-0", "\0", "x" * 500))), value)
    return fields


def _urlencoded(fields: Fields) -> bytes:
    return "&".join(f"{quoted(name)}={quoted(value)}" for name, value in fields).encode()


def _json_bodies(fields: Fields) -> some.SearchStrategy[bytes]:
    alike: some.SearchStrategy[Any] = some.just(dict(fields))
    texts = (alike | some_json).map(lambda value: json.dumps(value).encode())
    return texts | some.sampled_from((b"{", b"[" * 5000, b"\xff\xfe", b'{"a":1e999}', b'"\\ud800"'))


@some.composite
def _multipart(draw: some.DrawFn, fields: Fields, files: list[str]) -> bytes:
    line = b"\r\n"
    parts = [
        b'Content-Disposition: form-data; name="' + encoded(name) + b'"' + line * 2 + encoded(value)
        for name, value in fields
    ]
    for name in files:
        filename = draw(some.sampled_from(("people.csv", "people.xlsx", "", "\0.csv", "../x.csv", "שם.csv", "a" * 300)))
        content = draw(some.sampled_from((b"", b"phone\n+972501234567\n", b"PK\x03\x04", b"\0" * 50, b"\xff\xfe")))
        kind = draw(some.sampled_from(("text/csv", "text/csv; charset=nonsense", "x", "audio/wav")))
        head = f'Content-Disposition: form-data; name="{name}"; filename="{filename}"\r\nContent-Type: {kind}'
        parts.append(encoded(head) + line * 2 + content)
    body = b"".join(b"--" + BOUNDARY.encode() + line + part + line for part in parts)
    end = draw(some.sampled_from((b"--", b"--", b"--", b"", b"-", b"--\r\n--")))
    broken = draw(
        some.sampled_from((b"", b"", b"", b"--a-boundary\r\n\r\n", b"--a-boundary\r\nContent-Disposition: x"))
    )
    transfer = b'--a-boundary\r\nContent-Disposition: form-data; name="t"\r\nContent-Transfer-Encoding: base64\r\n\r\n!'
    extra = draw(some.sampled_from((b"", b"", transfer + line)))
    return body + extra + broken + b"--" + BOUNDARY.encode() + end + line
