"""The dialogues of the demo's calls, with the times of each turn."""

from __future__ import annotations

from dataclasses import dataclass

ASSISTANT, CALLER = "assistant", "caller"


@dataclass(frozen=True, slots=True)
class Said:
    """One turn. If it was cut off at `interrupted_ms`, the caller heard `heard`. `until_ms` None: still speaking."""

    speaker: str
    text: str
    from_ms: int
    until_ms: int | None
    heard: str = ""
    interrupted_ms: int | None = None
    is_greeting: bool = False


GREETING = "Hello, and thank you for calling the demo dental clinic. How can I help you today?"
HELLO = Said(ASSISTANT, GREETING, 0, 4600, is_greeting=True)

HEBREW = (
    HELLO,
    Said(CALLER, "שלום, אפשר לדבר בעברית?", 5200, 7100),
    Said(
        ASSISTANT,
        "כמובן! אני הסוכנת הקולית של Demo Dental Clinic. אפשר לקבוע תור, לשאול על מחירים, או להשאיר הודעה לצוות.",
        7900,
        15200,
        heard="כמובן! אני הסוכנת הקולית של Demo Dental Clinic.",
        interrupted_ms=11300,
    ),
    Said(CALLER, "כן, תור לשיננית ביום שלישי ה־1.12, אם אפשר אחרי 16:30.", 11300, 16800),
    Said(ASSISTANT, "יש תור פנוי ביום שלישי ב־16:45. על איזה שם לרשום, ומה מספר הטלפון?", 17500, 22400),
    Said(CALLER, "דנה כהן, 052-555-0000.", 23000, 26400),
    Said(ASSISTANT, "תודה דנה, רשמתי: יום שלישי 1.12, 16:45, אצל השיננית. נתראה!", 27100, 32900),
    Said(CALLER, "תודה רבה, להתראות", 33600, 35100),
)
HEBREW_SUMMARY = (
    "דנה כהן קבעה תור לשיננית ליום שלישי 1.12 בשעה 16:45. היא ביקשה תזכורת ב־WhatsApp למספר 052-555-0000 יום לפני התור."
)
HEBREW_WISHES = "תור לשיננית ביום שלישי אחרי 16:30\nתזכורת ב־WhatsApp"
HEBREW_FOLLOW_UPS = [{"what": "לשלוח תזכורת לתור של יום שלישי", "when": "יום לפני התור", "about": "message"}]
ENGLISH = (
    HELLO,
    Said(CALLER, "Hi, how much is a first visit, and is there parking?", 5000, 8200),
    Said(
        ASSISTANT,
        "A first visit takes half an hour and costs 200 shekels. You can park behind the house at 12 Garden Street.",
        9000,
        16400,
    ),
    Said(CALLER, "Great. Can I speak to Dr. לוי about my X-ray?", 17200, 20100),
    Said(ASSISTANT, "Of course, one moment please, I am putting you through.", 20800, 23900),
)
ENGLISH_SUMMARY = "Asked for the price of a first visit and for parking, and was put through to Dr. לוי about an X-ray."
ENGLISH_WISHES = "The price of a first visit\nWhether there is parking\nTo speak to Dr. לוי about an X-ray"
ENGLISH_FOLLOW_UPS = [
    {"what": "Send the price list by e-mail.", "when": "today", "about": "other"},
    {"what": "Ask whether the X-ray from last year is still there.", "when": "", "about": "other"},
]
BROKEN = (
    HELLO,
    Said(CALLER, "Do you take walk-ins on Fridays?", 5100, 7300),
    Said(ASSISTANT, "On Fridays we are open until", 8000, 9700, heard="On Fridays we are", interrupted_ms=None),
)
ONLY_THE_GREETING = (Said(ASSISTANT, GREETING, 0, 4600, heard="Hello, and thank you for calling", is_greeting=True),)
GOING_ON = (
    HELLO,
    Said(CALLER, "שלום, אני צריכה לבטל את התור של היום בצהריים.", 5400, 9000),
    Said(ASSISTANT, "אין בעיה. על איזה שם רשום התור?", 9700, 12300),
    Said(CALLER, "על שם Petrova, אלנה פטרובה.", 12900, 15800),
    Said(ASSISTANT, "מצאתי: היום ב־12:30 אצל ד״ר לוי. האם לבטל, או שנמצא", 16500, None),
)
