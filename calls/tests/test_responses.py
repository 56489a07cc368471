"""A request to the model to speak: whose an error is, when the model is stuck, and what is said again."""

from __future__ import annotations

import pytest

from calls.conversation.commands import ResponseKind
from calls.conversation.responses import (
    CANCEL_TIMEOUT_S,
    FIRST_AUDIO_TIMEOUT_S,
    HEARD_OUT_PATIENCE_S,
    MORE_AUDIO_TIMEOUT_S,
    MOST_ATTEMPTS,
    RETRY_AFTER_S,
    Aftermath,
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
def test_the_first_retry_is_at_once_and_the_second_after_300_ms() -> None:
    assert RETRY_AFTER_S == 0.3
    owed = Owed(ResponseKind.GREETING, GREETING, since=9.0, turn_item="turn")
    second = owed.again(AT)
    assert second == Owed(ResponseKind.GREETING, GREETING, 2, since=9.0, not_before=AT, turn_item="turn")
    third = second.again(AT, words="how may I help?")
    assert (third.attempt, third.words) == (3, "how may I help?")
    assert third.not_before == pytest.approx(AT + 0.3)
    assert second.again(AT, words="").words == ""


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
    assert response().stalls_at(None) == 10.0 + FIRST_AUDIO_TIMEOUT_S
    begun = response(said="We are")
    assert begun.stalls_at(None) is None, "the caller is hearing it"
    assert begun.stalls_at(10.5) == 10.0 + MORE_AUDIO_TIMEOUT_S
    assert begun.stalls_at(14.0) == 14.0 + HEARD_OUT_PATIENCE_S
    begun.is_revoked = True
    assert begun.stalls_at(14.0) == 10.0 + CANCEL_TIMEOUT_S


# What is said again -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", list(ResponseKind))
@pytest.mark.parametrize("line_lost", [True, False])
def test_what_was_never_heard_is_asked_for_again_up_to_the_third_attempt(kind: ResponseKind, line_lost: bool) -> None:
    assert MOST_ATTEMPTS == 3
    for attempt in (1, 2):
        asked = response(kind, attempt=attempt)
        aftermath = asked.after_failure(AT, has_begun=False, line_lost=line_lost, failed=True)
        assert aftermath == Aftermath(retry=asked.owed.again(AT))
    last = response(kind, attempt=3).after_failure(AT, has_begun=False, line_lost=line_lost, failed=True)
    assert last == Aftermath(gave_up=True)


def test_of_a_greeting_that_broke_off_the_rest_is_said() -> None:
    asked = response(ResponseKind.GREETING, said="Good morning,")
    aftermath = asked.after_failure(AT, has_begun=True, line_lost=False, failed=True)
    assert aftermath == Aftermath(retry=asked.owed.again(AT, words="how may I help?"))


@pytest.mark.parametrize(("said", "attempt"), [(GREETING, 1), ("Good morning,", 3)])
def test_a_greeting_that_was_said_whole_or_tried_three_times_is_over(said: str, attempt: int) -> None:
    asked = response(ResponseKind.GREETING, attempt=attempt, said=said)
    assert asked.after_failure(AT, has_begun=True, line_lost=True, failed=False) == Aftermath()


@pytest.mark.parametrize(
    ("attempt", "line_lost", "failed", "next_attempt"),
    [
        (1, True, False, 1),
        (3, True, False, 1),  # a new line is counted by `link.py`
        (1, False, True, 2),
        (2, False, True, 3),
        (3, False, True, None),
        (1, False, False, None),  # it was only cut short
    ],
)
def test_an_answer_that_broke_off_goes_on_where_that_is_of_use(
    attempt: int, line_lost: bool, failed: bool, next_attempt: int | None
) -> None:
    asked = response(attempt=attempt, said="We are open from")
    aftermath = asked.after_failure(AT, has_begun=True, line_lost=line_lost, failed=failed)
    retry = next_attempt and Owed(ResponseKind.CONTINUATION, attempt=next_attempt, since=AT)
    assert aftermath == Aftermath(retry=retry or None)
