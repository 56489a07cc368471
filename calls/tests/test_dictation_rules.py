"""Codes and takes of texts that are recorded by telephone: for how long, by whom, and what is kept of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from businesses.models import Business, Membership, Role, User
from businesses.tenancy import acting_for
from calls.greetings import dictations
from calls.models import Dictation, DictationState, GreetingPart
from calls.tests.conftest import NOW, make_business

PHONE = "+972501234567"
SECOND = timedelta(seconds=1)


@pytest.fixture
def clinic(db: None) -> Business:
    return make_business(greeting_text="Good morning")


@pytest.fixture
def owner(clinic: Business) -> User:
    user = User.objects.create_user("owner@clinic.test", "pw")
    Membership.objects.create(business=clinic, user=user, role=Role.OWNER)
    return user


def begin(clinic: Business, owner: User) -> tuple[Dictation, str]:
    with acting_for(clinic):
        return dictations.begin(clinic, owner, part=GreetingPart.GREETING, from_number=PHONE, now=NOW)


def enter(clinic: Business, code: str, call_sid: str = "CA1") -> Dictation | None:
    return dictations.enter(clinic, code, from_number=PHONE, call_sid=call_sid, now=NOW)


def test_a_code_is_shown_and_waited_for_until_its_ten_minutes_are_over(clinic: Business, owner: User) -> None:
    begun, _code = begin(clinic, owner)
    for late, is_waited_for in ((timedelta(minutes=10) - SECOND, True), (timedelta(minutes=10), False)):
        with acting_for(clinic):
            assert (dictations.latest(clinic, owner, now=NOW + late) == begun) is is_waited_for
        assert dictations.may_try(clinic, from_number=PHONE, now=NOW + late) is is_waited_for


def test_codes_of_yesterday_do_not_count_for_today(clinic: Business, owner: User) -> None:
    for _code in range(dictations.MOST_A_DAY):
        begin(clinic, owner)
    with acting_for(clinic):
        Dictation.objects.update(created_at=NOW - timedelta(days=1))
    begin(clinic, owner)


@pytest.mark.parametrize(
    ("role", "is_active", "is_superuser", "may"),
    [
        (Role.OWNER, True, False, True),
        (Role.OWNER, False, False, False),
        (Role.STAFF, True, False, False),
        (None, True, False, False),
        (None, True, True, True),
        (None, False, True, False),
    ],
)
def test_who_may_use_a_code_when_it_is_entered(
    clinic: Business, owner: User, role: Role | None, is_active: bool, is_superuser: bool, may: bool
) -> None:
    _begun, code = begin(clinic, owner)
    with acting_for(clinic):
        if role is None:
            Membership.objects.filter(user=owner).delete()
        else:
            Membership.objects.filter(user=owner).update(role=role)
    User.objects.filter(pk=owner.pk).update(is_active=is_active, is_superuser=is_superuser)
    assert (enter(clinic, code) is not None) is may


def test_a_text_is_recorded_so_often_and_each_take_has_a_secret_of_its_own(clinic: Business, owner: User) -> None:
    _begun, code = begin(clinic, owner)
    assert enter(clinic, code) is not None
    secrets, takes = set[str](), 1
    while True:
        with acting_for(clinic):
            row = Dictation.objects.get()
            Dictation.objects.update(state=DictationState.READY)
        secrets.add(dictations.secret_of(row))
        if not dictations.again(row):
            break
        takes += 1
    assert (takes, len(secrets)) == (dictations.MOST_TAKES, dictations.MOST_TAKES)


@pytest.mark.parametrize(
    ("age", "is_at_twilio", "is_removed"),
    [
        (timedelta(days=1), False, False),
        (timedelta(days=1) + SECOND, False, True),
        (timedelta(days=7), True, False),
        (timedelta(days=7) + SECOND, True, True),
    ],
)
def test_rows_are_removed_after_a_day_and_after_a_week_in_any_case(
    clinic: Business, owner: User, age: timedelta, is_at_twilio: bool, is_removed: bool
) -> None:
    begin(clinic, owner)
    with acting_for(clinic):
        Dictation.objects.update(created_at=NOW - age, is_at_twilio=is_at_twilio)
    assert dictations.remove_old(now=NOW) == int(is_removed)
