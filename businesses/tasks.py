"""Background work of the installation."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from celery import current_app, shared_task
from django.core.management import call_command
from django.utils import timezone
from kombu.exceptions import OperationalError

from businesses import heartbeats
from businesses.calendar import reminders
from businesses.hooks import sending
from businesses.ics import fetching, mailing
from businesses.keeping import erasing, retention
from businesses.polls import table
from businesses.polls.table import Pace
from businesses.signing_in.kept_secrets import encrypt_plain_second_factors
from businesses.signing_in.sessions import forget_dead_sessions

logger = logging.getLogger(__name__)

SHIFT_S = 20.0
"""How long one task erases, or sends, before it makes room for others."""


@shared_task
def heartbeat(*, by_beat: bool) -> None:
    """Write down that a worker runs; `by_beat`: the schedule sent this, and no stand-in."""
    heartbeats.note(by_beat=by_beat)


@shared_task
def look_for_work(pace: int) -> None:
    """Send every task of this pace that has something to do."""
    for task in table.due(Pace(pace), timezone.now()):
        current_app.send_task(task, expires=float(pace), ignore_result=True)


@shared_task
def clear_sessions() -> None:
    """Delete expired sign-ins, also from people's lists of them."""
    call_command("clearsessions")
    forget_dead_sessions()


@shared_task
def encrypt_second_factors() -> None:
    """Encrypt second factors that an earlier release stored in the clear; afterwards there are none."""
    encrypt_plain_second_factors()


@shared_task
def keep_days() -> None:
    """Remove what is older than its business keeps it. Safe to kill at any moment, and to run twice."""
    retention.sweep(now=timezone.now())


@shared_task
def erase_waiting() -> None:
    """Continue every request to erase a person: large ones, those that had to wait, those whose worker was killed."""
    for business, erasure_id in erasing.waiting():
        erasing.work(business, erasure_id, clock=timezone.now, keep_going=for_seconds(SHIFT_S))


@shared_task
def send_webhooks() -> None:
    """Tell the businesses' own systems what has happened, and repeat what was not accepted."""
    sending.send_due(clock=timezone.now, keep_going=for_seconds(SHIFT_S))


@shared_task
def send_reminders() -> None:
    """Remind people of their appointments, for businesses that want it. Safe to kill at any moment."""
    for wanted in reminders.due(now=timezone.now()):
        reminders.remind(wanted, now=timezone.now())


@shared_task
def fetch_calendars() -> None:
    """Read when calendars are busy elsewhere, from the addresses that businesses have entered."""
    fetching.fetch_due(clock=timezone.now, keep_going=for_seconds(SHIFT_S))


@shared_task
def mail_calendars() -> None:
    """Mail appointments to the members whose calendars they are in."""
    for mail_id in mailing.due(now=timezone.now()):
        mailing.send(mail_id, now=timezone.now())


def for_seconds(seconds: float) -> Callable[[], bool]:
    """Returns a function that is true for so many seconds from now."""
    ends_at = time.monotonic() + seconds
    return lambda: time.monotonic() < ends_at


def ring() -> None:
    """Wake a worker for an erasure. Without a reachable broker the schedule finds it within a minute."""
    try:
        erase_waiting.apply_async(retry=False)
    except OperationalError as error:
        logger.warning("no worker was woken for an erasure, the schedule will find it: %s", error)


def ring_for_calendars() -> None:
    """Wake a worker for an address that was just entered. Without a reachable broker the schedule finds it."""
    try:
        fetch_calendars.apply_async(retry=False)
    except OperationalError as error:
        logger.warning("no worker was woken for a calendar, the schedule will find it: %s", error)


def ring_for_webhooks() -> None:
    """Wake a worker for a message that somebody waits for. Without a reachable broker the schedule finds it."""
    try:
        send_webhooks.apply_async(retry=False)
    except OperationalError as error:
        logger.warning("no worker was woken for a webhook, the schedule will find it: %s", error)
