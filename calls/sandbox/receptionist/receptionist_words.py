"""The stand-in's own sentences, in the languages that businesses can have."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language. Braces are filled in by `receptionist.py`."""

    welcome: str
    welcome_from: str
    hours: str
    open_on: str
    closed_on: str
    no_hours: str
    address: str
    no_address: str
    of_course: str
    ask_message: str
    ask_appointment: str
    noted: str
    ask_again: str
    kept: str
    anything_else: str
    dropped: str
    putting_through: str
    no_person: str
    you_are_welcome: str
    goodbye: str
    how_else: str
    not_caught: str
    take_your_time: str
    who: str
    unknown: str
    unknown_again: str
    can_hours: str
    can_address: str
    can_message: str
    can_transfer: str
    either: str
    days: tuple[str, ...]
    from_number: str
    deaf: tuple[str, ...]


ENGLISH = Words(
    welcome="Hello! How can I help you?",
    welcome_from="Hello, this is {name}. How can I help you?",
    hours="Our opening hours are: {hours}",
    open_on="On {day} we are open {hours}.",
    closed_on="On {day} we are closed.",
    no_hours="I am sorry, I don't have the opening hours. Shall I take a message?",
    address="Our address is {address}",
    no_address="I am sorry, I don't have the address. Shall I take a message?",
    of_course="Of course.",
    ask_message="Please tell me your message, with your name and your telephone number.",
    ask_appointment="I don't have the appointment book, but I can take your request. Please tell me {details}.",
    noted="I have noted: {message} Is that right?",
    ask_again="All right. Please tell me once more.",
    kept="Thank you. Your message is kept with this call.",
    anything_else="Is there anything else?",
    dropped="All right, no message.",
    putting_through="One moment please, I am putting you through.",
    no_person="I am sorry, I can't put you through to a person. I can take a message. Would you like that?",
    you_are_welcome="You are welcome.",
    goodbye="Goodbye, and thank you for calling.",
    how_else="Of course. What would you like to know?",
    not_caught="I am sorry, I didn't catch that. Could you say it once more?",
    take_your_time="Of course, take your time.",
    who="I am a stand-in without a language model. I can {abilities}.",
    unknown="I am sorry, I don't know that. I am a stand-in without a language model. I can {abilities}.",
    unknown_again="I am sorry, I can't answer that either. Shall I take a message?",
    can_hours="tell you our opening hours",
    can_address="tell you our address",
    can_message="take a message",
    can_transfer="put you through to a person",
    either=" or ",
    days=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    from_number="from ",
    deaf=(
        "Thank you for calling. I am a stand-in without a language model and without ears for words,"
        " so I can only say these sentences.",
        "I heard you speak. With an OpenAI key, the real assistant would answer you now.",
        "You can interrupt me at any time while I am talking, and I will stop and listen to you.",
    ),
)

HEBREW = Words(
    welcome="שלום! איך אפשר לעזור?",
    welcome_from="שלום, הגעתם אל {name}. איך אפשר לעזור?",
    hours="שעות הפתיחה שלנו: {hours}",
    open_on="ביום {day} אנחנו פתוחים {hours}.",
    closed_on="ביום {day} סגור אצלנו.",
    no_hours="מצטערים, אין לי את שעות הפתיחה. אפשר להשאיר הודעה. לרשום הודעה?",
    address="הכתובת שלנו: {address}",
    no_address="מצטערים, אין לי את הכתובת. לרשום הודעה?",
    of_course="בשמחה.",
    ask_message="אמרו לי בבקשה את ההודעה, עם שם ומספר טלפון.",
    ask_appointment="אין לי גישה ליומן התורים, אבל אפשר לרשום בקשה. אמרו לי בבקשה {details}.",
    noted="רשמתי: {message} זה נכון?",
    ask_again="בסדר. אמרו לי את זה בבקשה עוד פעם.",
    kept="תודה. ההודעה שמורה עם השיחה הזאת.",
    anything_else="אפשר לעזור בעוד משהו?",
    dropped="בסדר, בלי הודעה.",
    putting_through="רגע אחד בבקשה, מעבירים אתכם לנציג.",
    no_person="מצטערים, אי אפשר להעביר אתכם לנציג. אפשר להשאיר הודעה. לרשום הודעה?",
    you_are_welcome="בבקשה.",
    goodbye="להתראות, ותודה שהתקשרתם.",
    how_else="בשמחה. מה תרצו לדעת?",
    not_caught="סליחה, לא שמעתי טוב. אפשר לומר את זה עוד פעם?",
    take_your_time="אין בעיה, אפשר לקחת את הזמן.",
    who="אני מחליף זמני בלי מודל שפה. אני יכול {abilities}.",
    unknown="מצטערים, את זה אני לא יודע. אני מחליף זמני בלי מודל שפה. אני יכול {abilities}.",
    unknown_again="מצטערים, גם על זה אין לי תשובה. לרשום הודעה?",
    can_hours="לומר את שעות הפתיחה",
    can_address="לומר את הכתובת",
    can_message="לרשום הודעה",
    can_transfer="להעביר לנציג",
    either=" או ",
    days=("שני", "שלישי", "רביעי", "חמישי", "שישי", "שבת", "ראשון"),
    from_number="",
    deaf=(
        "תודה שהתקשרתם. אני מחליף זמני בלי מודל שפה ובלי הבנת דיבור, ולכן אני אומר רק משפטים קבועים.",
        "שמעתי שדיברתם. עם מפתח של OpenAI, העוזר האמיתי היה עונה לכם עכשיו.",
        "אפשר להפריע לי בכל רגע באמצע הדיבור, ואני אפסיק ואקשיב.",
    ),
)


def in_language(language: str) -> Words:
    """The sentences of a language; English for those that have none of their own."""
    return HEBREW if language == "he" else ENGLISH
