"""Mails about calls: whom, about what, when and in which language; each at most once, whoever dies with it."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse

from businesses.models import Business, Membership, Role, User
from businesses.tenancy import acting_for
from calls.conversation.end_reasons import EndReason
from calls.followups import news, todo
from calls.models import Call, CallOutcome, CallStatus, News, NewsChoice, NewsState, NewsWhen
from calls.tests.conftest import NOW, make_business

CALLER = "+972541234567"
LATER = NOW + timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _mail_works(settings: Any) -> None:
    settings.EMAIL_HOST = "mail.example"


@pytest.fixture
def clinic(db: None) -> Iterator[Business]:
    business = make_business(time_zone="Asia/Jerusalem")
    with acting_for(business):
        yield business


@pytest.fixture
def owner(clinic: Business) -> Membership:
    user = User.objects.create_user("owner@clinic.test", "pw")
    return Membership.objects.create(business=clinic, user=user, role=Role.OWNER)


def chosen(owner: Membership, when: NewsWhen, *, language: str = "en", at: datetime = NOW) -> NewsChoice:
    return news.choose(owner, mail=when, digest_hour=18, language=language, now=at)


def ended(business: Business, *, at: datetime = LATER, **values: Any) -> Call:
    known: dict[str, Any] = {
        "called_number": "+97231234567", "caller_number": CALLER, "started_at": at - timedelta(seconds=50),
        "ended_at": at, "status": CallStatus.ENDED, "outcome": CallOutcome.COMPLETED, "user_has_spoken": True,
        "end_reason": EndReason.CALLER_LEFT,
    }  # fmt: skip
    return Call.objects.create(business=business, twilio_call_sid=f"CA{uuid4().hex}", **(known | values))


def sweep(now: datetime = LATER + timedelta(seconds=5)) -> list[NewsState | None]:
    news.write_due(now=now)
    return [news.send(news_id, now=now) for news_id in news.due(now=now)]


def test_a_call_is_told_of_once_with_summary_and_message(clinic: Business, owner: Membership) -> None:
    chosen(owner, NewsWhen.AT_ONCE)
    call = ended(clinic, summary="Wants an appointment.")
    todo.take_message(
        clinic, call, who="Dana", about="The X-ray", call_back_at_words="after four", number="", now=LATER
    )
    assert sweep() == [NewsState.SENT]
    assert sweep() == []
    [letter] = mail.outbox
    assert letter.to == ["owner@clinic.test"]
    assert letter.subject == f"Dental Clinic: a message from {CALLER}"
    for part in ("Wants an appointment.", "Dana", "The X-ray", "after four", f"/calls/{call.pk}/"):
        assert part in letter.body


def test_wishes_and_what_is_left_to_do_are_told_once_each(clinic: Business, owner: Membership) -> None:
    chosen(owner, NewsWhen.AT_ONCE)
    left = [{"what": f"Send the {each}", "when": "today", "about": "other"} for each in ("invoice", "list")]
    call = ended(clinic, summary="Asks.", wishes="An invoice\nThe list", follow_ups=left, sentiment="unhappy")
    todo.add_follow_up(clinic, call, place=0, what="Send the invoice", when="today", who="", now=LATER)
    assert sweep() == [NewsState.SENT]
    [letter] = mail.outbox
    assert letter.subject == f"Dental Clinic: a call from {CALLER}"
    for part in ("The caller was unhappy.", "- An invoice\n- The list", "- Send the list (today)"):
        assert part in letter.body
    assert letter.body.count("Send the invoice") == 1


def test_it_waits_for_the_summary_but_not_for_long(clinic: Business, owner: Membership) -> None:
    chosen(owner, NewsWhen.AT_ONCE)
    ended(clinic, summary_due_at=LATER)
    assert sweep() == []
    assert sweep(LATER + news.SUMMARY_WITHIN) == [NewsState.SENT]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"outcome": CallOutcome.REFUSED, "user_has_spoken": False, "end_reason": EndReason.ALL_BUSY}, "missed"),
        ({"outcome": CallOutcome.FALLBACK, "user_has_spoken": False}, "missed"),
        ({"outcome": CallOutcome.TRANSFERRED}, "a call from"),
        ({"outcome": CallOutcome.ABANDONED, "user_has_spoken": False}, ""),
        ({"outcome": CallOutcome.REFUSED, "user_has_spoken": False, "end_reason": EndReason.BLOCKED}, ""),
        ({"caller_number": "browser"}, ""),
        ({"status": CallStatus.LIVE, "ended_at": None}, ""),
    ],
)
def test_only_calls_that_matter_are_told_of(
    clinic: Business, owner: Membership, values: dict[str, Any], words: str
) -> None:
    chosen(owner, NewsWhen.AT_ONCE)
    ended(clinic, **values)
    sweep()
    assert [words in letter.subject for letter in mail.outbox] == [True] * bool(words)


def test_who_chose_nothing_or_later_or_is_of_another_business_is_not_mailed(
    clinic: Business, owner: Membership
) -> None:
    ended(clinic)
    chosen(owner, NewsWhen.NEVER)
    assert sweep() == []
    chosen(owner, NewsWhen.AT_ONCE, at=LATER + timedelta(seconds=1))
    other = make_business()
    with acting_for(other):
        ended(other, at=LATER + timedelta(seconds=3))
    assert sweep() == []


def test_a_mail_is_in_the_readers_language_and_the_businesss_time(clinic: Business, owner: Membership) -> None:
    chosen(owner, NewsWhen.AT_ONCE, language="he")
    ended(clinic, outcome=CallOutcome.FALLBACK)
    sweep()
    assert "שיחה שלא נענתה" in mail.outbox[0].subject


def test_the_daily_mail_tells_of_the_calls_since_the_last_one(clinic: Business, owner: Membership) -> None:
    choice = chosen(owner, NewsWhen.DAILY)
    at = choice.next_digest_at
    assert at is not None
    assert (at.hour, at.minute) == (18, 0)
    ended(clinic)
    ended(clinic, at=LATER + timedelta(seconds=1), outcome=CallOutcome.FALLBACK)
    assert sweep() == []
    assert sweep(at) == [NewsState.SENT]
    assert sweep(at + timedelta(seconds=10)) == []
    [letter] = mail.outbox
    assert letter.subject == "Dental Clinic: 2 calls, missed: 1"
    assert sweep(at + timedelta(days=1)) == [NewsState.NOTHING], "a day without calls"
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("day", ["2026-03-27T10:00:00+00:00", "2026-10-24T10:00:00+00:00"])
def test_the_hour_holds_when_clocks_change(clinic: Business, owner: Membership, day: str) -> None:
    now = datetime.fromisoformat(day)
    for _day in range(3):
        now = news.next_digest(owner, 18, now)
        assert now.hour == 18
    assert news.next_digest(owner, 18, now) > now


def test_what_did_not_leave_is_tried_a_few_times(
    clinic: Business, owner: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen(owner, NewsWhen.AT_ONCE)
    ended(clinic)

    def refuse(*_: Any, **__: Any) -> None:
        raise ConnectionRefusedError

    with monkeypatch.context() as patched:
        patched.setattr(news, "send_mail", refuse)
        assert sweep() == [NewsState.WAITING]
        assert sweep() == []
    assert sweep(LATER + timedelta(minutes=5)) == [NewsState.SENT]
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("error", [TimeoutError(), smtplib.SMTPServerDisconnected("x")])
def test_what_may_have_left_is_not_sent_again(
    clinic: Business, owner: Membership, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    chosen(owner, NewsWhen.AT_ONCE)
    ended(clinic)

    def fail(*_: Any, **__: Any) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(news, "send_mail", fail)
        assert sweep() == [NewsState.UNKNOWN]
    assert sweep(LATER + timedelta(hours=1)) == []


def test_a_mail_whose_process_died_is_not_sent_again(clinic: Business, owner: Membership) -> None:
    chosen(owner, NewsWhen.AT_ONCE)
    ended(clinic)
    news.write_due(now=LATER)
    News.objects.update(state=NewsState.SENDING, attempts=1, due_at=LATER + timedelta(minutes=3))
    assert sweep(LATER + timedelta(minutes=4)) == []
    assert News.objects.get().state == NewsState.UNKNOWN
    assert mail.outbox == []


def test_two_workers_send_a_mail_once(clinic: Business, owner: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen(owner, NewsWhen.AT_ONCE)
    ended(clinic)
    news.write_due(now=LATER)
    [key] = news.due(now=LATER)
    asked: list[NewsState | None] = []
    monkeypatch.setattr(news, "send_mail", lambda *_: asked.append(news.send(key, now=LATER)))
    assert news.send(key, now=LATER) is NewsState.SENT
    assert asked == [None]


def test_nothing_is_written_where_no_mail_can_be_sent(clinic: Business, owner: Membership, settings: Any) -> None:
    settings.EMAIL_HOST, settings.DEBUG = "", False
    chosen(owner, NewsWhen.AT_ONCE)
    ended(clinic)
    assert sweep() == []


def test_a_member_chooses_on_the_page(clinic: Business, owner: Membership, client: Client) -> None:
    client.force_login(owner.user)
    page = reverse("news", args=[clinic.slug])
    assert "Mails to you" in client.get(page).content.decode()
    assert client.post(page, {"part": "mail", "mail": "daily", "digest_hour": "24"}).status_code == 422
    with time_machine.travel(NOW, tick=False):
        assert client.post(page, {"part": "mail", "mail": "daily", "digest_hour": "7"}).status_code == 302
    choice = NewsChoice.objects.get()
    assert (choice.mail, choice.digest_hour, choice.language) == ("daily", 7, "en")
    assert choice.next_digest_at is not None
