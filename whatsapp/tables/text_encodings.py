"""The encoding of a text file: found out where it is sure, otherwise a few readings to choose from. Pure: no Django.

A file is surely in an encoding if it begins with a byte order mark, if it is ASCII or UTF-8 throughout, or if most of
its lines with other letters are UTF-8: then the bad lines are bad, each is named. Bytes of all other files are letters
in a dozen encodings at once, and the wrong one gives somebody a wrong name. So these are asked about: the readings
are put in order by how much they look like writing, and shown with examples.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import BinaryIO

from whatsapp.tables.refusals import Asked, Problem, Refused

ENCODINGS = (
    "utf-8", "windows-1255", "windows-1252", "windows-1256", "windows-1251", "windows-1250", "windows-1253",
    "windows-1254", "windows-1257", "windows-1258", "windows-874", "ibm862", "ibm866", "ibm850", "ibm852", "ibm437",
    "ibm857", "ibm864", "ibm720", "koi8-r", "mac-roman", "mac-cyrillic", "iso-8859-8", "iso-8859-6",
    "gb18030", "big5", "shift_jis", "euc-kr", "utf-16", "utf-16-le", "utf-16-be",
)  # fmt: skip
"""The encodings that can be chosen, those of the likeliest programs first."""

SHOWN, EXAMPLES = 3, 3
"""How many readings are offered first, and with how many examples each."""
_CHUNK = 1 << 20
_SAMPLE = 1 << 20
_MOST_EXAMPLES = 200
_BAD = re.compile("[\udc80-\udcff]")
"""Bytes that are none of the encoding, as Python keeps them in a text (`surrogateescape`)."""
_PYTHON = {
    "windows-1255": "cp1255", "windows-1252": "cp1252", "windows-1256": "cp1256", "windows-1251": "cp1251",
    "windows-1250": "cp1250", "windows-1253": "cp1253", "windows-1254": "cp1254", "windows-1257": "cp1257",
    "windows-1258": "cp1258", "windows-874": "cp874", "ibm862": "cp862", "ibm866": "cp866", "ibm850": "cp850",
    "ibm852": "cp852", "ibm437": "cp437", "ibm857": "cp857", "ibm864": "cp864", "ibm720": "cp720",
    "mac-roman": "mac_roman", "mac-cyrillic": "mac_cyrillic",
}  # fmt: skip
_UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UTF_32_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_WORD = re.compile(r"[^\W\d_]+")
_FINAL_LETTERS = "ךםןףץ"
_COMMON = {
    "LATIN": "éèêëàâäáãçñöôóõøüúûùíìîïßåæœýžšřčěąęłńśźżğışțăőűđ",
    "CYRILLIC": "оеаинтсрвлкмдпуяыьгзбчйхжш",
    "GREEK": "αοιετσνηυρπκμλςάίέόή",
    "HEBREW": "אבגדהוזחטיכלמנסעפצקרשתךםןףץ",
    "ARABIC": "اأإآبتثجحخدذرزسشصضطظعغفقكلمنهويىةئءؤ",
}
"""Letters that are frequent in texts of a script. Capitals count as their small letters, but for less."""


def encoding_of(file: BinaryIO, asked_for: str = "") -> str:
    """Returns the Python name of a text file's encoding, and rewinds it; `asked_for` is a person's choice.

    Raises:
        Asked: it isn't clear which it is.
        Refused: the file is not a text, there is no encoding of that name, or the file can't be in it.
    """
    start = file.read(_SAMPLE)
    file.seek(0)
    sure = _by_its_bytes(start)
    if asked_for:
        return _chosen(file, asked_for, sure)
    if sure:
        return sure
    good, bad = _lines(file)
    if good >= bad:
        return "utf-8-sig"
    raise Asked("encoding", list(_readings(file, may_be_utf8=good > 0)))


def _by_its_bytes(start: bytes) -> str:
    """Returns the encoding that the beginning proves, "" if there is no proof. Raises `Refused`."""
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if start.startswith(_UTF_32_MARKS):
        return "utf-32"
    if start.startswith(_UTF_16_MARKS):
        return "utf-16"
    if b"\0" not in start:
        return ""
    even, odd = start[0:4_000:2].count(0), start[1:4_000:2].count(0)
    pairs = min(len(start), 4_000) // 2
    if odd * 3 > pairs and not even:
        return "utf-16-le"
    if even * 3 > pairs and not odd:
        return "utf-16-be"
    raise Refused(Problem.NOT_A_TABLE)


def _chosen(file: BinaryIO, asked_for: str, sure: str) -> str:
    """Returns the encoding of that name. Raises `Refused` if there is none, or if some bytes can't be in it."""
    name = asked_for.strip().lower().replace("_", "-").replace(" ", "")
    known = {codecs.lookup(_PYTHON.get(each, each)).name: each for each in ENCODINGS}
    try:
        python = codecs.lookup(_PYTHON.get(name, name)).name
    except LookupError:
        python = ""
    if python in {"iso8859-1", "ascii"}:  # browsers and Excel read both as Windows does
        python = "cp1252"
    if python == "utf-8-sig":
        python = "utf-8"
    if python not in known:
        raise Refused(Problem.NO_SUCH_ENCODING, encoding=asked_for[:40], encodings=", ".join(ENCODINGS))
    if python == "utf-8":
        return "utf-8-sig"
    if sure in {python, "utf-16"} and python.startswith("utf-16"):
        return sure
    if sure or python.startswith("utf-16") or not _can_be_in(file, python):
        raise Refused(Problem.NOT_IN_ENCODING, encoding=known[python])
    return python


def _can_be_in(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    finally:
        file.seek(0)
    return True


def _lines(file: BinaryIO) -> tuple[int, int]:
    """Returns how many lines with other bytes than ASCII are UTF-8, and how many are not. Rewinds the file."""
    good = bad = 0
    for line in _raw_lines(file):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            bad += 1
        else:
            good += 1
    return good, bad


def _raw_lines(file: BinaryIO) -> Iterator[bytes]:
    """Yields the lines that are not plain ASCII, also where only carriage returns end them. Rewinds the file."""
    while lines := file.readlines(_CHUNK):
        for line in lines:
            if not line.isascii():
                yield from (part for part in line.split(b"\r") if not part.isascii())
    file.seek(0)


def _readings(file: BinaryIO, *, may_be_utf8: bool) -> Iterator[tuple[str, list[str]]]:
    """Yields every encoding that the file can be in, with examples: those that look most like writing come first."""
    fields = list(_fields(file))
    readings: dict[str, list[str]] = {}
    for encoding in ENCODINGS:
        if encoding.startswith("utf-"):
            continue
        python = _PYTHON.get(encoding, encoding)
        try:
            read = [field.decode(python) for field in fields]
        except UnicodeDecodeError:
            continue
        if read not in readings.values() and _can_be_in(file, python):
            readings[encoding] = read
    ordered = sorted(readings, key=lambda encoding: -_likelihood(readings[encoding]))
    if may_be_utf8:
        examples = [field.decode("utf-8", "replace") for field in fields]
        readings["utf-8"] = sorted(examples, key=lambda text: "\ufffd" in text)
        ordered.insert(min(SHOWN - 1, len(ordered)), "utf-8")
    for encoding in ordered:
        yield encoding, readings[encoding][:EXAMPLES]


def _fields(file: BinaryIO) -> Iterator[bytes]:
    """Yields different fields that hold other bytes than ASCII."""
    seen: set[bytes] = set()
    for line in _raw_lines(file):
        for part in re.split(rb"[,;\t|\r\n]", line):
            field = part.strip(b" \"'")[:60]
            if not field.isascii() and field not in seen:
                seen.add(field)
                yield field
        if len(seen) >= _MOST_EXAMPLES:
            break
    file.seek(0)


def _likelihood(texts: Iterable[str]) -> float:
    """Returns how much these texts look like writing, from about -5 to 1."""
    points = letters = 0.0
    for text in texts:
        for word in _WORD.findall(text):
            points += _of_word(word)
        for sign in text:
            if not sign.isascii():
                letters += 1
                points += _of_sign(sign)
    return points / max(letters, 1)


def _of_sign(sign: str) -> float:
    category = unicodedata.category(sign)
    if category[0] == "L":
        script = unicodedata.name(sign, "").partition(" ")[0]
        common = _COMMON.get(script, "")
        if sign in common:
            return 1.0
        if sign.lower() in common:
            return 0.7
        return 0.5 if script in {"CJK", "HANGUL", "HIRAGANA", "KATAKANA", "THAI"} else 0.1
    if category == "Mn":
        return 0.3
    return 0.0 if sign in "\u00a0–—’“”״׳…" else -4.0 if category in {"Cc", "Cn"} else -2.0


def _of_word(word: str) -> float:
    """Returns the points of a word as a whole: it mixes no scripts, and has no capital within small letters."""
    scripts = {unicodedata.name(sign, "?").partition(" ")[0] for sign in word}
    points = -3.0 * (len(scripts - {"MODIFIER", "COMBINING"}) - 1)
    points -= 2.0 * sum(a.islower() and b.isupper() for a, b in pairwise(word))
    points -= 2.0 * sum(sign in _FINAL_LETTERS for sign in word[:-1])
    foreign = sum(not sign.isascii() for sign in word)
    if scripts == {"LATIN"} and foreign > 2 and foreign > len(word) / 2:
        points -= foreign  # no language writes most of a word's letters with accents
    return points


def without_bad(text: str) -> tuple[str, bool]:
    """Returns a text with a replacement character for each byte that is none of its encoding, and whether any is."""
    if text.isascii() or not _BAD.search(text):
        return text, False
    return _BAD.sub("\ufffd", text), True
