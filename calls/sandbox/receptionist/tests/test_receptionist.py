"""What the stand-in answers: the facts of the business's own text, and nothing it wasn't told."""

from __future__ import annotations

from datetime import datetime

import pytest

from businesses.models import Business
from calls.instructions import session_instructions
from calls.sandbox.receptionist.engine import CallTool, ReplyRequest, Say, StandInEngine

pytestmark = pytest.mark.once

MONDAY = datetime(2026, 11, 23, 11, 5)  # noqa: DTZ001 - what a clock on a wall shows
CLINIC = """\
You answer the phone of a small dental clinic.
Opening hours: Sunday to Thursday from 8 in the morning to 6 in the evening, Friday until noon, closed on Saturday.
Address: 12 Garden Street, second floor. There is parking behind the house.
A first visit takes half an hour and costs 200 shekels. For an appointment, ask for a name, a phone number and a time.
Do you take insurance? Yes, all of the public ones.
Never promise a discount.
"""
SHOP = """\
# Hours
Hours:
- Mon-Fri 9:00–17:00
- Sat 10-2
- Sun closed

We are at 3 Mill Lane.

Q: Do you deliver?
A: Yes, within the city, for $42.50.
"""
MIRPAA = """\
שעות פתיחה: ימים ראשון עד חמישי 8:00-18:00, יום שישי עד 12:00, בשבת סגור.
כתובת: רחוב הגפן 12, תל אביב. חניה מאחורי הבית.
ביקור ראשון עולה 200 שקלים.
אל תבטיחו הנחות.
"""
UNKNOWN = "a stand-in without a language model"


def instructions_of(business: Business) -> str:
    """What its calls' sessions are told, on a Monday."""
    return session_instructions(business, local_time=MONDAY)


async def talk(text: str, *said: str, language: str = "en", can_transfer: bool = False) -> tuple[str, list[str]]:
    """The words of the last answer, and the functions that it calls."""
    business = Business(name="Acme", language=language, instructions=text, greeting_text="Hello.")
    if can_transfer:
        business.fallback_number = "+15005559999"
    request = ReplyRequest(
        instructions_of(business),
        language=language,
        caller_said=said,
        tools=("end_call", "transfer_call") if can_transfer else ("end_call",),
    )
    parts = await StandInEngine().reply(request)
    words = [part.words for part in parts if isinstance(part, Say)]
    assert len(words) == 1, "one utterance an answer"
    return words[0], [part.name for part in parts if isinstance(part, CallTool)]


@pytest.mark.parametrize(
    ("text", "question", "facts"),
    [
        (CLINIC, "When are you open on Sunday?", "On Sunday we are open from 8 in the morning to 6 in the evening."),
        (CLINIC, "Are you open on Wednesdays?", "On Wednesday we are open from 8 in the morning"),
        (CLINIC, "What time do you close on Friday?", "On Friday we are open until noon."),
        (CLINIC, "Hi, are you open Saturday?", "On Saturday we are closed."),
        (CLINIC, "Are you open today?", "On Monday we are open from 8"),
        (
            CLINIC,
            "What are your opening hours?",
            "Sunday to Thursday from 8 in the morning to 6 in the evening, Friday",
        ),
        (CLINIC, "Where are you located?", "12 Garden Street, second floor."),
        (CLINIC, "What's your address and when do you open on Friday?", "until noon. Our address is 12 Garden Street"),
        (CLINIC, "How much does the first visit cost?", "A first visit takes half an hour and costs 200 shekels."),
        (CLINIC, "Where can I park?", "There is parking behind the house."),
        (CLINIC, "Do you take insurance?", "Yes, all of the public ones."),
        (CLINIC, "I'd like to make an appointment.", "Please tell me your name, your phone number and a time."),
        (SHOP, "When are you open on Tuesday?", "On Tuesday we are open from 9:00–17:00."),
        (SHOP, "And on Saturday?", "On Saturday we are open from 10-2."),
        (SHOP, "Are you open tomorrow?", "On Tuesday we are open"),
        (SHOP, "Where are you?", "We are at 3 Mill Lane."),
        (SHOP, "Could you deliver it?", "Yes, within the city, for $42.50."),
    ],
)
async def test_answers_hold_the_facts_of_the_business(text: str, question: str, facts: str) -> None:
    words, tools = await talk(text, question)
    assert facts in words
    assert tools == []


@pytest.mark.parametrize(
    ("question", "facts"),
    [
        ("מתי אתם פתוחים ביום שישי?", "ביום שישי אנחנו פתוחים עד 12:00."),
        ("אתם פתוחים בשבת?", "ביום שבת סגור אצלנו."),
        ("מה שעות הפתיחה?", "ראשון עד חמישי 8:00-18:00"),
        ("אתם פתוחים מחר?", "ביום שלישי אנחנו פתוחים 8:00-18:00"),
        ("מה הכתובת שלכם?", "רחוב הגפן 12, תל אביב."),
        ("יש לכם חנייה?", "חניה מאחורי הבית."),
        ("כמה עולה ביקור ראשון?", "ביקור ראשון עולה 200 שקלים."),
        ("אני רוצה לקבוע תור", "שם, מספר טלפון ומתי נוח לכם"),
        ("אתה רובוט?", "מחליף זמני בלי מודל שפה"),
        ("מה דעתך על מזג האוויר?", "מחליף זמני בלי מודל שפה"),
    ],
)
async def test_answers_in_hebrew(question: str, facts: str) -> None:
    words, tools = await talk(MIRPAA, question, language="he")
    assert facts in words
    assert tools == []


async def test_what_is_meant_for_the_assistant_is_never_read_out() -> None:
    for question in ("Can I have a discount?", "Do you answer the phone of a dental clinic?", "Any promise?"):
        words, _ = await talk(CLINIC, question)
        assert "discount" not in words
        assert "You answer" not in words
        assert UNKNOWN in words


async def test_what_is_not_known_is_not_invented() -> None:
    words, _ = await talk("", "When are you open?")
    assert "I don't have the opening hours" in words
    words, _ = await talk(CLINIC, "Who won the football match?")
    assert UNKNOWN in words
    words, _ = await talk(CLINIC, "Who won the football match?", "And who lost it?")
    assert words == "I am sorry, I can't answer that either. Shall I take a message?"
    words, _ = await talk(CLINIC, "Who won the football match?", "And who lost it?", "Yes, please.")
    assert "your message" in words


async def test_a_message_is_asked_for_noted_and_confirmed() -> None:
    said = ["I would like to leave a message.", "Please tell Dr. Cohen that David Miller called.", "No."]
    words, _ = await talk(CLINIC, *said[:1])
    assert words == "Of course. Please tell me your message, with your name and your telephone number."
    words, _ = await talk(CLINIC, *said[:2])
    assert words == "I have noted: Please tell Dr. Cohen that David Miller called. Is that right?"
    words, _ = await talk(CLINIC, *said)
    assert "once more" in words
    said += ["David Millar called about Tuesday at 7.30.", "My number is 555-0100."]
    words, _ = await talk(CLINIC, *said)
    assert "David Millar called about Tuesday at 7.30. My number is 555-0100. Is that right?" in words
    words, _ = await talk(CLINIC, *said, "When are you open on Friday?")
    assert words.startswith("On Friday we are open until noon. I have noted: David Millar")
    words, tools = await talk(CLINIC, *said, "Yes, that's right.")
    assert (words, tools) == ("Thank you. Your message is kept with this call. Is there anything else?", [])
    words, tools = await talk(CLINIC, *said, "Yes, that's right.", "No, thank you.")
    assert (words, tools) == ("Goodbye, and thank you for calling.", ["end_call"])


async def test_who_says_goodbye_while_a_message_is_confirmed_has_left_it() -> None:
    said = ("I would like to leave a message.", "Please call David Miller back.", "Yes, that's right. Bye.")
    assert await talk(CLINIC, *said) == (
        "Thank you. Your message is kept with this call. Goodbye, and thank you for calling.",
        ["end_call"],
    )


async def test_a_message_can_come_at_once_and_be_withdrawn() -> None:
    words, _ = await talk(CLINIC, "Please tell the doctor I will be ten minutes late.")
    assert words == "I have noted: I will be ten minutes late. Is that right?"
    words, _ = await talk(CLINIC, "I want to leave a message", "Oh, never mind.")
    assert words.startswith("All right, no message.")


async def test_a_call_is_handed_over_only_where_that_is_possible() -> None:
    words, tools = await talk(CLINIC, "Can I speak to a person?", can_transfer=True)
    assert (words, tools) == ("One moment please, I am putting you through.", ["transfer_call"])
    words, tools = await talk(CLINIC, "Can I speak to a person?")
    assert "I can't put you through" in words
    assert tools == []
    assert "put you through" in (await talk(CLINIC, "Are you a robot?", can_transfer=True))[0]
    assert "put you through" not in (await talk(CLINIC, "Are you a robot?"))[0]


@pytest.mark.parametrize(
    ("said", "language", "goodbye"),
    [
        (("Thanks, bye.",), "en", "Goodbye, and thank you for calling."),
        (("Thank you.", "No, that's all."), "en", "Goodbye, and thank you for calling."),
        (("תודה, להתראות",), "he", "להתראות, ותודה שהתקשרתם."),
        (("תודה רבה", "לא, תודה"), "he", "להתראות, ותודה שהתקשרתם."),
    ],
)
async def test_goodbye_is_said_before_the_call_is_ended(said: tuple[str, ...], language: str, goodbye: str) -> None:
    words, tools = await talk(CLINIC, *said, language=language)
    assert (words, tools) == (goodbye, ["end_call"])


async def test_manners() -> None:
    assert (await talk(CLINIC, "Hello."))[0] == "Hello! How can I help you?"
    assert (await talk(CLINIC, "Thanks."))[0] == "You are welcome. Is there anything else?"
    assert "didn't catch" in (await talk(CLINIC, ""))[0]
    first = await talk(CLINIC, "Where are you?")
    assert await talk(CLINIC, "Where are you?", "Sorry, could you repeat that?") == first
    assert await talk(CLINIC, "Where are you?", "", "Say that again?") != first, "what was said last is repeated"


async def test_without_ears_it_says_its_fixed_sentences() -> None:
    words, tools = await talk(CLINIC, "[speech, 1.2 seconds]")
    assert "without ears for words" in words
    assert tools == []
    assert (await talk(CLINIC, "[דיבור, 1.2 שניות]", language="he"))[0] != words


async def test_it_opens_a_call_where_the_business_wants_that() -> None:
    business = Business(name="Acme", language="en")
    asked = f"{instructions_of(business)}\nThe call begins now. Open it in one short sentence."
    (said,) = await StandInEngine().reply(ReplyRequest(asked, own_instructions=True))
    assert said == Say("Hello, this is Acme. How can I help you?")
