"""What was sent before costs were counted is counted when an installation is upgraded."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from importlib import import_module
from types import SimpleNamespace

from django.apps import apps
from django.db import connection

from businesses.models import Business
from testing.broadcasts import addresses, make_broadcast, make_sender, make_template
from whatsapp.models import MonthSpending, Recipient
from whatsapp.sending import spending
from whatsapp.tests.conftest import NOW


def upgrade() -> None:
    migration = import_module("whatsapp.migrations.0030_count_what_was_sent")
    migration.forwards(apps, SimpleNamespace(connection=connection))


def test_what_has_left_is_counted_once_in_its_broadcast_and_month(clinic: Business) -> None:
    sender = make_sender(clinic)
    broadcast = make_broadcast(sender, make_template(sender), addresses(6))
    Recipient.objects.update(cost_estimate=Decimal("0.02921"))
    sent, free, failed, last_month, waiting, unknown = Recipient.objects.order_by("pk")
    for row, status, at in (
        (sent, "delivered", NOW),
        (free, "read", NOW),
        (failed, "failed", NOW),
        (last_month, "accepted", NOW - timedelta(days=40)),
        (waiting, "pending", None),
        (unknown, "unknown", None),
    ):
        Recipient.objects.filter(pk=row.pk).update(status=status, accepted_at=at)
    Recipient.objects.filter(pk=free.pk).update(billable=False)
    for _again in range(2):
        upgrade()
        assert list(Recipient.objects.order_by("pk").values_list("cost_micros", flat=True)) == [
            29_210, 0, 0, 29_210, 0, 29_210,
        ]  # fmt: skip
        assert spending.spent_on(broadcast) == 3 * Decimal("0.02921")
        assert sorted(MonthSpending.objects.values_list("micros", flat=True)) == [29_210, 29_210]
