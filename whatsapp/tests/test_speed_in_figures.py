"""How fast a broadcast is sent: what commands print, and what its page shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from whatsapp.broadcasts import course
from whatsapp.broadcasts.counts import counts_of
from whatsapp.control.reports import status_report
from whatsapp.models import Broadcast, Recipient
from whatsapp.pages.figures import SendingProgress, progress_of

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def accept(broadcast: Broadcast, *ages_s: float) -> None:
    """Record this many messages as accepted, this many seconds ago."""
    keys = Recipient.objects.filter(broadcast=broadcast, accepted_at=None).order_by("pk").values_list("pk", flat=True)
    for key, age_s in zip(list(keys), ages_s, strict=False):
        Recipient.objects.filter(pk=key).update(status="accepted", accepted_at=NOW - timedelta(seconds=age_s))


def printed(broadcast: Broadcast) -> float | None:
    broadcast.refresh_from_db()
    pace: float | None = status_report(broadcast, now=NOW)["messages_per_second"]
    return pace


def test_commands_print_the_pace_since_the_start(broadcast: Broadcast) -> None:
    Broadcast.objects.update(started_at=NOW - timedelta(seconds=8))
    assert printed(broadcast) is None
    accept(broadcast, 6, 3, 1)
    assert printed(broadcast) == round(3 / 8, 2)


def test_commands_print_the_pace_until_the_end(broadcast: Broadcast) -> None:
    Broadcast.objects.update(started_at=NOW - timedelta(hours=2), completed_at=NOW - timedelta(hours=2, seconds=-5))
    accept(broadcast, *[7_198.0] * 20)
    assert printed(broadcast) == 4.0


@pytest.mark.parametrize("started_at", [None, NOW, NOW + timedelta(minutes=1)])
def test_a_pace_needs_a_start_and_counts_a_second_at_least(broadcast: Broadcast, started_at: datetime | None) -> None:
    Broadcast.objects.update(started_at=started_at)
    accept(broadcast, 0, 0)
    assert printed(broadcast) == (None if started_at is None else 2.0)


def shown(broadcast: Broadcast) -> SendingProgress:
    counts = counts_of(broadcast.pk)
    return progress_of(broadcast, counts, course.of(broadcast, NOW), now=NOW)


def test_the_page_shows_the_rate_of_the_last_minute_and_when_the_rest_is_sent(broadcast: Broadcast) -> None:
    broadcast.started_at = NOW - timedelta(minutes=5)
    broadcast.save()
    accept(broadcast, 300, 61, 60, 16, 10, 2, 1)
    found = shown(broadcast)
    assert (found.to_send, found.per_second) == (13, 5 / 60)
    assert found.expected_end == NOW + timedelta(seconds=13 / (5 / 60))


def test_after_hours_it_is_the_rate_of_a_longer_step(broadcast: Broadcast) -> None:
    broadcast.started_at = NOW - timedelta(hours=8, minutes=2)
    broadcast.save()
    accept(broadcast, 1_200, 200, 119, 61, 2)
    assert shown(broadcast).per_second == 3 / 120, "since the last full quarter of an hour"


def test_a_rate_counts_a_second_at_least(broadcast: Broadcast) -> None:
    broadcast.started_at = NOW
    broadcast.save()
    accept(broadcast, 0.2, 0.1, 0)
    assert shown(broadcast).per_second == 3.0
