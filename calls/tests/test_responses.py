"""A request to the model to speak: whose an error is, when the model is stuck, and what is said again."""

from __future__ import annotations

import pytest

from calls.conversation.commands import ResponseKind
from calls.conversation.responses import (
    CANCEL_TIMEOUT_S,
    FIRST_AUDIO_TIMEOUT_S,
    HEARD_OUT_PATIENCE_S,
    LONGEST_PAUSE_S,
    MORE_AUDIO_TIMEOUT_S,
    MOST_ATTEMPTS,
    MOST_PIECES,
    RETRY_PAUSES_S,
    UNAWAITED,
    Aftermath,
    Failure,
    Owed,
    Response,
    words_left,
)

pytestmark = pytest.mark.pure

GREETING = "Good morning, how may I help?"
ALREADY, HARMLESS, FAILURE = "conversation_already_has_active_response", "response_cancel_not_active", "server_error"
AT = 20.0


def response(kind: ResponseKind = ResponseKind.ANSWER, *, attempt: int = 1, said: str | None = None) -> Response:
    """Return a response of which `said` was spoken; None: there is no audio of it yet."""
    words = GREETING if kind is ResponseKind.GREETING else ""
    asked = Response("request", Owed(kind, words, attempt, since=9.0, turn_item="turn"), progress_at=10.0)
    if said is not None:
        asked.items.append("item")
        asked.words["item"] = said
    return asked


# Once more ------------------------------------------------------------------------------------------------------
def test_the_first_retry_is_at_once_and_each_next_one_waits_longer() -> None:
    assert RETRY_PAUSES_S == (0.0, 0.3, 0.8, 1.6, 2.4)
    owed = Owed(ResponseKind.GREETING, GREETING, since=9.0, turn_item="turn")
    second = owed.again(AT)
    assert second == Owed(ResponseKind.GREETING, GREETING, 2, since=9.0, not_before=AT, turn_item="turn")
    third = second.again(AT, words="how may I help?")
    assert (third.attempt, third.words) == (3, "how may I help?")
    assert third.not_before == pytest.approx(AT + 0.3)
    assert second.again(AT, words="").words == ""
    assert [third.again(AT, pause_s=pause).not_before - AT for pause in (0.0, 0.5, 3.0)] == pytest.approx(
        [0.8, 0.8, 3.0]
    )
    late = Owed(ResponseKind.ANSWER, attempt=9).again(AT)
    assert late.not_before - AT == pytest.approx(2.4)


@pytest.mark.parametrize(
    ("spoken", "left"),
    [("", GREETING), ("Good", "morning, how may I help?"), ("Good morning", "how may I help?"), (GREETING, "")],
)
def test_what_is_left_of_a_text_is_counted_in_words(spoken: str, left: str) -> None:
    assert words_left(GREETING, spoken) == left


# Whose an error is ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("request_id", "code", "begun", "refused"),
    [
        ("request", FAILURE, None, True),
        ("request", FAILURE, "created", True),
        ("request", HARMLESS, None, True),
        ("request", ALREADY, None, True),
        ("request", ALREADY, "created", False),
        ("request", ALREADY, "audio", False),
        ("other", FAILURE, None, False),
        (None, FAILURE, None, True),
        (None, FAILURE, "created", False),
        (None, FAILURE, "audio", False),
        (None, ALREADY, None, True),
        (None, HARMLESS, None, False),
    ],
)
def test_an_error_refuses_a_response_that_it_names_or_else_one_that_has_not_begun(
    request_id: str | None, code: str, begun: str | None, refused: bool
) -> None:
    asked = response(said="We are" if begun == "audio" else None)
    if begun == "created":
        asked.response_id = "resp1"
    assert asked.is_refused_by(request_id, code) is refused


def test_a_message_without_an_id_belongs_to_the_response_under_way() -> None:
    asked = response()
    assert asked.belongs_to("") is True
    assert asked.belongs_to("resp1") is False
    asked.response_id = "resp1"
    assert asked.belongs_to("resp1") is True
    assert asked.belongs_to("resp2") is False


# When the model is stuck --------------------------------------------------------------------------------------------
def test_how_long_the_model_may_be_silent() -> None:
    created = response()
    created.response_id = "resp1"
    assert created.stalls_at(None) == 10.0 + FIRST_AUDIO_TIMEOUT_S
    begun = response(said="We are")
    assert begun.stalls_at(None) is None, "the caller is hearing it"
    assert begun.stalls_at(10.5) == 10.0 + MORE_AUDIO_TIMEOUT_S
    assert begun.stalls_at(14.0) == 14.0 + HEARD_OUT_PATIENCE_S
    begun.is_revoked = True
    assert begun.stalls_at(14.0) == 10.0 + CANCEL_TIMEOUT_S


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 2.0), (2, 4.0), (3, 6.0), (6, 6.0)])
def test_a_request_that_nothing_comes_of_was_swallowed(attempt: int, seconds: float) -> None:
    asked = response()
    asked.owed.attempt = attempt
    assert asked.stalls_at(None) == 10.0 + seconds
    asked.words["item"] = "We are"
    assert asked.stalls_at(None) == 10.0 + FIRST_AUDIO_TIMEOUT_S, "the model is writing"


# What is said again -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", list(ResponseKind))
@pytest.mark.parametrize("line_lost", [True, False])
def test_what_was_never_heard_is_asked_for_again_up_to_the_sixth_attempt(kind: ResponseKind, line_lost: bool) -> None:
    assert MOST_ATTEMPTS == 6
    failure = Failure(line_lost=line_lost, is_told=True)
    for attempt in range(1, 6):
        asked = response(kind, attempt=attempt)
        assert asked.after_failure(AT, failure, has_begun=False) == Aftermath(retry=asked.owed.again(AT))
    last = response(kind, attempt=6).after_failure(AT, failure, has_begun=False)
    assert last == Aftermath(gave_up=kind not in UNAWAITED)


def test_the_pause_that_openai_asks_for_is_kept_unless_nobody_would_wait_for_it() -> None:
    asked = response()
    for pause_s in (1.2, LONGEST_PAUSE_S):
        aftermath = asked.after_failure(AT, Failure(is_told=True, pause_s=pause_s), has_begun=False)
        assert aftermath.retry
        assert aftermath.retry.not_before == pytest.approx(AT + pause_s)
    too_long = Failure(is_told=True, pause_s=LONGEST_PAUSE_S + 0.1)
    assert asked.after_failure(AT, too_long, has_begun=False) == Aftermath(gave_up=True)
    rest = response(said="We are").after_failure(AT, Failure(is_told=True, pause_s=1.2), has_begun=True).retry
    assert rest
    assert rest.not_before == pytest.approx(AT + 1.2)


def test_of_a_greeting_that_broke_off_the_rest_is_said() -> None:
    asked = response(ResponseKind.GREETING, said="Good morning,")
    aftermath = asked.after_failure(AT, Failure(is_told=True), has_begun=True)
    assert aftermath == Aftermath(retry=asked.owed.again(AT, words="how may I help?"))


@pytest.mark.parametrize(("said", "attempt"), [(GREETING, 1), ("Good morning,", 3)])
def test_a_greeting_that_was_said_whole_or_tried_three_times_is_over(said: str, attempt: int) -> None:
    asked = response(ResponseKind.GREETING, attempt=attempt, said=said)
    assert asked.after_failure(AT, Failure(line_lost=True), has_begun=True) == Aftermath()


@pytest.mark.parametrize(
    ("attempt", "line_lost", "failed", "next_attempt"),  # of the next: None for no more, 0 for the fallback
    [
        (1, True, False, 1),
        (3, True, False, 1),  # a new line is counted by `link.py`
        (1, False, True, 2),
        (2, False, True, 3),
        (3, False, True, 0),
        (1, False, False, None),  # it was only cut short
    ],
)
def test_an_answer_that_broke_off_goes_on_where_that_is_of_use(
    attempt: int, line_lost: bool, failed: bool, next_attempt: int | None
) -> None:
    asked = response(attempt=attempt, said="We are open from")
    assert MOST_PIECES == 3
    aftermath = asked.after_failure(AT, Failure(line_lost=line_lost, is_told=failed), has_begun=True)
    retry = next_attempt and Owed(
        ResponseKind.CONTINUATION, attempt=next_attempt, since=AT, begun_since=asked.owed.since, not_before=AT
    )
    assert aftermath == Aftermath(retry=retry or None, gave_up=next_attempt == 0)
