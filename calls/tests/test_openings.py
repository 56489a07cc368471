"""What callers hear first is put together of recordings: whole, once and without a gap, in every combination."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from businesses.hours.after_hours import as_closed
from businesses.models import Business, WeekHours
from businesses.tenancy import acting_for
from calls.greetings import own_recordings, recordings, transcription
from calls.greetings.opening import chosen, to_render
from calls.line.admission import open_stream
from calls.models import GreetingAudio, GreetingPart, GreetingSource, GreetingState
from calls.plan import CallPlan
from calls.records.certificates import Certificate, certify
from calls.records.replay import replay
from calls.telephone import stream_tokens
from calls.tests.conftest import NOW, make_business, make_call
from calls.tests.script import Script, Sound
from calls.tests.test_own_greetings import wav
from calls.tests.world import World

USUAL, CLOSED, NOTICE = "Good day, the clinic.", "The clinic is closed now.", "This call is recorded."
OPEN_AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # Monday
CLOSED_AT = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
WORDS = {GreetingPart.GREETING: USUAL, GreetingPart.CLOSED: CLOSED, GreetingPart.NOTICE: NOTICE}
PARTS = tuple(WORDS)


@dataclass(frozen=True)
class Row:
    """A recording as the choice sees it."""

    text: str
    is_own: bool = False
    rendered_at: datetime | None = NOW


# The choice, pure ---------------------------------------------------------------------------------
rows = st.builds(
    Row,
    text=st.sampled_from(["a b", "a", "b", "c"]),
    is_own=st.booleans(),
    rendered_at=st.none() | st.integers(0, 9).map(lambda day: NOW + timedelta(days=day)),
)


@pytest.mark.pure
@given(st.lists(rows, max_size=8), st.sampled_from([("a",), ("a", "b")]))
def test_all_words_are_heard_once_and_in_order_or_the_assistant_speaks_them(
    found: list[Row], parts: tuple[str, ...]
) -> None:
    found = sorted(found, key=lambda row: not row.is_own)
    heard = chosen(parts, found)
    assert " ".join(row.text for row in heard) in ("", " ".join(parts))
    assert all(row.rendered_at for row in heard)
    if any(row.text == " ".join(parts) and row.rendered_at for row in found):
        assert heard, "callers hear a recording where there is one"
    whole = [row for row in found if row.text == " ".join(parts) and row.rendered_at]
    if not any(row.is_own and row.rendered_at for row in found if row.text in parts):
        assert heard == whole[:1]
    elif all(any(row.text == part and row.rendered_at for row in found) for part in parts) and not any(
        row.is_own for row in whole
    ):
        assert any(row.is_own for row in heard), "a person's voice, as soon as the rest is ready"


@pytest.mark.pure
@given(st.sampled_from([(), ("a",), ("a", "b")]), st.sets(st.sampled_from(["a", "b"])))
def test_what_is_rendered_is_enough_for_every_word(parts: tuple[str, ...], own: set[str]) -> None:
    ready = set(to_render(parts, own)) | own
    assert not parts or " ".join(parts) in ready
    assert own.isdisjoint(parts) or ready.issuperset(parts)


# Calls --------------------------------------------------------------------------------------------
@pytest.fixture
def clinic(db: None, monkeypatch: pytest.MonkeyPatch) -> Business:
    monkeypatch.setattr(transcription, "transcribe", lambda *_audio, **_hints: None)
    business = make_business(
        greeting_text=USUAL, closed_greeting_text=CLOSED, record_calls=True, recording_notice=NOTICE
    )
    with acting_for(business):
        WeekHours.objects.create(business=business, monday=[["08:00", "18:00"]])
    return business


def record(business: Business, part: GreetingPart, *, at: datetime = NOW) -> bytes:
    """Upload a recording of a text and let callers hear it. Returns its bytes."""
    sound = io.BytesIO(wav(2 + PARTS.index(part) / 4))
    row = own_recordings.offer(business, sound, now=at, part=part)
    recordings.render(row.pk, now=at)
    assert own_recordings.accept(business, now=at, part=part)
    for each in recordings.versions(business):
        recordings.request_all(each, now=at)
    return bytes(row.audio)


def render_all(text: str = "") -> dict[str, bytes]:
    """Render what waits in the assistant's voice: different bytes for each text. Returns them."""
    made = {}
    for row in GreetingAudio.objects.filter(state=GreetingState.PENDING).exclude(source=GreetingSource.OWN):
        if text in ("", row.text):
            made[row.text] = row.text.encode() * 400
            GreetingAudio.objects.filter(pk=row.pk).update(
                state=GreetingState.READY, rendered_at=NOW, next_attempt_at=None, audio=made[row.text]
            )
    return made


def opened(business: Business, *, at: datetime = OPEN_AT) -> CallPlan:
    call = make_call(business, started_at=at)
    token = stream_tokens.issue(call, now=at)
    return open_stream(token=token, call_sid=call.twilio_call_sid, stream_sid=f"MZ{call.pk.hex}", now=at)


def heard(plan: CallPlan) -> Certificate:
    """The certificate of a call with this plan, in which the caller shouts all the time."""
    script = Script(plan.settings, caller=(Sound(0.3, 2.0), Sound(3.0, 3.0), Sound(7.0, 2.0)))
    events = [event for _at, event in World(script).run().events]
    return certify([(0.0, replay(events, plan.settings, own_ticks=False))], plan.settings)


@pytest.mark.parametrize("own", [set(each) for size in range(4) for each in combinations(PARTS, size)])
@pytest.mark.parametrize("at", [OPEN_AT, CLOSED_AT])
@pytest.mark.parametrize("is_told", [True, False])
def test_every_combination_is_heard_whole_and_once(
    clinic: Business, own: set[GreetingPart], at: datetime, is_told: bool
) -> None:
    if not is_told:
        clinic.record_calls = False
        clinic.save()
    with acting_for(clinic):
        audio: dict[str, bytes] = {}
        for part in own - ({GreetingPart.NOTICE} if not is_told else set()):
            audio[WORDS[part]] = record(clinic, part)
        for each in recordings.versions(clinic):
            recordings.request_all(each, now=NOW)
        audio = render_all() | audio
    parts = (CLOSED if at is CLOSED_AT else USUAL, *((NOTICE,) if is_told else ()))
    is_joined = any(WORDS[part] in parts for part in own)
    plan = opened(clinic, at=at)
    assert plan.greeting_audio == (b"".join(audio[each] for each in parts) if is_joined else audio[" ".join(parts)])
    assert plan.settings.greeting_text == " ".join(parts), "the model is told all that was said"
    assert plan.has_notice is is_told
    found = heard(plan)
    assert found.is_heard_whole
    assert (found.bytes_sent, found.bytes_marked, found.attempts) == (len(plan.greeting_audio),) * 2 + (1,)
    assert found.interruptions == 0


def test_the_old_opening_is_heard_until_the_rest_of_the_new_one_is_ready(clinic: Business) -> None:
    with acting_for(clinic):
        recordings.request_all(clinic, now=NOW)
        whole = render_all()[f"{USUAL} {NOTICE}"]
        own = record(clinic, GreetingPart.NOTICE)
        assert recordings.current_audio(clinic, now=NOW) == whole
        rest = render_all(USUAL)[USUAL]
        assert recordings.current_audio(clinic, now=NOW) == rest + own
        own_recordings.remove(clinic, now=NOW, part=GreetingPart.NOTICE)
        assert recordings.current_audio(clinic, now=NOW) == whole
        assert own_recordings.undo(clinic, now=NOW, part=GreetingPart.NOTICE)
        assert recordings.current_audio(clinic, now=NOW) == rest + own


def test_a_call_asks_for_the_rest_if_nobody_has(clinic: Business) -> None:
    """The speech model has changed, or the process died between two rows."""
    with acting_for(clinic):
        record(clinic, GreetingPart.GREETING)
        GreetingAudio.objects.exclude(source=GreetingSource.OWN).delete()
    assert opened(clinic).greeting_audio == b""
    with acting_for(clinic):
        texts = set(GreetingAudio.objects.filter(state=GreetingState.PENDING).values_list("text", flat=True))
    assert texts == {f"{USUAL} {NOTICE}", NOTICE}


def test_a_recording_of_both_texts_of_an_earlier_version_is_heard_until_a_newer_one(clinic: Business) -> None:
    with acting_for(clinic):
        together = own_recordings.offer(clinic, io.BytesIO(wav(4)), now=NOW, part=GreetingPart.TOGETHER)
        recordings.render(together.pk, now=NOW)
        own_recordings.accept(clinic, now=NOW, part=GreetingPart.TOGETHER)
        render_all()
        assert recordings.current_audio(clinic, now=NOW) == bytes(together.audio)
        later = NOW + timedelta(days=1)
        own = [record(clinic, part, at=later) for part in (GreetingPart.GREETING, GreetingPart.NOTICE)]
        assert recordings.current_audio(clinic, now=later) == b"".join(own)
        own_recordings.remove(clinic, now=later, part=GreetingPart.GREETING)
        own_recordings.remove(clinic, now=later, part=GreetingPart.NOTICE)
        assert recordings.current_audio(clinic, now=later) == bytes(together.audio)


def test_what_callers_hear_outlasts_the_housekeeping(clinic: Business) -> None:
    with acting_for(clinic):
        record(clinic, GreetingPart.CLOSED)
        record(clinic, GreetingPart.NOTICE)
        render_all()
        GreetingAudio.objects.update(created_at=NOW - timedelta(days=100))
        before = [recordings.current_audio(each, now=NOW) for each in recordings.versions(clinic)]
    recordings.remove_old(now=NOW)
    with acting_for(clinic):
        assert [recordings.current_audio(each, now=NOW) for each in recordings.versions(clinic)] == before
        assert own_recordings.accepted(clinic, GreetingPart.CLOSED)


def test_an_accepted_recording_has_the_rest_rendered(clinic: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcription, "transcribe", lambda *_audio, **_hints: NOTICE)
    with acting_for(clinic):
        row = own_recordings.offer(clinic, io.BytesIO(wav()), now=NOW, part=GreetingPart.NOTICE)
    assert recordings.render(row.pk, now=NOW)
    with acting_for(clinic):
        waiting = GreetingAudio.objects.filter(state=GreetingState.PENDING).values_list("text", flat=True)
        assert {USUAL, CLOSED} <= set(waiting)


def test_no_more_queries_than_for_one_recording(clinic: Business, django_assert_num_queries: Any) -> None:
    with acting_for(clinic):
        own = record(clinic, GreetingPart.GREETING)
        made = render_all()
        recordings.current_audio(clinic, now=NOW)
        with django_assert_num_queries(1):
            assert recordings.current_audio(as_closed(clinic), now=NOW) == made[f"{CLOSED} {NOTICE}"]
        with django_assert_num_queries(1):
            assert recordings.current_audio(clinic, now=NOW) == own + made[NOTICE]
