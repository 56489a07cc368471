"""What is read ahead answers the block's prepared queries, exactly as they would have been, for the one business."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from businesses.models import Business, DayUsage, KnowledgeEntry, Membership, SpecialDays, User
from businesses.prepared import Given, Prepared
from businesses.read_ahead import read_ahead
from businesses.tenancy import NoBusiness, across_businesses, acting_for

TODAY, YESTERDAY = date(2026, 11, 30), date(2026, 11, 29)
_days = Prepared(lambda: DayUsage.objects.filter(day=Given("day", models.DateField())).select_related("business"))
_special_days = Prepared(SpecialDays.objects.all)
_entries = Prepared(lambda: KnowledgeEntry.objects.order_by("-position", "pk").only("title", "text")[:7])
_people = Prepared(lambda: Membership.objects.order_by("pk").values_list("user__first_name", "user__last_login", "pk"))
_nothing = Prepared(lambda: DayUsage.objects.filter(calls=99).values_list("pk")[:1])


@pytest.fixture
def two(db: None) -> tuple[Business, Business]:
    """Two businesses with rows of every kind of column."""
    found = tuple(Business.objects.create(name=f"Shop {name}", slug=name) for name in "ab")
    for number, business in enumerate(found):
        with acting_for(business):
            for day in (TODAY, YESTERDAY):
                DayUsage.objects.create(business=business, day=day, calls=number, minutes=f"{number}.25")
            for position in range(9):
                entry = {"title": f"{business.slug} {position}", "text": f"it's 100 % {{{position}}}"}
                KnowledgeEntry.objects.create(business=business, position=position, **entry)
            pairs = [[time(8).isoformat(), time(13).isoformat()]]
            SpecialDays.objects.create(business=business, first_day=TODAY, last_day=TODAY, hours=pairs, name="גשר")
            seen = datetime(2026, 1, 2, number, tzinfo=UTC)
            person = User.objects.create(email=f"{number}@example.com", first_name="Dana", last_login=seen)
            Membership.objects.create(business=business, user=person)
    return found  # type: ignore[return-value]


def _values(row: Any) -> Any:
    if isinstance(row, tuple):
        return row
    return {name: value for name, value in vars(row).items() if name != "_state"}


def test_each_is_answered_as_if_it_had_run_and_no_query_runs(two: tuple[Business, Business]) -> None:
    asked = [_days.asked(day=TODAY), _special_days.asked(), _nothing.asked(), _entries.asked(), _people.asked()]
    asked.append(_days.asked(day=YESTERDAY))
    for business in two:
        with acting_for(business):
            plain = [list(map(_values, each.query.rows(**each.values))) for each in asked]
            with CaptureQueriesContext(connection) as reading, read_ahead(*asked):
                assert len(reading) == 1
                for _again in range(2):
                    ahead = [list(map(_values, each.query.rows(**each.values))) for each in asked]
                    assert ahead == plain
                assert _days.rows(day=TODAY)[0].business == business
                assert (_days.first(day=TODAY), _nothing.first()) == (_days.rows(day=TODAY)[0], None)
            assert len(reading) == 1
            assert [len(rows) for rows in plain] == [1, 1, 0, 7, 1, 1]


def test_what_was_not_read_ahead_runs_by_itself(two: tuple[Business, Business]) -> None:
    first, second = two
    with acting_for(first), read_ahead(_days.asked(day=TODAY)):
        assert [row.day for row in _days.rows(day=YESTERDAY)] == [YESTERDAY]
        assert len(_entries.rows()) == 7
        with acting_for(second):
            assert [row.business_id for row in _days.rows(day=TODAY)] == [second.pk]
        _days.rows(day=TODAY).clear()
        assert len(_days.rows(day=TODAY)) == 1, "whoever asks gets a list of their own"


def test_nothing_is_kept_after_the_block(two: tuple[Business, Business]) -> None:
    with acting_for(two[0]):
        with read_ahead(_days.asked(day=TODAY)):
            DayUsage.objects.filter(day=TODAY).update(calls=5)
        assert [row.calls for row in _days.rows(day=TODAY)] == [5]


def test_it_is_fenced_as_the_queries_are(two: tuple[Business, Business]) -> None:
    for scope in (acting_for(), acting_for(*two), across_businesses()):
        with scope, pytest.raises(NoBusiness), read_ahead(_days.asked(day=TODAY)):
            pass
    with acting_for(two[0]), read_ahead(_days.asked(day=TODAY)):
        with across_businesses(), pytest.raises(NoBusiness):
            _days.rows(day=TODAY)
        with pytest.raises(TypeError, match="day"):
            _days.rows()
