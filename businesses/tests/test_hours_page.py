"""The page of opening hours: the week, exceptions, holidays, and taking a removal back."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.test import Client

from businesses.hours import hours_of, intervals
from businesses.hours.public_holidays import public_holidays
from businesses.membership import add_member
from businesses.models import AuditEntry, Business, DayKind, Role, SpecialDays, User, WeekHours
from businesses.tenancy import acting_for

PAGE = "/b/clinic/hours/"
NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)  # Monday, 11:00 in Jerusalem
OFFICE = {"sunday": "8-18", "monday": "8:00-13:00, 16-19", "friday": "8.30-12"}
FRIDAY = date(2026, 12, 4)


@pytest.fixture
def clinic(db: None) -> Business:
    return Business.objects.create(name="Clinic", slug="clinic", language="en", opening_hours="From eight")


@pytest.fixture
def owner(clinic: Business) -> Client:
    user = User.objects.create_user("dana@clinic.test", "pw")
    add_member(clinic, user, Role.OWNER)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture(autouse=True)
def _at_eleven() -> object:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def text(client: Client) -> str:
    return client.get(PAGE).content.decode()


def special(**changes: str) -> dict[str, str]:
    return {"kind": "exception", "first_day": "2026-12-04", "last_day": "", "hours": "", "name": "", **changes}


def test_a_business_with_only_its_text_is_offered_more(owner: Client) -> None:
    page = text(owner)
    assert "So far the assistant has only your own words" in page
    assert "From eight" in page
    assert "Now:" not in page


def test_a_week_is_saved_and_the_page_says_what_it_means_now(owner: Client, clinic: Business) -> None:
    assert owner.post(PAGE, OFFICE)["Location"] == PAGE
    page = text(owner)
    assert "Now: open until 13:00." in page
    assert 'value="08:00-13:00, 16:00-19:00"' in page
    with acting_for(clinic):
        assert len(intervals(clinic, FRIDAY)) == 1
    entry = AuditEntry._base_manager.get(kind="hours_changed")
    assert entry.details["changes"]["sunday"] == ["", "08:00-18:00"]
    owner.post(PAGE, OFFICE)
    assert AuditEntry._base_manager.filter(kind="hours_changed").count() == 1, "nothing has changed"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"monday": "morning"}, "“morning” can’t be read".replace("’", "&#x27;")),
        ({"monday": "8-25"}, "There is no such time in “8-25”"),
        ({"monday": "8-13, 12-14"}, "These overlap: 08:00-13:00, 12:00-14:00"),
        ({"monday": "20-3", "tuesday": "2-9"}, "This night runs into the hours of the next day."),
    ],
)
def test_what_cannot_be_meant_is_said_and_nothing_is_lost(
    owner: Client, clinic: Business, wrong: dict[str, str], words: str
) -> None:
    answer = owner.post(PAGE, {**OFFICE, **wrong})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert all(f'value="{line}"' in page for line in wrong.values()), "what was typed is still there"
    assert not WeekHours._base_manager.exists()


def test_an_empty_week_leaves_the_text_alone(owner: Client, clinic: Business) -> None:
    owner.post(PAGE, OFFICE)
    answer = owner.post(PAGE, {}, follow=True)
    assert "No day has hours" in answer.content.decode()
    with acting_for(clinic):
        assert hours_of(clinic) is None


def test_an_exception_is_added_removed_and_brought_back(owner: Client, clinic: Business) -> None:
    owner.post(PAGE, OFFICE)
    owner.post(f"{PAGE}add/", special(hours="10-11", name="Staff outing"))
    row = SpecialDays._base_manager.get()
    assert (row.first_day, row.last_day, row.hours) == (FRIDAY, FRIDAY, [["10:00", "11:00"]])
    assert "Staff outing" in text(owner)

    owner.post(f"{PAGE}{row.pk}/remove/")
    page = text(owner)
    assert "Removed:" in page
    assert f"{row.pk}/restore/" in page
    with acting_for(clinic):
        assert intervals(clinic, FRIDAY)[0][0].hour == 8

    owner.post(f"{PAGE}{row.pk}/restore/")
    with acting_for(clinic):
        assert intervals(clinic, FRIDAY)[0][0].hour == 10
    steps = [entry.details.get("step") for entry in AuditEntry._base_manager.filter(kind="hours_changed")]
    assert sorted(filter(None, steps)) == ["made", "removed", "restored"]


def test_a_removal_is_not_undone_onto_another_row(owner: Client, clinic: Business) -> None:
    owner.post(f"{PAGE}add/", special(name="First"))
    first = SpecialDays._base_manager.get()
    owner.post(f"{PAGE}{first.pk}/remove/")
    owner.post(f"{PAGE}add/", special(name="Second"))
    owner.post(f"{PAGE}{first.pk}/restore/")
    assert [row.name for row in SpecialDays._base_manager.filter(removed_at=None)] == ["Second"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"first_day": "2026-11-29"}, "This day is over."),
        ({"last_day": "2026-12-03"}, "This is before the first day."),
        ({"last_day": "2028-12-04"}, "At most a year at once"),
        ({"first_day": "9999-12-31"}, "five years ahead"),
        ({"first_day": "soon"}, "Write a date like"),
        ({"hours": "all day"}, "can&#x27;t be read"),
        ({"first_day": "2026-12-01", "last_day": "2026-12-24"}, "“Taken” is on these days already"),
    ],
)
def test_days_that_cannot_be_meant_are_refused(owner: Client, changes: dict[str, str], words: str) -> None:
    owner.post(f"{PAGE}add/", special(first_day="2026-12-24", name="Taken"))
    answer = owner.post(f"{PAGE}add/", special(**changes))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert SpecialDays._base_manager.count() == 1


def test_public_holidays_count_once_they_are_confirmed(owner: Client, clinic: Business) -> None:
    owner.post(PAGE, {"thursday": "8-18"})
    passover = date(2027, 4, 22)  # 15 Nisan 5787, a Thursday
    assert "Pesach" in text(owner)
    with acting_for(clinic):
        assert intervals(clinic, passover), "a suggestion closes nothing"
    owner.post(f"{PAGE}holidays/", {"day": ["2027-04-22", "2027-01-01"]})
    row = SpecialDays._base_manager.get()
    assert (row.kind, row.first_day, row.hours) == (DayKind.HOLIDAY, passover, [])
    with acting_for(clinic):
        assert intervals(clinic, passover) == []
    assert text(owner).count("Pesach,") == 0, "it is not suggested again"


def test_holidays_have_hebrew_names_and_those_in_a_row_are_one() -> None:
    autumn = public_holidays("IL", "he", first_day=date(2027, 9, 1), last_day=date(2027, 10, 12))
    assert [(each.first_day, each.last_day, each.name) for each in autumn] == [
        (date(2027, 10, 2), date(2027, 10, 3), "ראש השנה"),
        (date(2027, 10, 11), date(2027, 10, 11), "יום כיפור"),
    ]
    assert public_holidays("XX", "he", first_day=FRIDAY, last_day=FRIDAY) == []


def test_in_hebrew_the_week_begins_on_sunday(owner: Client) -> None:
    owner.cookies["django_language"] = "he"
    page = text(owner)
    assert page.index("יום ראשון") < page.index("יום שני") < page.index("שבת")
