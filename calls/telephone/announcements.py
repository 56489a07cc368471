"""What callers hear from Twilio's voice instead of the assistant's, in every language of a business.

Not by gettext: these sentences must be spoken also when no catalogue is compiled.
"""

from __future__ import annotations

from enum import StrEnum

from businesses.models import Language

_HE, _EN = Language.HEBREW, Language.ENGLISH


class Announcement(StrEnum):
    """One situation in which Twilio's own voice speaks."""

    NOT_IN_SERVICE = "not_in_service"
    ALL_BUSY = "all_busy"
    UNAVAILABLE = "unavailable"
    PUTTING_THROUGH = "putting_through"
    SORRY_PUTTING_THROUGH = "sorry_putting_through"
    NOBODY_ANSWERED = "nobody_answered"
    LEAVE_A_MESSAGE = "leave_a_message"
    MESSAGE_LEFT = "message_left"
    NO_MESSAGE_LEFT = "no_message_left"


LAST_WORDS = frozenset({Announcement.ALL_BUSY, Announcement.UNAVAILABLE, Announcement.NOBODY_ANSWERED})
"""After these the call ends, unless the caller is asked for a message instead."""


_WORDS = {
    Announcement.NOT_IN_SERVICE: {
        _HE: "המספר שחייגתם אינו פעיל כרגע. שלום ותודה.",
        _EN: "The number you have dialed is not in service at the moment. Goodbye.",
    },
    Announcement.ALL_BUSY: {
        _HE: "כל הקווים תפוסים כרגע. אנא התקשרו שוב בעוד מספר דקות. תודה.",
        _EN: "All our lines are busy at the moment. Please call again in a few minutes. Thank you.",
    },
    Announcement.UNAVAILABLE: {
        _HE: "מצטערים, אין באפשרותנו לענות כרגע. אנא התקשרו שוב מאוחר יותר. תודה.",
        _EN: "We are sorry, we can't take your call at the moment. Please call again later. Thank you.",
    },
    Announcement.PUTTING_THROUGH: {
        _HE: "רגע אחד, מעבירים אתכם.",
        _EN: "One moment please, we are putting you through.",
    },
    Announcement.SORRY_PUTTING_THROUGH: {
        _HE: "מצטערים על התקלה. רגע אחד, מעבירים אתכם לנציג.",
        _EN: "We are sorry for the trouble. One moment please, we are putting you through to a person.",
    },
    Announcement.NOBODY_ANSWERED: {
        _HE: "מצטערים, אין מענה כרגע. אנא התקשרו שוב מאוחר יותר. תודה.",
        _EN: "We are sorry, nobody can answer at the moment. Please call again later. Thank you.",
    },
    Announcement.LEAVE_A_MESSAGE: {
        _HE: "מצטערים, אין מענה כרגע. אפשר להשאיר הודעה עם שם ומספר טלפון אחרי הצפצוף, ובסיומה להקיש סולמית.",
        _EN: "We are sorry, nobody can answer at the moment. Please leave your name, your number and a message after "
        "the beep, and press the pound key when you are done.",
    },
    Announcement.MESSAGE_LEFT: {
        _HE: "תודה, ההודעה התקבלה. להתראות.",
        _EN: "Thank you, we have your message. Goodbye.",
    },
    Announcement.NO_MESSAGE_LEFT: {
        _HE: "לא הוקלטה הודעה. להתראות.",
        _EN: "No message was recorded. Goodbye.",
    },
}


def words(announcement: Announcement, language: str | None) -> dict[Language, str]:
    """Returns the sentence in the business's language, or in every language if the business is unknown (None)."""
    sentences = _WORDS[announcement]
    return dict(sentences) if language is None else {Language(language): sentences[Language(language)]}
