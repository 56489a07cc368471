"""Mails that enter appointments into a member's own calendar: each change at most once, and never an old one last.

The rows are the queue (`businesses/calendar/mails.py` writes them). A mail is claimed and committed before it is handed
to the mail server, since nothing can take it back: a process that dies in between leaves `SENDING`, which becomes
`UNKNOWN` and is not repeated. What certainly did not leave is tried again a few times. A mail that a later change of
the same calendar has overtaken is not sent.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from businesses.ics.feeds import event_of
from businesses.ics.writing import Method, People, calendar_file
from businesses.mail import NOT_SENT, can_mail, defused
from businesses.models import Appointment, CalendarMail, MailAbout, MailState
from businesses.tenancy import across_businesses, acting_for

logger = logging.getLogger(__name__)

MAX_ATTEMPTS: Final = 5
MOST: Final = 50
_LEASE: Final = timedelta(minutes=3)  # longer than the mail server's time-out
_FIRST_RETRY: Final = timedelta(minutes=1)


def due(*, now: datetime) -> list[UUID]:
    """Returns the mails of every business that wait; those of a dead process become unknown."""
    if not can_mail():
        return []
    with across_businesses():  # the workers serve the whole installation; each mail is then handled for its business
        due_rows(now).filter(state=MailState.SENDING).update(state=MailState.UNKNOWN, due_at=None)
        waiting = due_rows(now).filter(state=MailState.WAITING)
        return list(waiting.order_by("due_at", "version").values_list("pk", flat=True)[:MOST])


def due_rows(now: datetime) -> QuerySet[CalendarMail]:
    """Returns the mails that wait, and those of a dead process. Expects the businesses to be set."""
    return CalendarMail.objects.filter(state__in=(MailState.SENDING, MailState.WAITING), due_at__lte=now)


def send(mail_id: UUID, *, now: datetime) -> MailState | None:
    """Send one mail. Returns what became of it; None if another process has it."""
    with across_businesses():  # only the row knows its business; all that follows acts for that one
        rows = CalendarMail.objects.select_related(
            "business",
            "calendar__mailed__user",
            *(f"appointment__{name}" for name in ("business", "calendar", "service")),
        )
        found = rows.filter(pk=mail_id).first()
    if found is None:
        return None
    with acting_for(found.business):
        claimed = CalendarMail.objects.filter(
            pk=found.pk, state=MailState.WAITING, attempts=found.attempts, due_at__lte=now
        )
        if not claimed.update(state=MailState.SENDING, attempts=found.attempts + 1, due_at=now + _LEASE):
            return None
        state, again_at = _post(found, now)
        mine = CalendarMail.objects.filter(pk=found.pk, state=MailState.SENDING, attempts=found.attempts + 1)
        mine.update(state=state, due_at=again_at)
    return state


def letter(mail: CalendarMail, to: str) -> EmailMultiAlternatives:
    """Returns the mail: words for people, and the file twice, as Google itself does.

    Outlook and Gmail act upon the part `text/calendar` with its method; others show the attached file. They enter the
    event without asking, since the person has accepted it already, and so send no answers to an address nobody reads.
    """
    appointment, is_gone = mail.appointment, mail.about in {MailAbout.GONE, MailAbout.ELSEWHERE}
    method = Method.CANCEL if is_gone else Method.REQUEST
    people = People(parseaddr(settings.DEFAULT_FROM_EMAIL)[1], to, defused(mail.business.name))
    file = calendar_file([event_of(appointment)], method=method, people=people)
    message = EmailMultiAlternatives(_subject(mail), _body(appointment), None, [to])
    message.attach_alternative(file.decode(), f"text/calendar; method={method.value}")
    message.attach("cancel.ics" if is_gone else "invite.ics", file, "application/ics")
    return message


def _post(mail: CalendarMail, now: datetime) -> tuple[MailState, datetime | None]:
    """Hand a claimed mail to the mail server. Returns its new state, and when it is tried again."""
    member, appointment = mail.calendar.mailed, mail.appointment
    later = CalendarMail.objects.filter(
        business=mail.business, calendar=mail.calendar, appointment=appointment, version__gt=mail.version
    )
    if member is None or not member.user.is_active or appointment.ends_at <= now or later.exists():
        return MailState.NOTHING, None
    with translation.override(mail.business.language), timezone.override(ZoneInfo(mail.business.time_zone)):
        message = letter(mail, member.user.email)
    try:
        message.send()
    except NOT_SENT as error:
        what = type(error).__name__  # its text may hold the address
        logger.warning("mail %s of a calendar was not sent, attempt %d: %s", mail.pk, mail.attempts + 1, what)
        if mail.attempts + 1 >= MAX_ATTEMPTS:
            return MailState.FAILED, None
        return MailState.WAITING, now + _FIRST_RETRY * (1 << mail.attempts)
    except OSError as error:  # a time-out, a broken connection: it may have left
        logger.warning("mail %s of a calendar may not have been sent: %s", mail.pk, type(error).__name__)
        return MailState.UNKNOWN, None
    return MailState.SENT, None


def _subject(mail: CalendarMail) -> str:
    appointment = mail.appointment
    words = {
        "what": mail.get_about_display(),
        "who": defused(appointment.name) or appointment.service.name,
        "when": date_format(timezone.localtime(appointment.starts_at), "SHORT_DATETIME_FORMAT"),
    }
    return " ".join((_("%(what)s: %(who)s, %(when)s") % words).split())[:150]


def _body(appointment: Appointment) -> str:
    event = event_of(appointment)
    at = date_format(timezone.localtime(appointment.starts_at), "SHORT_DATETIME_FORMAT")
    lines = [f"{at} · {appointment.service.name} · {appointment.calendar.name}"]
    lines += [line for line in (appointment.name, event.description) if line]
    lines += ["", event.url, "", _("Owners choose who gets these mails, on the calendar's page.")]
    return "\n".join(lines)
