"""Cells that hold no value, though they hold something: errors, placeholders, words for nothing. Pure: no database.

What is taken is sent as it stands, so only what nobody would send is refused: a name like Nan or Null is a name.
"""

from __future__ import annotations

import re
import unicodedata

from whatsapp.reasons import Cause
from whatsapp.tables.refusals import Flaw

_ERRORS = frozenset(
    {"#n/a", "#ref!", "#value!", "#name?", "#div/0!", "#null!", "#num!", "#spill!", "#calc!", "#getting_data", "#field!"}
    | {"#blocked!", "#unknown!", "#connect!", "#busy!", "#error!", "#python!", "#external!", "#fmt"}
)
_ERROR = re.compile(r"^(?:#{2,}|err:\d{3})$", re.IGNORECASE)
_CODE = frozenset(
    {"NULL", "null", "(null)", "<null>", "None", "NONE", "none", "nan", "NaN", "NAN", "NaT", "<NA>", "undefined"}
    | {"UNDEFINED", "nil", "[object Object]", "[object object]", "\\N"}
)
"""What programs write when they have no value, in the spelling that they write it in."""
_NOTHING = re.compile(r"^(?:[-\u2010-\u2015\u2212_.?*]+|n/a|n\.a\.)$", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"\{\{[^{}]*\}\}|^\{\w[\w .-]*\}$|\$\{\w[^{}]*\}|\*\|\w+\|\*|^<<[^<>]+>>$|^«[^«»]+»$|^%%?\w+%%?$|^\[[A-Za-z]+[_ ]?name\]$",
    re.IGNORECASE,
)
_FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs that show nothing."""

OF_FLAWS = {
    Flaw.ERROR: Cause.VALUE_IS_ERROR,
    Flaw.FORMULA: Cause.VALUE_FORMULA,
    Flaw.UNREADABLE: Cause.VALUE_UNREADABLE,
    Flaw.UNCLEAR: Cause.VALUE_UNCLEAR,
}


def why_no_value(text: str) -> Cause | None:
    """Returns why a text is no value that could be sent; None if it is one, or empty."""
    if text.casefold() in _ERRORS or _ERROR.match(text):
        return Cause.VALUE_IS_ERROR
    if text in _CODE or "[object Object]" in text:
        return Cause.VALUE_IS_ERROR
    if "\ufffd" in text:
        return Cause.VALUE_UNREADABLE
    if _PLACEHOLDER.search(text):
        return Cause.VALUE_IS_PLACEHOLDER
    return Cause.VALUE_IS_NOTHING if stands_for_nothing(text) else None


def stands_for_nothing(text: str) -> bool:
    """Returns whether a text is what people write where they have nothing to write, like a dash."""
    return bool(_NOTHING.match(text))


def is_invisible(text: str) -> bool:
    """Returns whether nothing of a text can be seen."""
    return all(sign in _FILLERS or unicodedata.category(sign) in {"Cf", "Cc", "Zs", "Zl", "Zp", "Mn"} for sign in text)


def data_of(cause: Cause, name: str, value: str) -> dict[str, str]:
    """Returns the data that a cause of this module is kept with."""
    named = {"name": name}
    return named if cause in {Cause.VALUE_FORMULA, Cause.VALUE_UNCLEAR} else {**named, "value": f"“{value[:40]}”"}
