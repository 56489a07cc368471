"""Appointments enter a member's calendar by mail: what Gmail and Outlook act upon, and each change once at most."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage as Parsed
from email.parser import BytesParser
from email.policy import default
from typing import Any

import icalendar
import pytest
from django.core import mail

from businesses.calendar import booking, setting_up
from businesses.calendar.booking import Guest
from businesses.calendar.tests.conftest import NOW, Shop, local, make_shop
from businesses.ics import mailing
from businesses.membership import add_member
from businesses.models import Appointment, Calendar, CalendarMail, MailState, Membership, Role, User
from businesses.tenancy import acting_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(db: None, settings: Any) -> Iterator[Shop]:
    settings.EMAIL_HOST, settings.DEFAULT_FROM_EMAIL = "mail.example", "Frontdesk <desk@frontdesk.example>"
    made = make_shop()
    with acting_for(made.business):
        setting_up.mail_to(made.ann, member(made, "ann@barber.example"))
        yield made


def member(shop: Shop, address: str) -> Membership:
    user = User.objects.create_user(address, "pw")
    add_member(shop.business, user, Role.STAFF)
    return Membership.objects.get(user=user)


def book(shop: Shop, calendar: Calendar, name: str = "Dana") -> Appointment:
    guest = Guest(name, "+972501234567", "left side")
    return booking.book(shop.business, shop.cut, guest, start=local(10), now=NOW, calendar=calendar)


def work(at: datetime = NOW) -> list[MailState | None]:
    return [mailing.send(each, now=at) for each in mailing.due(now=at)]


def sent(number: int = -1) -> tuple[Parsed, Any, Any]:
    """Returns a mail as it goes over the wire, its part that calendars act upon, and the event in it."""
    parsed: Any = BytesParser(policy=default).parsebytes(mail.outbox[number].message().as_bytes())
    [part] = [each for each in parsed.walk() if each.get_content_type() == "text/calendar"]
    [attached] = parsed.iter_attachments()
    file = part.get_content()
    assert attached.get_content() == file.replace("\r\n", "\n").replace("\n", "\r\n").encode()
    calendar = icalendar.Calendar.from_ical(file)
    assert part.get_param("method") == calendar["METHOD"]
    assert part.get_content_charset() == "utf-8"
    return parsed, part, calendar.events[0]


def test_an_appointment_is_entered_moved_and_taken_out(shop: Shop) -> None:
    made = book(shop, shop.ann, "דנה\r\nBcc: x@evil.example")
    assert work() == [MailState.SENT]
    letter, part, entered = sent()
    assert (letter["To"], letter["Bcc"], part.get_param("method")) == ("ann@barber.example", None, "REQUEST")
    assert letter["Subject"].strip().startswith("Booked: דנה")
    assert entered["ORGANIZER"] == "mailto:desk@frontdesk.example"
    assert entered["ATTENDEE"] == "mailto:ann@barber.example"
    assert entered["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED"
    assert (entered.start, entered["SEQUENCE"]) == (local(10), 0)
    booking.move(made, start=local(14), now=NOW + timedelta(minutes=5))
    assert work(NOW + timedelta(minutes=5)) == [MailState.SENT]
    moved = sent()[2]
    assert (moved["UID"], moved.start, moved["SEQUENCE"]) == (entered["UID"], local(14), 300)
    booking.cancel(made, now=NOW + timedelta(minutes=6))
    assert work(NOW + timedelta(minutes=6)) == [MailState.SENT]
    _letter, part, gone = sent()
    assert (part.get_param("method"), gone["STATUS"], gone["UID"]) == ("CANCEL", "CANCELLED", entered["UID"])
    assert gone["SEQUENCE"] > moved["SEQUENCE"]


def test_moved_to_another_calendar_it_leaves_the_first(shop: Shop) -> None:
    setting_up.mail_to(shop.ben, member(shop, "ben@barber.example"))
    made = book(shop, shop.ann)
    work()
    booking.move(made, start=local(11), now=NOW, calendar=shop.ben)
    assert work() == [MailState.SENT] * 2
    told = {message.to[0]: sent(number)[1].get_param("method") for number, message in enumerate(mail.outbox) if number}
    assert told == {"ann@barber.example": "CANCEL", "ben@barber.example": "REQUEST"}


def test_one_member_of_two_calendars_keeps_one_event(shop: Shop) -> None:
    setting_up.mail_to(shop.ben, shop.ann.mailed)
    made = book(shop, shop.ann)
    work()
    booking.move(made, start=local(11), now=NOW, calendar=shop.ben)
    assert work() == [MailState.SENT]
    assert sent()[1].get_param("method") == "REQUEST"


def test_nobody_is_mailed_where_nobody_is_chosen_or_it_is_over_or_overtaken(shop: Shop) -> None:
    book(shop, shop.ben)
    booking.book(
        shop.business, shop.cut, Guest("Old"), start=local(10, day=22), now=NOW, calendar=shop.ann
    )  # a member writes down what was
    assert not CalendarMail.objects.exists()
    made = book(shop, shop.ann)
    booking.move(made, start=local(14), now=NOW)
    assert sorted(filter(None, work())) == [MailState.NOTHING, MailState.SENT]
    assert (len(mail.outbox), sent()[2].start) == (1, local(14))
    booking.cancel(made, now=NOW)
    Membership.objects.filter(user__email="ann@barber.example").delete()
    assert work() == [MailState.NOTHING]


def test_a_mail_is_never_sent_twice_and_one_that_did_not_leave_is_tried_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    book(shop, shop.ann)
    [key] = mailing.due(now=NOW)
    errors: list[Exception] = [smtplib.SMTPServerDisconnected("x"), ConnectionRefusedError()]

    def fail(_message: object) -> int:
        assert mailing.send(key, now=NOW) is None, "another process takes it meanwhile"
        raise errors.pop()

    monkeypatch.setattr(mail.EmailMultiAlternatives, "send", fail)
    assert mailing.send(key, now=NOW) == MailState.WAITING
    again = NOW + timedelta(minutes=1)
    assert mailing.due(now=again - timedelta(seconds=1)) == []
    assert mailing.send(key, now=again) == MailState.UNKNOWN
    assert mailing.due(now=again + timedelta(days=1)) == []


def test_a_process_that_dies_while_sending_leaves_it_unknown(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    book(shop, shop.ann)
    [key] = mailing.due(now=NOW)

    def die(_message: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(mail.EmailMultiAlternatives, "send", die)
    with pytest.raises(KeyboardInterrupt):
        mailing.send(key, now=NOW)
    assert mailing.due(now=NOW + timedelta(minutes=2)) == []
    assert CalendarMail.objects.get().state == MailState.SENDING
    assert mailing.due(now=NOW + timedelta(minutes=3)) == []
    assert CalendarMail.objects.get().state == MailState.UNKNOWN
