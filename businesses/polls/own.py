"""What is looked for in the tables of this app."""

from __future__ import annotations

from businesses.calendar import reminders
from businesses.hooks import sending
from businesses.ics import fetching, mailing
from businesses.keeping import erasing
from businesses.mail import can_mail
from businesses.polls import table
from businesses.polls.table import Pace


def register() -> None:
    """Register every question."""
    table.register("businesses.tasks.send_webhooks", Pace.OFTEN, sending.due_rows)
    table.register("businesses.tasks.mail_calendars", Pace.OFTEN, mailing.due_rows, when=can_mail)
    table.register("businesses.tasks.fetch_calendars", Pace.CALMLY, fetching.due_rows)
    table.register("businesses.tasks.send_reminders", Pace.CALMLY, reminders.upcoming)
    table.register("businesses.tasks.erase_waiting", Pace.SELDOM, lambda _now: erasing.unfinished())
