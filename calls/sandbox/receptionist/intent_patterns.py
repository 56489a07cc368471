"""The words by which callers make known what they want, English and Hebrew. Pure."""

from __future__ import annotations

import re
from enum import Enum


class Intent(Enum):
    """One thing that callers say; a transcript may hold several."""

    NOTHING = "nothing"  # the listener caught no word
    WORDLESS = "wordless"  # there is no listener for words
    GOODBYE = "goodbye"
    THANKS = "thanks"
    GREETING = "greeting"
    YES = "yes"
    NO = "no"
    REPEAT = "repeat"
    WAIT = "wait"
    NEVER_MIND = "never mind"
    WHO_ARE_YOU = "who are you"
    PERSON = "person"
    MESSAGE = "message"
    APPOINTMENT = "appointment"
    HOURS = "hours"
    ADDRESS = "address"


# Read between word borders. A leading ^ means: as the first word.
_ENGLISH = {
    Intent.GOODBYE: """good ?-?bye|bye|that('s| is| will be|'ll be| would be) all|nothing else|see you
        |have a (nice|good|great) (day|one|evening|weekend)""",
    Intent.THANKS: "thanks?|thank you|cheers",
    Intent.GREETING: """^(hi|hello|hey|good (morning|afternoon|evening)|shalom|how are you
        |(is )?(anybody|anyone|somebody|someone) there|are you (still )?there(?=\\W*$)|(can|do) you hear me)""",
    Intent.YES: """^(yes|yeah|yep|yup|correct|right|exactly|sure|ok|okay|of course|please do|perfect
        |that's (right|correct|it)|that is (right|correct)|great|all ?right|i see|got it|fine
        |good(?! (morning|afternoon|evening|day|bye)))""",
    Intent.NO: "^(no|nope|nah|not (really|quite|right|correct)|wrong|that's (not right|wrong))",
    Intent.REPEAT: """say (that|it) again|repeat|pardon|come again|what did you say|one more time|once more
        |sorry, what|(did not|didn't) (hear|catch|get)|(?<![\\w ])(sorry|what|huh|excuse me)(?=\\W*$)""",
    Intent.WAIT: "^((please )?(wait|stop|hold on|hang on)|(just )?(one|a) (moment|second|minute|sec))(?! (of|in|ago))",
    Intent.NEVER_MIND: "never ?mind|forget (it|that|about it)|cancel that|no message",
    Intent.WHO_ARE_YOU: """are you (a |an )?(real|robot|bot|human|machine|computer|ai|recording)
        |who (are you|is this|am i (speaking|talking))|what are you|what can you do|a real assistant
        |(speaking|talking) (to|with) (a|an) (robot|bot|machine|computer|ai|(real )?(person|human))
        |is (this|it) (a |an )?(real|robot|bot|human|person|machine|computer|ai|recording)|your name(?! is)""",
    Intent.PERSON: """(speak|talk) (to|with) (a|an|some|the|your|somebody|someone|anyone|dr|doctor|another)
        |someone real|a (real )?(person|human)|human being|representative|operator|(an|your) agent
        |put me through|transfer me|connect me""",
    Intent.MESSAGE: """(leave|take|pass on|give) ((him|her|them|you|somebody|someone|the doctor) )?(a|my|this) message
        |message for|(call|ring|phone) me back
        |(tell|let) (him|her|them|the (doctor|owner|office|manager|team)|dr|doctor)""",
    Intent.APPOINTMENT: """appointments?|book|booking|reservations?|reserve|schedule a|come in for
        |can (i|we) come (in|by|over|today|tomorrow|on|at)""",
    Intent.HOURS: "open|opens|opening|close|closes|closed|closing|hours|what times?|(un|'?)till? when",
    Intent.ADDRESS: """where (are|is|exactly|can|do)|address|located|location|directions|which (street|floor)
        |how (do|can) (i|we) (get|find|reach|come)""",
}
# Hebrew glues small words to others, so only the beginnings of words are borders here.
_HEBREW = {
    Intent.GOODBYE: "להתראות|ביי|זה הכו?ל|יום טוב לכם|שיהיה (לך |לכם )?יום טוב",
    Intent.THANKS: "תודה",
    Intent.GREETING: """^(שלום|היי|הלו|אהלן|בוקר טוב|ערב טוב|צהריים טובים|מה שלומ|מה נשמע
        |(יש )?(שם|פה|כאן)? ?מישהו|(אתם )?שומעים אותי)""",
    Intent.YES: r"^(כן|נכון|בדיוק|בסדר|בטח|אוקיי|מעולה|יופי|טוב|נהדר|מצוין|אחלה)(?!\w)",
    Intent.NO: r"^לא(?!\w)",
    Intent.REPEAT: r"(?<![\w ])(סליחה|מה)(?=\W*$)|מה אמרת|תחזור|תחזרי|לחזור על|לא שמעתי|עוד פעם|שוב בבקשה|לא הבנתי",
    Intent.WAIT: r"^(רגע|שנייה|שניה|דקה|חכה|חכי|תחכה|תחכי|עצור|עצרי|די)(?!\w)",
    Intent.NEVER_MIND: "לא משנה|עזוב|עזבי|תשכח",
    Intent.WHO_ARE_YOU: """רובוט|מדבר(ת|ים)? עם (מחשב|מכונה)|זה (בן אדם|אדם אמיתי|מחשב|הקלטה)|^מי זה
        |מי אתה|מי את|מה אתה|מה את יודעת|בינה מלאכותית""",
    Intent.PERSON: "נציג|בן אדם|תעביר|לדבר עם|מישהו אחר",
    Intent.MESSAGE: """(ל|א)השאיר (לו |לה |לכם )?הודעה|אשאיר הודעה|הודעה ל|ל?מסור (לו|לה|להם)|תמסר
        |שיחזרו? אל|תחזרו אל""",
    Intent.APPOINTMENT: r"תורי?ם?(?!\w)|לבוא (ב|היום|מחר)|לקבוע|פגישה|להזמין מקום",
    Intent.HOURS: "פתוח|סגור|שעות|מתי|עד איזו שעה|נפתח",
    Intent.ADDRESS: "ה?כתובת|איפה|היכן|להגיע|מגיעים|מיקום",
}


def _english(pattern: str) -> str:
    first = pattern.startswith("^")
    words = "".join(line.strip() for line in pattern.removeprefix("^").splitlines())
    return rf"^\W*({words})\b" if first else rf"\b({words})\b"


def _hebrew(pattern: str) -> str:
    first = pattern.startswith("^")
    words = "".join(line.strip() for line in pattern.removeprefix("^").splitlines())
    return rf"^\W*({words})" if first else rf"(?<!\w)[ושהכלבמ]?({words})"


PATTERNS = {
    intent: re.compile(f"{_english(_ENGLISH[intent])}|{_hebrew(_HEBREW[intent])}", re.IGNORECASE)
    for intent in _ENGLISH.keys() & _HEBREW.keys()
}
"""What to look for, for every intent but those that hold no words."""

DAY_AFTER_TOMORROW = re.compile(r"\b(the )?day after tomorrow\b|(?<!\w)ו?מחרתיים", re.IGNORECASE)
TODAY = re.compile(r"\b(today|now|right now|tonight|this (morning|afternoon|evening))\b|היום|עכשיו|הערב", re.IGNORECASE)
TOMORROW = re.compile(r"\btomorrow\b|מחר", re.IGNORECASE)
