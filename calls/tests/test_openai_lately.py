"""Failures in a row are a problem of the installation; a success ends the row."""

from __future__ import annotations

import pytest

from calls.conversation.events import Event, ModelLost, ModelReady, ResponseEnded, ResponseStatus
from calls.line.openai_lately import MANY, Kind, Lately

pytestmark = pytest.mark.pure
LOST = ModelLost(1.0, "invalid_api_key", permanent=True)
BROKEN = ResponseEnded(1.0, "r", ResponseStatus.FAILED, "server_error")
GOOD = ResponseEnded(1.0, "r", ResponseStatus.COMPLETED)
WELL: dict[Kind, Event] = {Kind.SESSION: ModelReady(1.0), Kind.ANSWER: GOOD}


@pytest.mark.parametrize(
    ("failure", "kind", "code"), [(LOST, Kind.SESSION, "invalid_api_key"), (BROKEN, Kind.ANSWER, "server_error")]
)
def test_many_failures_in_a_row_are_told_until_a_success(
    failure: ModelLost | ResponseEnded, kind: Kind, code: str
) -> None:
    lately = Lately()
    for _ in range(MANY - 1):
        lately.told(failure)
    assert lately.problems() == []
    lately.told(failure)
    (told,) = lately.problems()
    assert f"last {MANY} {kind}s failed ({code})" in told
    for other in set(Kind) - {kind}:
        lately.told(WELL[other])
    assert lately.problems() == [told]
    lately.told(WELL[kind])
    assert lately.problems() == []


def test_an_answer_that_was_cut_short_is_neither() -> None:
    lately = Lately()
    for status in (ResponseStatus.CANCELLED, ResponseStatus.INCOMPLETE):
        for _ in range(MANY):
            lately.told(ResponseEnded(1.0, "r", status))
    assert lately.problems() == []


def test_words_of_a_stranger_are_no_code() -> None:
    lately = Lately()
    for _ in range(MANY):
        lately.told(ModelLost(1.0, "call +972501234567"))
    assert "(other)" in lately.problems()[0]
