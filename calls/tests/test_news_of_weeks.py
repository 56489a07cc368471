"""Mails about weeks that fell below their promise: to owners who have chosen mails, once a week at most."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from django.core import mail

from businesses.models import Business, Membership, Role, User
from calls.models import NewsState, NewsWhen, WeekOfCalls
from calls.tests.test_news import _mail_works, chosen, clinic, owner, sweep

__all__ = ["_mail_works", "clinic", "owner"]

TUESDAY = datetime(2026, 12, 1, 12, tzinfo=UTC)


def week(business: Business, monday: date, *, is_below: bool = True) -> WeekOfCalls:
    return WeekOfCalls.objects.create(
        business=business, monday=monday, calls=3, greetings=3, greetings_heard=2 if is_below else 3, is_below=is_below
    )


def test_owners_with_mails_are_told_once_of_a_week_that_fell_short(clinic: Business, owner: Membership) -> None:
    user = User.objects.create_user("staff@clinic.test", "pw")
    chosen(Membership.objects.create(business=clinic, user=user, role=Role.STAFF), NewsWhen.AT_ONCE)
    chosen(owner, NewsWhen.AT_ONCE, at=TUESDAY)
    week(clinic, date(2026, 11, 23))
    week(clinic, date(2026, 11, 30))  # is not over
    monday = datetime(2026, 11, 30, 15, 30, tzinfo=UTC)
    assert sweep(monday) == [], "17:30 in Jerusalem, and mails are sent at 18"
    assert sweep(monday + timedelta(hours=1)) == [NewsState.SENT]
    for days in (0, 1, 4):
        assert sweep(TUESDAY + timedelta(days=days)) == [], "once"
    (letter,) = mail.outbox
    assert letter.to == ["owner@clinic.test"]
    assert "in the week of 23 Nov 2026 callers were served less well" in letter.subject
    assert "• not every caller heard the greeting whole" in letter.body
    assert f"/b/{clinic.slug}/figures/" in letter.body


def test_nobody_is_told_of_a_week_that_kept_its_promise_or_who_wants_no_mails(
    clinic: Business, owner: Membership
) -> None:
    chosen(owner, NewsWhen.NEVER)
    week(clinic, date(2026, 11, 23))
    assert sweep(TUESDAY) == []
    chosen(owner, NewsWhen.AT_ONCE)
    WeekOfCalls.objects.update(is_below=False)
    assert sweep(TUESDAY) == []
