"""What a person hears who is called for a transfer, before they take the call: who calls, and why.

Not by gettext: like `announcements.py`, these sentences must be spoken also when no catalogue is compiled.
"""

from __future__ import annotations

from typing import Final

from businesses.dialling import can_be_shown
from businesses.known_people import people_with
from businesses.models import Language
from calls.models import Transfer

_HE, _EN = Language.HEBREW, Language.ENGLISH

WHO: Final = {
    _HE: "שיחה שמועברת אליכם מ{business}. על הקו: {caller}.",
    _EN: "A call is being put through to you from {business}. The caller is {caller}.",
}
WHY: Final = {_HE: "הנושא: {about}.", _EN: "It is about: {about}."}
PRESS: Final = {
    _HE: "לקבלת השיחה הקישו 1. לדחייה, הקישו מקש אחר.",
    _EN: "Press 1 to take the call, or any other key to refuse it.",
}
NO_NUMBER: Final = {_HE: "מספר חסוי", _EN: "somebody who withholds their number"}
FROM: Final = {_HE: "מהמספר {digits}", _EN: "somebody from {digits}"}
SOMEBODY: Final = {_HE: "שיחה מועברת אליכם.", _EN: "A call is being put through to you."}
GONE: Final = {_HE: "השיחה כבר הסתיימה. תודה.", _EN: "The caller is no longer waiting. Thank you."}


def words_of(transfer: Transfer) -> str:
    """Returns what is said before the keys are asked for. Expects the business to be set."""
    business, language = transfer.call.business, Language(transfer.call.business.language)
    number = transfer.call.caller_number
    known = people_with(business, [number]).get(number) if number else None
    if known is not None:
        caller = known.name
    elif can_be_shown(number):
        caller = FROM[language].format(digits=" ".join(number.lstrip("+")))
    else:
        caller = NO_NUMBER[language]
    said = WHO[language].format(business=business.name, caller=caller)
    return f"{said} {WHY[language].format(about=transfer.about.rstrip('.'))}" if transfer.about else said
