"""Prepared queries find and change what the same querysets would, and only the rows of the one business that is set."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, models, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from businesses.models import Business, DayUsage, Membership, User
from businesses.prepared import Given, Prepared, PreparedUpdate
from businesses.tenancy import NoBusiness, across_businesses, acting_for

TODAY = date(2026, 11, 30)
_day = Prepared(lambda: DayUsage.objects.filter(day=Given("day", models.DateField())).select_related("business"))
_set = PreparedUpdate(lambda: DayUsage.objects.filter(day=Given("day", models.DateField())), "calls", "minutes")
_more = PreparedUpdate(
    lambda: DayUsage.objects.filter(day=Given("day", models.DateField())),
    minutes=F("minutes") + Given("more", models.DecimalField(max_digits=12, decimal_places=2)),
)


@pytest.fixture
def two(db: None) -> tuple[Business, Business]:
    """Two businesses that used something today and the day before."""
    found = tuple(Business.objects.create(name=f"Shop {name}", slug=name, max_call_minutes=7) for name in "ab")
    for number, business in enumerate(found):
        with acting_for(business):
            for day in (TODAY, date(2026, 11, 29)):
                minutes = Decimal(number) + Decimal("0.25")
                DayUsage.objects.create(business=business, day=day, calls=number, minutes=minutes)
    return found  # type: ignore[return-value]


def test_rows_are_those_of_the_queryset_and_of_the_business_alone(two: tuple[Business, Business]) -> None:
    for business in two:
        with acting_for(business):
            (prepared,) = _day.rows(day=TODAY)
            plain = DayUsage.objects.select_related("business").get(day=TODAY)
            values = [field.attname for field in DayUsage._meta.concrete_fields]
            assert [getattr(prepared, name) for name in values] == [getattr(plain, name) for name in values]
            assert prepared == plain
            own = [field.attname for field in Business._meta.concrete_fields]
            with CaptureQueriesContext(connection) as asked:
                assert [getattr(prepared.business, name) for name in own] == [getattr(business, name) for name in own]
            assert not asked.captured_queries, "the business came with the row"
            assert _day.first(day=date(2026, 1, 1)) is None


def test_an_update_changes_the_rows_of_the_business_alone(two: tuple[Business, Business]) -> None:
    first, second = two
    with acting_for(first):
        assert _set.run(day=TODAY, calls=9, minutes=Decimal("1.50")) == 1
        assert _more.run(day=TODAY, more=Decimal("0.75")) == 1
        assert _more.run(day=date(2026, 1, 1), more=Decimal(1)) == 0
    with across_businesses():
        found = {(row.business_id, row.day.day): (row.calls, row.minutes) for row in DayUsage.objects.all()}
    assert found == {
        (first.pk, 30): (9, Decimal("2.25")),
        (first.pk, 29): (0, Decimal("0.25")),
        (second.pk, 30): (1, Decimal("1.25")),
        (second.pk, 29): (1, Decimal("1.25")),
    }


def test_it_refuses_to_run_without_one_business(two: tuple[Business, Business]) -> None:
    for scope in (acting_for(), acting_for(*two), across_businesses()):
        with scope, pytest.raises(NoBusiness):
            _day.rows(day=TODAY)
    with pytest.raises(NoBusiness):
        _set.run(day=TODAY, calls=9, minutes=Decimal(0))
    with across_businesses():
        assert not DayUsage.objects.filter(calls=9).exists()


def test_tuples_are_read_as_values_list_reads_them(two: tuple[Business, Business]) -> None:
    last_seen = datetime(2026, 1, 2, tzinfo=UTC)
    person = User.objects.create(email="dana@example.com", first_name="Dana", last_login=last_seen)
    rows = Prepared(lambda: Membership.objects.order_by("pk").values_list("user__first_name", "user__last_login", "pk"))
    with acting_for(two[0]):
        member = Membership.objects.create(business=two[0], user=person)
        assert rows.rows() == [("Dana", last_seen, member.pk)]
    with acting_for(two[1]):
        assert rows.rows() == []


def test_it_is_put_together_once(two: tuple[Business, Business]) -> None:
    made: list[Any] = []

    def make() -> models.QuerySet[DayUsage]:
        made.append(1)
        return DayUsage.objects.filter(day=Given("day", models.DateField()))

    rows = Prepared(make)
    for business in two:
        with acting_for(business):
            assert [row.business_id for row in rows.rows(day=TODAY)] == [business.pk]
    assert len(made) == 1


def test_values_that_have_no_place_are_refused(two: tuple[Business, Business]) -> None:
    with acting_for(two[0]):
        with pytest.raises(TypeError, match="day"):
            _day.rows()
        with pytest.raises(TypeError, match="money"):
            _set.run(day=TODAY, calls=1, minutes=Decimal(1), money=Decimal(1))
        assert DayUsage.objects.get(day=TODAY).calls == 0


def test_a_failed_update_spoils_its_transaction_as_any_other(two: tuple[Business, Business]) -> None:
    with acting_for(two[0]), transaction.atomic():
        with pytest.raises(Exception, match=r"(?i)constraint|null"):
            _set.run(day=TODAY, calls=None, minutes=Decimal(0))
        assert transaction.get_rollback()
        transaction.set_rollback(True)
