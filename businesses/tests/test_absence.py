"""An absence is told at its begin and at its end, whoever fails and succeeds in between."""

from __future__ import annotations

import pytest

from businesses.absence import Absence

pytestmark = pytest.mark.pure


def test_it_begins_with_the_first_failure_and_ends_with_the_first_success() -> None:
    absence = Absence()
    assert not absence
    assert absence.ends() is None
    assert [absence.begins() for _ in range(3)] == [True, False, False]
    assert absence
    away_s = absence.ends()
    assert away_s is not None
    assert away_s >= 0
    assert absence.ends() is None
    assert not absence


def test_it_may_have_begun_earlier(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("businesses.absence.time.monotonic", lambda: 110.0)
    absence = Absence()
    assert absence.begins(since=100.0)
    assert not absence.begins(since=105.0)
    assert absence.ends() == 10.0
