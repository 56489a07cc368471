"""What the stand-in answers: the facts of the business's own text, and nothing it wasn't told."""

from __future__ import annotations

from datetime import datetime

import pytest

from businesses.models import Business
from calls.instructions import session_instructions
from calls.sandbox.receptionist.engine import CallTool, ReplyRequest, Say, StandInEngine
from calls.sandbox.receptionist.sentences import ENGLISH, HEBREW

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
    """Returns what its calls' sessions are told, on a Monday."""
    return session_instructions(business, local_time=MONDAY)


async def talk(text: str, *said: str, language: str = "en", can_transfer: bool = False) -> tuple[str, list[str]]:
    """Returns the words of the last answer, and the functions that it calls."""
    business = Business(name="Acme", language=language, instructions=text, greeting_text="Hello.")
    if can_transfer:
        business.fallback_number = "+12125559999"
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
        (CLINIC, "When are you open on Sunday?", "Our opening hours are: Sunday to Thursday from 8 in the morning"),
        (CLINIC, "Hi, are you open Saturday?", "closed on Saturday."),
        (CLINIC, "What time do you close on Friday?", "Friday until noon"),
        (CLINIC, "Where are you located?", "Our address is 12 Garden Street, second floor."),
        (CLINIC, "What's your address and when do you open on Friday?", "closed on Saturday. Our address is 12 Garden"),
        (CLINIC, "How much does the first visit cost?", "A first visit takes half an hour and costs 200 shekels."),
        (CLINIC, "How much is it?", "A first visit takes half an hour and costs 200 shekels."),
        (CLINIC, "Where can I park?", "There is parking behind the house."),
        (CLINIC, "Do you take insurance?", "Yes, all of the public ones."),
        (SHOP, "When are you open on Tuesday?", "Our opening hours are: Mon-Fri 9:00–17:00 Sat 10-2 Sun closed"),
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
        ("מתי אתם פתוחים ביום שישי?", "שעות הפתיחה שלנו: ימים ראשון עד חמישי 8:00-18:00, יום שישי עד 12:00"),
        ("מה הכתובת שלכם?", "הכתובת שלנו: רחוב הגפן 12, תל אביב."),
        ("יש לכם חנייה?", "חניה מאחורי הבית."),
        ("כמה עולה ביקור ראשון?", "ביקור ראשון עולה 200 שקלים."),
        ("אתה רובוט?", HEBREW.who),
        ("מה דעתך על מזג האוויר?", HEBREW.unknown),
        ("שלום", HEBREW.welcome),
    ],
)
async def test_hebrew_that_is_written_is_answered(question: str, facts: str) -> None:
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
    assert UNKNOWN in (await talk("", "When are you open?"))[0]
    assert UNKNOWN in (await talk(CLINIC, "Who won the football match?"))[0]


async def test_a_call_is_handed_over_only_where_that_is_possible() -> None:
    words, tools = await talk(CLINIC, "Can I speak to a person?", can_transfer=True)
    assert (words, tools) == ("One moment please, I am putting you through.", ["transfer_call"])
    words, tools = await talk(CLINIC, "Can I speak to a person?")
    assert "I can't put you through" in words
    assert tools == []


@pytest.mark.parametrize(
    ("said", "language", "goodbye"),
    [
        (("Thanks, bye.",), "en", ENGLISH.goodbye),
        (("Thank you.", "No, that's all."), "en", ENGLISH.goodbye),
        (("Thank you.", "No."), "en", ENGLISH.goodbye),
        (("תודה, להתראות",), "he", HEBREW.goodbye),
        (("תודה רבה", "לא, תודה"), "he", HEBREW.goodbye),
    ],
)
async def test_goodbye_is_said_before_the_call_is_ended(said: tuple[str, ...], language: str, goodbye: str) -> None:
    words, tools = await talk(CLINIC, *said, language=language)
    assert (words, tools) == (goodbye, ["end_call"])


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("Hello.", ENGLISH.welcome),
        ("Can you hear me?", ENGLISH.welcome),
        ("Sorry?", ENGLISH.welcome),
        ("Thanks.", f"{ENGLISH.you_are_welcome} {ENGLISH.anything_else}"),
        ("Okay.", ENGLISH.anything_else),
        ("No.", ENGLISH.anything_else),
        ("Am I talking to a machine? Is this a recording?", ENGLISH.who),
        ("", ENGLISH.not_caught),
    ],
)
async def test_manners(said: str, answer: str) -> None:
    assert await talk(CLINIC, said) == (answer, [])


async def test_what_was_said_last_is_said_again() -> None:
    first = await talk(CLINIC, "Where are you?")
    assert await talk(CLINIC, "Where are you?", "Sorry, could you repeat that?") == first


@pytest.mark.parametrize(
    ("text", "language", "turn", "intro", "first", "second"),
    [
        (CLINIC, "en", "[speech, 1.2 seconds]", ENGLISH.no_ears, "Opening hours: Sunday to", "Address: 12 Garden"),
        (MIRPAA, "he", "[דיבור, 1.2 שניות]", HEBREW.no_ears, "שעות פתיחה: ימים ראשון", "כתובת: רחוב הגפן"),
    ],
)
async def test_a_caller_who_is_not_understood_is_told_about_the_business(
    text: str, language: str, turn: str, intro: str, first: str, second: str
) -> None:
    words, tools = await talk(text, turn, language=language)
    assert words.startswith(f"{intro} {first}")
    assert (await talk(text, turn, turn, language=language))[0].startswith(second)
    facts = [(await talk(text, *[turn] * number, language=language))[0] for number in range(1, 9)]
    assert not {"discount", "הנחות"} & set(" ".join(facts).replace(".", " ").split()), "that is for the assistant"
    assert tools == []


async def test_without_a_text_it_says_only_that_it_does_not_understand() -> None:
    assert await talk("", "[דיבור, 1.2 שניות]", "[דיבור, 2.0 שניות]", language="he") == (HEBREW.no_ears, [])


async def test_it_opens_a_call_where_the_business_wants_that() -> None:
    business = Business(name="Acme", language="en")
    asked = f"{instructions_of(business)}\nThe call begins now. Open it in one short sentence."
    (said,) = await StandInEngine().reply(ReplyRequest(asked, own_instructions=True))
    assert said == Say("Hello, this is Acme. How can I help you?")


@pytest.mark.parametrize(("text", "is_known"), [("", False), ("We mend bicycles. Address: 3 Mill Lane.", True)])
async def test_the_opening_hours_of_the_settings_are_known(text: str, is_known: bool) -> None:
    """They stand under a heading of their own in what a session is told."""
    business = Business(name="Acme", language="en", instructions=text, opening_hours="Monday to Friday 9:00-17:00")
    request = ReplyRequest(instructions_of(business), caller_said=("When are you open?",))
    assert await StandInEngine().reply(request) == (Say("Our opening hours are: Monday to Friday 9:00-17:00"),)
    request = ReplyRequest(instructions_of(business), caller_said=("Where are you?",))
    (where,) = await StandInEngine().reply(request)
    assert isinstance(where, Say)
    assert ("3 Mill Lane" in where.words) is is_known
