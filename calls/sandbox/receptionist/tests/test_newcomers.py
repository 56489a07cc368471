"""What somebody says who calls for the first time: no wrong answer, no dead end, no clumsy sentence."""

from __future__ import annotations

import pytest

from businesses.models import Business
from calls.sandbox.receptionist.engine import ReplyRequest, Say, StandInEngine
from calls.sandbox.receptionist.receptionist_words import ENGLISH, HEBREW
from calls.sandbox.receptionist.tests.test_receptionist import CLINIC, MIRPAA, instructions_of, talk

pytestmark = pytest.mark.once

DENTIST = CLINIC.replace("Do you take insurance? Yes, all of the public ones.\n", "")
ROBOT_EN = ENGLISH.who.format(abilities="tell you our opening hours, tell you our address or take a message")
ROBOT_HE = HEBREW.who.format(abilities="לומר את שעות הפתיחה, לומר את הכתובת או לרשום הודעה")
WHOLE_HOURS = "Our opening hours are: Sunday to Thursday from 8 in the morning to 6 in the evening, Friday until noon, "
PRICE = "A first visit takes half an hour and costs 200 shekels."
BOOK_EN = ENGLISH.ask_appointment.format(details="your name, your phone number and a time")


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("Are you open the day after tomorrow?", "On Wednesday we are open from 8 in the morning to 6 in the evening."),
        ("And tomorrow?", "On Tuesday we are open from 8 in the morning to 6 in the evening."),
        ("Do you work on Fridays?", "On Friday we are open until noon."),
        ("Are you there on Saturday?", "On Saturday we are closed."),
        ("When do you close?", f"{WHOLE_HOURS}closed on Saturday."),
        ("How much is it?", PRICE),
        ("Am I talking to a machine?", ROBOT_EN),
        ("Is this a real person?", ROBOT_EN),
        ("What's your name?", ROBOT_EN),
        ("Can I talk to a real person?", ENGLISH.no_person),
        ("I need to cancel my appointment.", BOOK_EN),
        ("Can I come tomorrow at 10?", BOOK_EN),
        ("Is anybody there?", ENGLISH.welcome),
        ("Can you hear me?", ENGLISH.welcome),
        ("How are you?", ENGLISH.welcome),
        ("Sorry?", ENGLISH.welcome),
        ("Can you repeat that?", ENGLISH.welcome),
        ("Hold on.", ENGLISH.take_your_time),
        ("Wait a moment, please.", ENGLISH.take_your_time),
        ("No.", ENGLISH.anything_else),
        ("Okay.", ENGLISH.how_else),
    ],
)
async def test_a_first_sentence(said: str, answer: str) -> None:
    assert await talk(DENTIST, said) == (answer, [])


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("אתם פתוחים מחרתיים?", "ביום רביעי אנחנו פתוחים 8:00-18:00."),
        ("ומחר?", "ביום שלישי אנחנו פתוחים 8:00-18:00."),
        ("ובשישי?", "ביום שישי אנחנו פתוחים עד 12:00."),
        ("אתם עובדים בשבת?", "ביום שבת סגור אצלנו."),
        ("איך מגיעים אליכם?", "הכתובת שלנו: רחוב הגפן 12, תל אביב. חניה מאחורי הבית."),
        ("מה המחיר?", "ביקור ראשון עולה 200 שקלים."),
        ("זה בן אדם?", ROBOT_HE),
        ("אני מדבר עם מחשב?", ROBOT_HE),
        ("מי זה?", ROBOT_HE),
        ("אפשר לדבר עם בן אדם?", HEBREW.no_person),
        ("יש שם מישהו?", HEBREW.welcome),
        ("שומעים אותי?", HEBREW.welcome),
        ("מה שלומך?", HEBREW.welcome),
        ("סליחה?", HEBREW.welcome),
        ("מה אמרת?", HEBREW.welcome),
        ("רגע אחד", HEBREW.take_your_time),
        ("לא", HEBREW.anything_else),
        ("נהדר", HEBREW.how_else),
        ("אפשר לבוא מחר בעשר?", HEBREW.ask_appointment.format(details="שם, מספר טלפון ומתי נוח לכם")),
    ],
)
async def test_a_first_sentence_in_hebrew(said: str, answer: str) -> None:
    assert await talk(MIRPAA, said, language="he") == (answer, [])


@pytest.mark.parametrize(
    ("said", "answer", "tools"),
    [
        (("Where are you?", "OK."), ENGLISH.anything_else, []),
        (("Where are you?", "OK.", "No."), ENGLISH.goodbye, ["end_call"]),
        (("Where are you?", "No."), ENGLISH.anything_else, []),
        (("Thanks.", "Yes."), ENGLISH.how_else, []),
        (("Where are you?", "Wait.", "Okay."), ENGLISH.anything_else, []),
        (("Can I speak to a person?", "Okay, then tell me when you are open on Friday."), "On Friday we are", []),
        (("I want to leave a message.", "Hold on.", "It's Dan, about Tuesday."), "I have noted: It's Dan,", []),
        (("I want to leave a message.", "How much is it?"), f"{PRICE} {ENGLISH.ask_message}", []),
        (("I'd like an appointment.", "How much is it?"), f"{PRICE} {BOOK_EN}", []),
        (
            ("Tell the doctor that I am late.", "Yes, and please tell him to wait."),
            "I have noted: I am late and please tell him to wait.",
            [],
        ),
        (("Tell the doctor that I am late.", "Yes, that's right, thank you very much."), ENGLISH.kept, []),
    ],
)
async def test_how_it_goes_on(said: tuple[str, ...], answer: str, tools: list[str]) -> None:
    words, called = await talk(DENTIST, *said)
    assert answer in words
    assert called == tools


@pytest.mark.parametrize(("text", "is_known"), [("", False), ("We mend bicycles. Address: 3 Mill Lane.", True)])
async def test_the_opening_hours_of_the_settings_are_known(text: str, is_known: bool) -> None:
    """They stand under a heading of their own in what a session is told."""
    business = Business(name="Acme", language="en", instructions=text, opening_hours="Monday to Friday 9:00-17:00")
    request = ReplyRequest(instructions_of(business), caller_said=("When are you open?", "And on Friday?"))
    assert await StandInEngine().reply(request) == (Say("On Friday we are open from 9:00-17:00."),)
    request = ReplyRequest(instructions_of(business), caller_said=("Where are you?",))
    (where,) = await StandInEngine().reply(request)
    assert isinstance(where, Say)
    assert ("3 Mill Lane" in where.words) is is_known
