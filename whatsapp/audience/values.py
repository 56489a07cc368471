"""Cells that hold no value, though they hold something: errors, placeholders, words for nothing. Pure: no database.

What is taken is sent as it stands, so only what nobody would send is refused: a name like Nan or Null is a name.
"""

from __future__ import annotations

import re
import unicodedata

from whatsapp.reasons import Cause, Reason, reason
from whatsapp.tables.refusals import Flaw

_ERRORS = frozenset(
    {
        "#n/a",
        "#ref!",
        "#value!",
        "#name?",
        "#div/0!",
        "#null!",
        "#num!",
        "#spill!",
        "#calc!",
        "#getting_data",
        "#field!",
    }
    | {"#blocked!", "#unknown!", "#connect!", "#busy!", "#error!", "#python!", "#external!", "#fmt"}
)
_ERROR = re.compile(r"^(?:#{2,}|err:\d{3})$", re.IGNORECASE)
_CODE = frozenset(
    {"NULL", "null", "(null)", "<null>", "None", "NONE", "none", "nan", "NaN", "NAN", "NaT", "<NA>", "undefined"}
    | {"UNDEFINED", "nil", "[object Object]", "[object object]", "\\N"}
)
"""What programs write when they have no value, in the spelling that they write it in."""
_PLAIN = re.compile(r"(?:[^\W_]| (?! ))+")
"""Letters, digits and single blanks: nothing else needs to be looked at."""
_NOTHING = re.compile(r"^(?:[-\u2010-\u2015\u2212_.?*]+|n/a|n\.a\.)$", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"""\{\{[^{}]*\}\} | ^\{\w[\w\ .-]*\}$ | \$\{\w[^{}]*\} | \*\|\w+\|\* | ^<<[^<>]+>>$ | ^«[^«»]+»$ | ^%%?\w+%%?$
    | ^\[[a-z]+[_ ]?name\]$""",
    re.IGNORECASE | re.VERBOSE,
)
"""How templates of many programs write a value that is to be filled in."""
_FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs that show nothing."""
_UNSEEN = frozenset({"Cf", "Cc", "Zs", "Zl", "Zp", "Mn"})


def reason_of(flaw: Flaw, name: str, cell: str) -> Reason:
    """Returns why a cell of column `name` holds no value, as its reader says it."""
    match flaw:
        case Flaw.ERROR:
            return reason(Cause.VALUE_IS_ERROR, name=name, value=_quoted(cell))
        case Flaw.FORMULA:
            return reason(Cause.VALUE_FORMULA, name=name)
        case Flaw.UNREADABLE:
            return reason(Cause.VALUE_UNREADABLE, name=name, value=_quoted(cell))
        case Flaw.UNCLEAR:
            return reason(Cause.VALUE_UNCLEAR, name=name)


def why_no_value(text: str, name: str) -> Reason | None:
    """Returns why the text of column `name` is no value that could be sent; None if it is one, or empty."""
    if is_plain(text):
        return None
    if text.casefold() in _ERRORS or _ERROR.match(text) or text in _CODE or "[object Object]" in text:
        return reason(Cause.VALUE_IS_ERROR, name=name, value=_quoted(text))
    if "\ufffd" in text:
        return reason(Cause.VALUE_UNREADABLE, name=name, value=_quoted(text))
    if _PLACEHOLDER.search(text):
        return reason(Cause.VALUE_IS_PLACEHOLDER, name=name, value=_quoted(text))
    if stands_for_nothing(text):
        return reason(Cause.VALUE_IS_NOTHING, name=name, value=_quoted(text))
    return None


def is_plain(text: str) -> bool:
    """Returns whether a text is surely a value: letters, digits and single blanks, and nothing that programs write."""
    return bool(_PLAIN.fullmatch(text)) and text not in _CODE


def stands_for_nothing(text: str) -> bool:
    """Returns whether a text is what people write where they have nothing to write, like a dash."""
    return bool(_NOTHING.match(text))


def is_invisible(text: str) -> bool:
    """Returns whether nothing of a text can be seen."""
    if text.isascii() and text.isprintable():
        return not text.strip()
    return all(sign in _FILLERS or unicodedata.category(sign) in _UNSEEN for sign in text)


def _quoted(text: str) -> str:
    return f"“{text[:40]}”"
