"""What is looked for in the tables of messages: a loop that finds nothing to do costs as much as many questions."""

from __future__ import annotations

from businesses.polls import table
from businesses.polls.table import Pace
from whatsapp import doorbell
from whatsapp.importing import imports
from whatsapp.media import claims
from whatsapp.numbers import refreshing
from whatsapp.running import sandbox_reports
from whatsapp.sending import agenda, direct, evidence, refunds, sweeper
from whatsapp.series import occurring
from whatsapp.webhooks import applying, confirming


def register() -> None:
    """Register every question."""
    table.register(
        doorbell.TASK,
        Pace.OFTEN,
        agenda.due_rows,
        lambda _now: sweeper.in_flight(),
        direct.due_rows,
        direct.lost,
        confirming.unconfirmed_rows,
        sandbox_reports.broadcasts_to_report,
        sandbox_reports.senders_to_report,
    )
    table.register(
        doorbell.TASK,
        Pace.CALMLY,
        lambda _now: evidence.in_doubt(),
        lambda _now: refunds.recipients_due(),
        lambda _now: refunds.letters_due(),
    )
    table.register(doorbell.TASK, Pace.SELDOM, sweeper.to_settle)
    table.register("whatsapp.tasks.apply_webhooks", Pace.OFTEN, applying.due_rows)
    table.register("whatsapp.tasks.ring_for_imports", Pace.OFTEN, imports.without_reader)
    table.register("whatsapp.tasks.fetch_media", Pace.OFTEN, claims.due_rows)
    table.register("whatsapp.tasks.make_occurrences", Pace.CALMLY, occurring.due_rows)
    table.register("whatsapp.tasks.refresh_templates", Pace.SELDOM, refreshing.due_rows)
