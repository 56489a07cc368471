"""What the assistant is told."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from openai.types.realtime import RealtimeFunctionTool

from businesses.hours import Hours
from businesses.hours.calendar import Special
from businesses.models import Business
from calls.instructions import session_instructions, tools
from calls.known import Known

AT = datetime(2026, 11, 23, 11, 5, tzinfo=ZoneInfo("Asia/Jerusalem"))


def told(**values: str) -> str:
    return session_instructions(Business(**{"name": "מרפאת שיניים", "language": "he", **values}), local_time=AT)


def test_the_rules_of_every_call() -> None:
    text = told()
    assert text.startswith("You answer the telephone of מרפאת שיניים.\nIt is Monday, 23 November 2026, 11:05 there.\n")
    assert "Never talk into silence, and never ask whether someone is there." in text
    assert "Speak Hebrew. If the caller speaks another language, answer in the caller's language." in text
    assert "say goodbye first" in text
    assert "About the business" not in text


def test_the_business_speaks_before_the_rules_and_can_contain_braces() -> None:
    text = told(instructions="  Open {Sunday} to Thursday, {0}.  ", language="en")
    assert text.index("Open {Sunday} to Thursday, {0}.\n") < text.index("# Rules of every call")
    assert "Speak English." in text


def test_a_greeting_is_not_repeated() -> None:
    assert 'neither greet nor introduce yourself again: "שלום {name}"' in told(greeting_text=" שלום {name} ")
    assert "neither greet" not in told()


def test_a_transfer_is_offered_only_where_there_is_a_number() -> None:
    assert "transfer_call" in told(fallback_number="+97235550111")
    assert "transfer_call" not in told()
    assert "You cannot put callers through" in told()


def test_the_hours_as_an_assistant_needs_them() -> None:
    noon = ((time(8), time(13)), (time(16), time(19)))
    specials = (
        Special(date(2026, 12, 1), date(2026, 12, 2), name="חופשה"),
        Special(date(2026, 12, 4), date(2026, 12, 4), ((time(20), time(2)),)),
        Special(date(2027, 6, 1), date(2027, 6, 1), name="too far ahead"),
    )
    hours = Hours(AT.tzinfo, (noon, noon, noon, noon, (), (), ((time(0), time(0)),)), specials)  # type: ignore[arg-type]
    business = Business(name="Clinic", language="en", opening_hours="By appointment.", address="5 Herzl St, Haifa")
    text = session_instructions(business, local_time=AT, known=Known(hours))
    assert text[text.index("# Opening hours") : text.index("# Rules")] == (
        "# Opening hours\n"
        "Open now, until 13:00 today.\n"
        "Today, Monday: 08:00 to 13:00 and 16:00 to 19:00.\n"
        "The usual week: Monday 08:00 to 13:00 and 16:00 to 19:00; Tuesday 08:00 to 13:00 and 16:00 to 19:00; "
        "Wednesday 08:00 to 13:00 and 16:00 to 19:00; Thursday 08:00 to 13:00 and 16:00 to 19:00; Friday closed; "
        "Saturday closed; Sunday open all day and night.\n"
        "Other than usual: Tuesday, 1 December 2026 to Wednesday, 2 December 2026 (חופשה): closed.\n"
        "Other than usual: Friday, 4 December 2026: 20:00 to 02:00 of the next day.\n"
        "In the business's own words: By appointment.\n\n"
        "# Where the business is\n"
        "Address: 5 Herzl St, Haifa\n\n"
    )


def test_the_tools_are_valid_by_openais_own_types() -> None:
    assert [tool["name"] for tool in tools(transfer_possible=False)] == ["end_call"]
    both = tools(transfer_possible=True)
    assert [tool["name"] for tool in both] == ["end_call", "transfer_call"]
    for tool in both:
        assert RealtimeFunctionTool.model_validate(tool, strict=True).model_dump(exclude_none=True) == tool
