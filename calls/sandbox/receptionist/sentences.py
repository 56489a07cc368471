"""The receptionist's own sentences, in the languages that businesses can have."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentences:
    """One language. Braces are filled in by `rules.py`."""

    welcome: str
    welcome_from: str
    hours: str
    address: str
    anything_else: str
    putting_through: str
    no_person: str
    nobody_there: str
    you_are_welcome: str
    goodbye: str
    not_caught: str
    who: str
    unknown: str
    no_ears: str
    what_message: str
    one_moment: str
    done: str
    is_free: str
    is_taken: str
    which: str
    not_done: str


ENGLISH = Sentences(
    welcome="Hello! How can I help you?",
    welcome_from="Hello, this is {name}. How can I help you?",
    hours="Our opening hours are: {facts}",
    address="Our address is {facts}",
    anything_else="Is there anything else?",
    putting_through="One moment please, I am putting you through.",
    no_person="I am sorry, I can't put you through to a person.",
    nobody_there="I am sorry, nobody was available. Shall I take a message, or can I help you with something else?",
    you_are_welcome="You are welcome.",
    goodbye="Goodbye, and thank you for calling.",
    not_caught="I am sorry, I didn't catch that. Could you say it once more?",
    who="I am a stand-in without a language model. Ask me about anything that the business has written about itself.",
    unknown="I am sorry, I don't know that. I am a stand-in without a language model, and know only what is written.",
    no_ears="I am a stand-in and can't understand your words.",
    what_message="Of course. What shall I write down?",
    one_moment="One moment.",
    is_free="The next free time is {when}. Shall I book it?",
    is_taken="I am sorry, that time has just been taken. {when} is free. Shall I book that?",
    which="Which of these, please: {names}?",
    done="That is done. Is there anything else?",
    not_done="I am sorry, that did not work.",
)

HEBREW = Sentences(
    welcome="שלום! איך אפשר לעזור?",
    welcome_from="שלום, הגעתם אל {name}. איך אפשר לעזור?",
    hours="שעות הפתיחה שלנו: {facts}",
    address="הכתובת שלנו: {facts}",
    anything_else="אפשר לעזור בעוד משהו?",
    putting_through="רגע אחד בבקשה, מעבירים אתכם לנציג.",
    no_person="מצטערים, אי אפשר להעביר אתכם לנציג.",
    nobody_there="מצטערים, לא הצלחנו להשיג אף אחד. להשאיר הודעה, או שאפשר לעזור במשהו אחר?",
    you_are_welcome="בבקשה.",
    goodbye="להתראות, ותודה שהתקשרתם.",
    not_caught="סליחה, לא שמעתי טוב. אפשר לומר את זה עוד פעם?",
    who="זה עוזר לניסיון, בלי מודל שפה. אפשר לשאול על כל מה שהעסק כתב על עצמו.",
    unknown="מצטערים, על זה אין לי תשובה. זה עוזר לניסיון, בלי מודל שפה, והוא יודע רק את מה שהעסק כתב.",
    no_ears="זה עוזר לניסיון, והוא לא מבין דיבור בעברית.",
    what_message="בשמחה. מה לרשום?",
    one_moment="רגע אחד.",
    is_free="המועד הפנוי הבא הוא {when}. לקבוע?",
    is_taken="מצטערים, המועד הזה נתפס עכשיו. {when} פנוי. לקבוע אותו?",
    which="לאיזה מאלה בבקשה: {names}?",
    done="בוצע. אפשר לעזור בעוד משהו?",
    not_done="מצטערים, זה לא הצליח.",
)


def in_language(language: str) -> Sentences:
    """Returns the sentences of a language; English for those that have none of their own."""
    return HEBREW if language == "he" else ENGLISH
