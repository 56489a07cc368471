"""Budgets of a broadcast and of a month: nothing is sent that would exceed them, and what costs nothing frees money."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from businesses.models import Business
from testing.broadcasts import addresses, make_broadcast
from testing.meta import ThreadedMeta
from whatsapp.broadcasts import lifecycle
from whatsapp.broadcasts.creation import set_budget
from whatsapp.broadcasts.reasons import why_it_stands
from whatsapp.conftest import Send, states
from whatsapp.models import (
    Broadcast,
    BroadcastSpending,
    MessageTemplate,
    MessagingSettings,
    MonthSpending,
    Recipient,
    Sender,
)
from whatsapp.providers.sandbox.script import Action, refuse
from whatsapp.sending import agenda, refunds, spending
from whatsapp.sending.costs import COSTING, from_micros, micros, rates_at
from whatsapp.sending.spending import Budget
from whatsapp.sending.waves import Dispatch, Rest, Wave, depart_wave
from whatsapp.states import PauseReason

PRICE = Decimal("0.0292")
"""Of a marketing message to Israel."""


@pytest.fixture
def budgeted(sender: Sender, template: MessageTemplate) -> Broadcast:
    """A broadcast to 20 people in Israel that may cost as much as 8 of them."""
    broadcast = make_broadcast(sender, template, addresses(20), budget=Decimal("0.24"))
    Recipient.objects.update(country="IL", cost_estimate=PRICE)
    return broadcast


def counted(broadcast: Broadcast) -> tuple[Decimal, Decimal]:
    """Returns the sums of the broadcast and of the month."""
    now = timezone.now()
    return spending.spent_on(broadcast), spending.spent_in_month(broadcast.business, now)


def of_rows(broadcast: Broadcast) -> Decimal:
    rows = Recipient.objects.filter(broadcast=broadcast).values_list("cost_micros", flat=True)
    return from_micros(sum(rows))


def test_it_pauses_before_it_costs_more_than_its_budget(budgeted: Broadcast, send: Send, meta: ThreadedMeta) -> None:
    assert rates_at(timezone.now()).price("IL", "MARKETING") == PRICE
    send()
    assert len(meta.posts) == 8
    budgeted.refresh_from_db()
    assert (budgeted.status, budgeted.pause_reason, budgeted.resume_at) == ("paused", "budget", None)
    assert "cost 0.23 of the 0.24 EUR" in why_it_stands(budgeted)
    assert states(budgeted) == {"accepted": 8, "pending": 12}
    assert counted(budgeted) == (8 * PRICE, 8 * PRICE)


def test_with_a_higher_budget_it_goes_on(budgeted: Broadcast, send: Send, meta: ThreadedMeta) -> None:
    send()
    set_budget(budgeted, Decimal("0.5841"))
    lifecycle.resume(budgeted, now=timezone.now())
    send()
    budgeted.refresh_from_db()
    assert budgeted.budget == Decimal("0.58")
    assert len(meta.posts) == 19
    set_budget(budgeted, Decimal("0.59"))
    lifecycle.resume(budgeted, now=timezone.now())
    send()
    budgeted.refresh_from_db()
    assert (len(meta.posts), budgeted.status) == (20, "completed")


def test_what_is_refused_frees_its_money(budgeted: Broadcast, send: Send, meta: ThreadedMeta) -> None:
    gone = set(addresses(5))
    meta.script = lambda address, _nth: refuse(131026) if address in gone else Action()
    send()
    budgeted.refresh_from_db()
    assert states(budgeted) == {"failed": 5, "accepted": 8, "pending": 7}
    assert budgeted.pause_reason == PauseReason.BUDGET
    refunds.refund_all(timezone.now())
    assert counted(budgeted) == (8 * PRICE, 8 * PRICE)


def depart_all(broadcast: Broadcast, now: datetime) -> int:
    """Let waves leave until nothing may, each accepted at once. Returns the number of messages."""
    dispatch, left = Dispatch(broadcast.pk, broadcast.business), 0
    while isinstance(step := depart_wave(dispatch, now), Wave):
        left += len(step.departures)
        Recipient.objects.filter(status="sending").update(status="accepted", accepted_at=now)
    return left


def test_a_budget_of_the_month_pauses_until_the_next(
    acme: Business, sender: Sender, template: MessageTemplate, meta: ThreadedMeta
) -> None:
    MessagingSettings.objects.create(business=acme, monthly_budget=Decimal("0.15"))
    now = datetime(2026, 12, 31, 12, tzinfo=UTC)
    first = make_broadcast(sender, template, addresses(3))
    second = make_broadcast(sender, template, addresses(20)[3:])
    Recipient.objects.update(country="IL")
    assert (depart_all(first, now), depart_all(second, now)) == (3, 2)
    second.refresh_from_db()
    assert second.pause_reason == PauseReason.MONTH_BUDGET
    assert second.resume_at == datetime(2026, 12, 31, 22, tzinfo=UTC)
    assert spending.spent_on(first) + spending.spent_on(second) == 5 * PRICE
    assert spending.spent_in_month(acme, now) == 5 * PRICE
    next_month = second.resume_at + timedelta(minutes=1)
    agenda.tend(next_month)
    second.refresh_from_db()
    assert second.status == "running"
    assert spending.spent_in_month(acme, next_month) == 0
    assert depart_all(second, next_month) == 5


def test_two_processes_share_a_budget(budgeted: Broadcast, meta: ThreadedMeta) -> None:
    now = datetime.now(UTC)
    Sender.objects.update(max_mps=10)  # one message in a wave, three claimed at a time
    processes = [Dispatch(budgeted.pk, budgeted.business) for _ in range(3)]
    left: list[int] = []
    for turn in range(2_000):  # slots come in time, so most turns only wait
        step = depart_wave(processes[turn % 3], now + timedelta(seconds=turn / 2))
        if isinstance(step, Wave):
            left += [departure.row.id for departure in step.departures]
        elif isinstance(step, Rest):
            time.sleep(0.005)  # by Redis' clock slots come in real time
        if len(left) >= 8:
            break
    for process in processes:
        assert not isinstance(depart_wave(process, now + timedelta(hours=1)), Wave)
    assert len(left) == len(set(left)) == 8
    assert counted(budgeted)[0] == of_rows(budgeted) == 8 * PRICE


def test_a_process_that_read_too_early_does_not_exceed_it(
    budgeted: Broadcast, meta: ThreadedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other process takes the last of the budget after this one has asked how much is left."""
    stale = [Budget(PauseReason.BUDGET, micros(Decimal("0.24")), 0)]
    dispatch = Dispatch(budgeted.pk, budgeted.business)
    BroadcastSpending.objects.create(business=budgeted.business, broadcast=budgeted, micros=micros(Decimal("0.22")))
    real, asked = spending.budgets, []

    def budgets(*args: object) -> list[Budget]:
        asked.append(1)
        return stale if len(asked) == 1 else real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(spending, "budgets", budgets)
    assert isinstance(depart_wave(dispatch, datetime.now(UTC)), Rest)
    assert states(budgeted) == {"pending": 20}
    assert spending.spent_on(budgeted) == Decimal("0.22")


def test_a_wave_reads_the_settings_of_its_business_once(budgeted: Broadcast, meta: ThreadedMeta) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert isinstance(depart_wave(Dispatch(budgeted.pk, budgeted.business), datetime.now(UTC)), Wave)
    settings = [query for query in asked if f'FROM "{MessagingSettings._meta.db_table}"' in query["sql"]]
    assert len(settings) == 1


def test_nothing_is_counted_twice_for_a_message_that_is_tried_again(
    budgeted: Broadcast, send: Send, meta: ThreadedMeta
) -> None:
    budgeted.budget = None
    budgeted.save()
    meta.script = lambda _address, nth: refuse(130429, 429) if nth == 1 else Action()
    send(run_for_s=30.0)
    refunds.refund_all(timezone.now())
    taken = Recipient.objects.filter(broadcast=budgeted, status__in=COSTING).count()
    assert taken
    assert counted(budgeted)[0] == of_rows(budgeted) == taken * PRICE


def test_what_left_last_month_is_taken_off_that_month(budgeted: Broadcast, acme: Business, meta: ThreadedMeta) -> None:
    october = datetime(2026, 10, 31, 12, tzinfo=UTC)
    assert depart_all(budgeted, october) == 8
    assert spending.spent_in_month(acme, october) == 8 * PRICE
    Recipient.objects.filter(status="accepted").update(status="expired")
    refunds.refund_all(datetime(2026, 11, 30, tzinfo=UTC))
    assert list(MonthSpending.objects.values_list("month", "micros")) == [(date(2026, 10, 1), 0)]
    assert spending.spent_on(budgeted) == 0


@pytest.mark.once
@given(
    prices=st.lists(st.decimals("0", "0.2", places=4), max_size=30),
    limits=st.lists(st.tuples(st.integers(0, 2_000_000), st.integers(0, 2_000_000)), max_size=2),
)
def test_what_is_affordable_fits_and_one_more_does_not(prices: list[Decimal], limits: list[tuple[int, int]]) -> None:
    budgets = [Budget(PauseReason.BUDGET, limit, used) for limit, used in limits]
    number = spending.affordable(prices, budgets)
    left = min((budget.left for budget in budgets), default=None)
    if left is None:
        assert number == len(prices)
        return
    assert sum(map(micros, prices[:number])) <= left
    assert number == len(prices) or sum(map(micros, prices[: number + 1])) > left
