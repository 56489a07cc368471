"""An answer that broke off goes on where it stopped, in the session that takes the lost one's place (G3, G12)."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from businesses.models import Business
from calls.conversation import ConversationSettings
from calls.conversation.commands import CreateResponse, ResponseKind, Speaker
from calls.conversation.dialogue import SpokenTurn
from calls.line import realtime_events, session_config
from calls.plan import CallPlan
from calls.sandbox.openai.tests.test_streamed_answers import SlowClient
from calls.sandbox.receptionist.engine import CallTool, ReplyRequest, Say, StandInEngine, words_after
from calls.sandbox.receptionist.sentences import ENGLISH
from calls.sandbox.receptionist.tests.test_receptionist import CLINIC, MIRPAA, instructions_of
from calls.sandbox.voices.phrases import phrases

pytestmark = pytest.mark.once

GREETING = SpokenTurn(Speaker.ASSISTANT, "Hello.")
HOURS = (
    "Our opening hours are: Sunday to Thursday from 8 in the morning to 6 in the evening, "
    "Friday until noon, closed on Saturday."
)
CONTINUE = CreateResponse("continuation-1", ResponseKind.CONTINUATION)


def plan_of(text: str, language: str) -> CallPlan:
    business = Business(name="Acme", language=language, instructions=text, greeting_text="Hello.")
    return CallPlan(
        call_id=UUID(int=0),
        business=business,
        settings=ConversationSettings(language=language),
        instructions=instructions_of(business),
        voice="marin",
        language=language,
        server_vad_threshold=0.82,
        greeting_audio=b"",
        transfer_possible=False,
    )


async def goes_on(text: str, *history: SpokenTurn, language: str = "en") -> list[str]:
    """What the stand-in says, and calls, when Frontdesk reopens a session with this history and asks for the rest."""
    plan = plan_of(text, language)
    client = SlowClient()
    client.send(**json.loads(json.dumps(session_config.session_update(plan, transcription_model="whisper-1"))))
    for item in realtime_events.past_items(history):
        client.send(**json.loads(json.dumps(item)))
    client.send(**json.loads(json.dumps(realtime_events.response_create(CONTINUE, plan))))
    (thought,) = client.thoughts
    parts = await StandInEngine().reply(thought.request)
    return [part.words if isinstance(part, Say) else part.name for part in parts]


@pytest.mark.parametrize("heard", [1, 4, 12, 20])
async def test_the_rest_of_an_answer_is_said_and_none_of_it_again(heard: int) -> None:
    """The first words were once said again: "Our opening hours are, our opening hours are 8 in the morning …"."""
    said, rest = " ".join(HOURS.split()[:heard]), " ".join(HOURS.split()[heard:])
    asked = SpokenTurn(Speaker.CALLER, "What are your opening hours?")
    assert await goes_on(CLINIC, GREETING, asked, SpokenTurn(Speaker.ASSISTANT, said)) == [rest]


async def test_an_answer_that_breaks_off_twice_goes_on_twice() -> None:
    words = HOURS.split()
    said = [SpokenTurn(Speaker.ASSISTANT, " ".join(part)) for part in (words[:4], words[4:9])]
    asked = SpokenTurn(Speaker.CALLER, "What are your opening hours?")
    assert await goes_on(CLINIC, GREETING, asked, *said) == [" ".join(words[9:])]


async def test_what_was_said_of_an_earlier_answer_is_no_part_of_this_one() -> None:
    asked = SpokenTurn(Speaker.CALLER, "What are your opening hours?")
    again = SpokenTurn(Speaker.CALLER, "Sorry, could you repeat that?")
    whole, begun = SpokenTurn(Speaker.ASSISTANT, HOURS), SpokenTurn(Speaker.ASSISTANT, "Our opening hours are:")
    (rest,) = await goes_on(CLINIC, GREETING, asked, whole, again, begun)
    assert f"{begun.words} {rest}" == HOURS


async def test_where_nothing_is_left_the_caller_is_not_left_in_silence() -> None:
    asked = SpokenTurn(Speaker.CALLER, "What are your opening hours?")
    assert await goes_on(CLINIC, GREETING, asked, SpokenTurn(Speaker.ASSISTANT, HOURS)) == [ENGLISH.anything_else]
    goodbye = SpokenTurn(Speaker.ASSISTANT, ENGLISH.goodbye)
    assert await goes_on(CLINIC, GREETING, SpokenTurn(Speaker.CALLER, "Thanks, bye."), goodbye) == ["end_call"]


async def test_a_hebrew_answer_goes_on_after_its_mark_of_a_substitute() -> None:
    answer = "הכתובת שלנו: רחוב הגפן 12, תל אביב. חניה מאחורי הבית.".split()
    said = f"[צליל חלופי: למנוע הניסיון אין קול בעברית] {' '.join(answer[:3])}"
    asked = SpokenTurn(Speaker.CALLER, "מה הכתובת?")
    rest = " ".join(answer[3:])
    assert await goes_on(MIRPAA, GREETING, asked, SpokenTurn(Speaker.ASSISTANT, said), language="he") == [rest]


async def test_an_answer_of_the_first_asking_is_whole_whatever_was_said_before() -> None:
    request = ReplyRequest(
        instructions_of(Business(name="Acme", language="en", instructions=CLINIC)),
        caller_said=("What are your opening hours?",),
        tools=("end_call",),
        said_since="Our opening hours are:",
    )
    assert await StandInEngine().reply(request) == (Say(HOURS),)
    assert CallTool("end_call") not in await StandInEngine().reply(request)


@pytest.mark.parametrize(
    ("said", "answer", "left"),
    [
        ("", "We open at nine.", "We open at nine."),
        ("We open", "We open at nine.", "at nine."),
        ("Thank you. We open at", "We open at nine.", "nine."),
        ("We open at nine.", "We open at nine.", ""),
        ("We are closed.", "We open at nine.", "We open at nine."),
    ],
)
def test_what_is_left_of_an_answer(said: str, answer: str, left: str) -> None:
    assert words_after(said, answer) == left


def test_the_rest_has_the_phrases_of_the_whole_so_that_none_is_rendered_anew() -> None:
    first, *others = phrases(HOURS)
    assert len(others) == 2
    assert [phrase.strip() for phrase in phrases(words_after(first, HOURS))] == [phrase.strip() for phrase in others]
