"""Every stored code has words in both languages, and every writer of one gives the data that its words need."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import models
from django.utils import translation

from whatsapp.broadcasts.reasons import in_words
from whatsapp.models import (
    BroadcastEvent,
    ConsentStep,
    EventKind,
    ImportStatus,
    NewsProblem,
    SenderHealth,
    SuppressionSource,
)
from whatsapp.pages import history
from whatsapp.reasons import Cause, Datum, Reason, keys_of, reason, reason_in
from whatsapp.states import (
    BroadcastStatus,
    ColumnRole,
    ErrorClass,
    PauseReason,
    RecipientStatus,
    SkipReason,
    TemplateStatus,
)

pytestmark = pytest.mark.pure

HEBREW = re.compile("[א-ת]")
CHOICES: tuple[type[models.TextChoices], ...] = (
    *(BroadcastStatus, ColumnRole, ConsentStep, ErrorClass, EventKind, ImportStatus, PauseReason, RecipientStatus),
    *(NewsProblem, SenderHealth, SkipReason, SuppressionSource, TemplateStatus),
)
SAMPLES: dict[str, Datum] = {
    "provider": "cloud",
    "code": "131026",
    "words": "Message undeliverable",
    "status": "PAUSED",
    "role": "phone",
    "row": 1_234,
    **dict.fromkeys(("length", "limit", "size", "people"), 1_234),
}
RUNS = ("whatsapp", "platform", "testing")


def sample(cause: Cause) -> Reason:
    return Reason(cause, {key: SAMPLES.get(key, f"<{key}>") for key in keys_of(cause)})


@pytest.mark.parametrize("choices", CHOICES)
def test_every_code_has_words_in_both_languages(choices: type[models.TextChoices]) -> None:
    for code in choices:
        assert code.label, code
        with translation.override("he"):
            assert HEBREW.search(str(code.label)), f"{code!r} has no Hebrew"


@pytest.mark.parametrize("cause", [cause for cause in Cause if cause is not Cause.OTHER])
def test_every_cause_is_told_with_its_data_in_both_languages(cause: Cause) -> None:
    for language in ("en", "he"):
        with translation.override(language):
            told = in_words(sample(cause))
        assert "%(" not in told
        assert bool(HEBREW.search(told)) == (language == "he"), told
        for key in keys_of(cause) - {"provider", "status", "role", "code", "words"}:
            assert str(SAMPLES.get(key, f"<{key}>")) in told.replace(",", ""), f"{cause} leaves {key} out in {language}"


def test_a_reason_with_other_data_than_its_words_need_can_not_be_made() -> None:
    wrong: list[dict[str, str | int]] = [{}, {"row": 2, "name": "x"}, {"name": "x"}]
    for data in wrong:
        with pytest.raises(ValueError, match="same_as_row is kept with"):
            Reason(Cause.SAME_AS_ROW, data)


def test_a_reason_of_another_version_is_none() -> None:
    for fields in ({"cause": ""}, {"cause": "news"}, {"cause": "same_as_row", "cause_data": {"line": 2}}):
        assert reason_in(BroadcastRow(**fields)) is None
    assert reason_in(BroadcastRow(**reason(Cause.SAME_AS_ROW, row=2).kept())) == reason(Cause.SAME_AS_ROW, row=2)


class BroadcastRow:
    """A row with a reason."""

    def __init__(self, cause: str, cause_data: dict[str, Any] | None = None) -> None:
        self.cause, self.cause_data = cause, cause_data or {}


def writers() -> Iterator[tuple[str, Cause, set[str]]]:
    """Returns every call in the code whose first argument is a cause: its place and the data it gives."""
    for folder in RUNS:
        for path in sorted((settings.BASE_DIR / folder).rglob("*.py")):
            if {"tests", "migrations"} & set(path.parts):
                continue
            yield from _writers_in(path)


def _writers_in(path: Path) -> Iterator[tuple[str, Cause, set[str]]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and node.args and (cause := _cause_named(node.args[0])):
            yield f"{path.name}:{node.lineno}", cause, {each.arg or "**" for each in node.keywords} - {"doubted"}


def _cause_named(node: ast.expr) -> Cause | None:
    """Returns the cause that is written there, also as the `Problem` of the process that reads files."""
    if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
        return None
    return Cause[node.attr] if node.value.id in {"Cause", "Problem"} else None


def test_every_writer_gives_the_data_that_the_words_need() -> None:
    found = list(writers())
    assert [(where, cause.value) for where, cause, given in found if given != keys_of(cause)] == []
    assert {cause for _, cause, _ in found} == set(Cause) - {Cause.OTHER}, "each cause has a writer; no other is needed"


EVENTS = {
    EventKind.SCHEDULED: {"wall_time": "2026-11-30T09:00", "zone": "Asia/Jerusalem"},
    EventKind.STARTED: {"late_s": 400},
    EventKind.MISSED: {"not_after": "2026-11-30T12:00:00+00:00"},
    EventKind.RUNNING: {"people": 3},
    EventKind.FAILED: reason(Cause.FILE_GONE).kept(),
    EventKind.PAUSED: {"pause_reason": "account", **reason(Cause.ACCOUNT_RESTRICTED, event="BAN").kept()},
    EventKind.REOPENED: reason(Cause.ANSWERS_LATE).kept(),
    EventKind.CATEGORY_ACCEPTED: {"category": "MARKETING"},
    EventKind.SENT_AGAIN: {"people": 3, **reason(Cause.NO_REPORT).kept()},
    EventKind.ASSUMED_SENT: {"people": 2},
}


@pytest.mark.parametrize("kind", EventKind)
def test_every_event_is_told_in_hebrew(kind: EventKind) -> None:
    event = BroadcastEvent(kind=kind, data=EVENTS.get(kind, {}))
    with translation.override("he"):
        assert HEBREW.search(history.what(event))
        detail = history.detail(event)
    assert bool(detail) == (kind in EVENTS)
    assert not re.search(r"[A-Za-z]+ [a-z]+ [a-z]+", detail), detail
