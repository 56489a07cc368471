"""What a member hears who records a text by telephone.

Not by gettext: like `announcements.py`, these sentences must be spoken also when no catalogue is compiled.
"""

from __future__ import annotations

from enum import StrEnum

from businesses.models import Language
from calls.errors import SpeechFault
from calls.models import GreetingPart

_HE, _EN = Language.HEBREW, Language.ENGLISH


class Say(StrEnum):
    """One thing that is said."""

    CODE = "code"
    WRONG = "wrong"
    AGAIN = "again"
    NOTHING = "nothing"
    WAIT = "wait"
    LISTEN = "listen"
    KEYS = "keys"
    KEPT = "kept"
    CHANGED = "changed"
    ENOUGH = "enough"


_WORDS = {
    Say.CODE: {
        _HE: "להקלטה, הקישו את שש הספרות שמופיעות בדף. כדי לדבר עם העוזר, הקישו סולמית או המתינו.",
        _EN: "To make your recording, enter the six digits that the page shows. To talk to the assistant, press pound, "
        "or wait.",
    },
    Say.WRONG: {_HE: "הקוד שגוי. נסו שוב.", _EN: "That code is wrong. Please try again."},
    Say.AGAIN: {_HE: "מקליטים שוב.", _EN: "Let's record it again."},
    Say.NOTHING: {_HE: "לא נשמע דבר.", _EN: "Nothing was heard."},
    Say.WAIT: {_HE: "רגע אחד.", _EN: "One moment."},
    Say.LISTEN: {_HE: "כך ישמעו זאת המתקשרים:", _EN: "This is what callers will hear:"},
    Say.KEYS: {
        _HE: "לשמירה הקישו 1. להקלטה נוספת הקישו 2. להאזנה חוזרת הקישו 3.",
        _EN: "To keep it, press 1. To record it again, press 2. To hear it again, press 3.",
    },
    Say.KEPT: {
        _HE: "ההקלטה נשמרה. היא נבדקת כעת, ובדף תראו ממתי המתקשרים שומעים אותה. שלום.",
        _EN: "Your recording is kept. It is being checked now; the page shows when callers hear it. Goodbye.",
    },
    Say.CHANGED: {
        _HE: "המילים שונו בינתיים, וההקלטה לא נשמרה. התחילו שוב מן הדף. שלום.",
        _EN: "The words have been changed meanwhile, so the recording was not kept. Please start again on the page. "
        "Goodbye.",
    },
    Say.ENOUGH: {
        _HE: "לא נשמרה הקלטה. אפשר להתחיל שוב מן הדף. שלום.",
        _EN: "No recording was kept. You can start again on the page. Goodbye.",
    },
}
_PARTS = {
    GreetingPart.GREETING: {_HE: "את הברכה", _EN: "the greeting"},
    GreetingPart.CLOSED: {_HE: "את הברכה לשעות שבהן אתם סגורים", _EN: "the greeting for the hours when you are closed"},
    GreetingPart.NOTICE: {_HE: "את ההודעה שהשיחות מוקלטות", _EN: "the notice that calls are recorded"},
}
_SPEAK = {
    _HE: "אתם מקליטים {part}. לאחר הצליל אמרו בדיוק את המילים שבדף, ובסוף הקישו סולמית.",
    _EN: "You are recording {part}. After the tone, say exactly the words on the page, and press pound when you are "
    "done.",
}
_FAULTS = {
    SpeechFault.SILENCE: {_HE: "לא נשמע דבר בהקלטה.", _EN: "Nothing can be heard in the recording."},
    SpeechFault.TOO_QUIET: {
        _HE: "ההקלטה חלשה מדי. דברו קרוב יותר לטלפון.",
        _EN: "The recording is too quiet. Please speak closer to the phone.",
    },
    SpeechFault.CLIPPED: {
        _HE: "ההקלטה מעוותת. דברו רחוק יותר מן הטלפון.",
        _EN: "The recording is distorted. Please speak farther from the phone.",
    },
    SpeechFault.TOO_SHORT: {
        _HE: "ההקלטה קצרה מדי למילים האלה.",
        _EN: "The recording is too short for these words.",
    },
    SpeechFault.TOO_LONG: {_HE: "ההקלטה ארוכה מדי למילים האלה.", _EN: "The recording is too long for these words."},
}
_OTHER = {_HE: "ההקלטה לא הגיעה.", _EN: "The recording has not arrived."}


def said(what: Say, language: Language) -> str:
    """Returns a sentence."""
    return _WORDS[what][language]


def speak(part: GreetingPart, language: Language) -> str:
    """Returns what is to be said after the tone."""
    return _SPEAK[language].format(part=_PARTS[part][language])


def fault(code: str, language: Language) -> str:
    """Returns why a recording can't be taken."""
    return next((words for known, words in _FAULTS.items() if known == code), _OTHER)[language]
