"""The hours of a business, as its rows say."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from businesses.hours import Standing, has_hours, hours_of, intervals, standing
from businesses.models import Business, DayKind, SpecialDays, WeekHours
from businesses.tenancy import acting_for

pytestmark = pytest.mark.django_db

NEW_YORK = ZoneInfo("America/New_York")
TUESDAY = date(2026, 12, 1)
NINE_TO_FIVE = [["09:00", "17:00"]]


def new_york(hour: int) -> datetime:
    return datetime(2026, 12, 1, hour, tzinfo=NEW_YORK)


@pytest.fixture
def business() -> Business:
    return Business.objects.create(name="Diner", slug="diner", time_zone="America/New_York", opening_hours="9 to 5")


def test_a_business_with_only_its_text_has_no_hours_to_reckon_with(business: Business) -> None:
    with acting_for(business):
        assert (hours_of(business), standing(business, new_york(10))) == (None, None)
        assert intervals(business, TUESDAY) == []
        WeekHours.objects.create(business=business)
        assert not has_hours(business), "an empty week says nothing either"
        assert hours_of(business) is None


def test_hours_are_of_the_zone_of_the_business(business: Business) -> None:
    with acting_for(business):
        WeekHours.objects.create(business=business, tuesday=NINE_TO_FIVE)
        assert has_hours(business)
        assert intervals(business, TUESDAY) == [(new_york(9), new_york(17))]
        now = new_york(10).astimezone(ZoneInfo("Asia/Jerusalem"))
        assert standing(business, now) == Standing(True, new_york(17), new_york(9) + timedelta(days=7))


def test_exceptions_holidays_and_what_was_removed(business: Business) -> None:
    with acting_for(business):
        WeekHours.objects.create(business=business, tuesday=NINE_TO_FIVE)
        holiday = SpecialDays.objects.create(
            business=business, kind=DayKind.HOLIDAY, first_day=TUESDAY, last_day=TUESDAY + timedelta(days=2)
        )
        assert intervals(business, TUESDAY) == []
        exception = SpecialDays.objects.create(
            business=business, first_day=TUESDAY, last_day=TUESDAY, hours=[["10:00", "12:00"]]
        )
        assert intervals(business, TUESDAY) == [(new_york(10), new_york(12))]
        SpecialDays.objects.filter(pk__in=[holiday.pk, exception.pk]).update(removed_at=new_york(8))
        assert intervals(business, TUESDAY) == [(new_york(9), new_york(17))]
        hours = hours_of(business, since=TUESDAY)
        assert hours is not None
        assert hours.specials == ()


def test_what_is_over_is_not_read(business: Business) -> None:
    with acting_for(business):
        WeekHours.objects.create(business=business, tuesday=NINE_TO_FIVE)
        SpecialDays.objects.create(business=business, first_day=date(2026, 1, 1), last_day=date(2026, 1, 1))
        read, later = hours_of(business), hours_of(business, since=TUESDAY)
        assert read is not None
        assert later is not None
        assert (len(read.specials), later.specials) == (1, ())
