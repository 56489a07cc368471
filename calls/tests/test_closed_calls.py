"""A call that comes outside the opening hours: its greeting, what the assistant is told, and that both last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from businesses.hours.after_hours import as_closed
from businesses.models import Business, WeekHours
from businesses.tenancy import acting_for
from calls import tasks
from calls.greetings import recordings
from calls.line.admission import open_stream
from calls.models import Call, GreetingAudio, GreetingState
from calls.plan import CallPlan
from calls.telephone import stream_tokens
from calls.tests.conftest import kept, make_business, make_call

pytestmark = pytest.mark.django_db

USUAL, CLOSED = "Good day, the clinic.", "The clinic is closed now."
OPEN_AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # Monday
CLOSED_AT = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)


@pytest.fixture
def clinic() -> Business:
    business = make_business(
        greeting_text=USUAL, closed_greeting_text=CLOSED, closed_instructions="Take no orders.", opening_hours="Daily"
    )
    with acting_for(business):
        WeekHours.objects.create(business=business, monday=[["08:00", "18:00"]], tuesday=[["08:00", "18:00"]])
        for each in recordings.versions(business):
            GreetingAudio.objects.create(
                business=business, content_hash=recordings.content_hash(each), text=each.opening_words(),
                voice=each.voice, language=each.language, state=GreetingState.READY, rendered_at=OPEN_AT,
                audio=each.opening_words().encode(),
            )  # fmt: skip
    return business


def opened(call: Call, *, at: datetime) -> CallPlan:
    token = stream_tokens.issue(call, now=at)
    return open_stream(token=token, call_sid=call.twilio_call_sid, stream_sid=f"MZ{at:%H%M%S}", now=at)


def test_open_the_usual_greeting_is_heard(clinic: Business) -> None:
    call = make_call(clinic, started_at=OPEN_AT)
    plan = opened(call, at=OPEN_AT)
    assert (plan.greeting_audio, plan.settings.greeting_text) == (USUAL.encode(), USUAL)
    assert "Open now, until 18:00 today." in plan.instructions
    assert "Take no orders" not in plan.instructions
    assert not kept(call).came_while_closed


def test_closed_another_greeting_is_heard_and_the_assistant_knows(clinic: Business) -> None:
    call = make_call(clinic, started_at=CLOSED_AT)
    plan = opened(call, at=CLOSED_AT)
    assert (plan.greeting_audio, plan.settings.greeting_text) == (CLOSED.encode(), CLOSED)
    assert plan.settings.greeting_bytes == len(CLOSED)
    assert "Closed now. Opens next: Tuesday, 24 November 2026, 08:00." in plan.instructions
    assert "# While the business is closed" in plan.instructions
    assert "Take no orders." in plan.instructions
    assert f'neither greet nor introduce yourself again: "{CLOSED}"' in plan.instructions
    assert kept(call).came_while_closed
    assert kept(call).settings["greeting_text"] == CLOSED


@pytest.mark.parametrize(("began", "is_closed"), [(datetime(2026, 11, 24, 7, 59, tzinfo=UTC), True),
                                                  (datetime(2026, 11, 23, 17, 59, tzinfo=UTC), False)])  # fmt: skip
def test_a_call_that_goes_on_in_another_stream_is_as_it_began(
    clinic: Business, began: datetime, is_closed: bool
) -> None:
    """It broke, and the business has opened or closed in between: what the caller was told stays true."""
    call = make_call(clinic, started_at=began)
    first = opened(call, at=began)
    later = began + timedelta(minutes=2)
    Call._base_manager.filter(pk=call.pk).update(stream_number=1, alive_at=later)
    second = opened(kept(call), at=later)
    assert second.past is not None
    assert second.settings.greeting_text == first.settings.greeting_text == (CLOSED if is_closed else USUAL)
    assert second.greeting_audio == first.greeting_audio
    for plan in (first, second):
        assert ("Take no orders." in plan.instructions) is is_closed
        assert ("Closed now." in plan.instructions) is is_closed


def test_without_a_greeting_of_its_own_a_closed_business_greets_as_usual(clinic: Business) -> None:
    Business.objects.filter(pk=clinic.pk).update(closed_greeting_text="")
    plan = opened(make_call(clinic, started_at=CLOSED_AT), at=CLOSED_AT)
    assert plan.greeting_audio == USUAL.encode()
    assert "Take no orders." in plan.instructions


def test_with_its_text_alone_a_business_is_never_closed(clinic: Business) -> None:
    WeekHours._base_manager.all().delete()
    plan = opened(make_call(clinic, started_at=CLOSED_AT), at=CLOSED_AT)
    assert plan.greeting_audio == USUAL.encode()
    assert "# Opening hours\nDaily\n" in plan.instructions
    assert "Take no orders." not in plan.instructions


def test_the_notice_of_recording_follows_the_greeting_of_closed_hours(clinic: Business) -> None:
    Business.objects.filter(pk=clinic.pk).update(record_calls=True, recording_notice="This call is recorded.")
    plan = opened(make_call(clinic, started_at=CLOSED_AT), at=CLOSED_AT)
    assert plan.settings.greeting_text == f"{CLOSED} This call is recorded."
    assert plan.has_notice


def test_both_greetings_are_rendered_ahead_and_kept(clinic: Business) -> None:
    GreetingAudio._base_manager.all().delete()
    tasks.on_call_settings_changed(business=clinic)
    assert {row.text for row in GreetingAudio._base_manager.all()} == {USUAL, CLOSED}
    long_ago = OPEN_AT - timedelta(days=100)
    GreetingAudio._base_manager.update(created_at=long_ago, rendered_at=long_ago)
    assert recordings.remove_old(now=OPEN_AT) == 0


def test_what_stands_for_the_closed_business_is_never_saved(clinic: Business) -> None:
    with pytest.raises(RuntimeError, match="save the business itself"):
        as_closed(clinic).save()
    assert clinic.greeting_text == USUAL
