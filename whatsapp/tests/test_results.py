"""The result of a broadcast: why people were not reached, what to do, earlier ones, and the next one by one press."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from testing.broadcasts import addresses, make_broadcast
from whatsapp.audience.choice import Group
from whatsapp.audience.groups import people_of
from whatsapp.broadcasts.figures import Figure
from whatsapp.control import money
from whatsapp.control.results import result_of
from whatsapp.models import Broadcast, InboundMessage, MessageTemplate, Recipient, Sender
from whatsapp.tests.conftest import NOW

FATES: list[tuple[int, dict[str, Any]]] = [
    (2, {"status": "failed", "error_code": "131026", "error_class": "permanent", "error_text": "(#131026) No"}),
    (3, {"status": "failed", "error_code": "131049", "error_class": "deferred"}),
    (1, {"status": "expired"}),
    (2, {"status": "skipped", "skip_reason": "invalid_number"}),
    (4, {"status": "delivered", "accepted_at": NOW, "delivered_at": NOW}),
    (8, {"status": "read", "accepted_at": NOW, "delivered_at": NOW, "read_at": NOW}),
]  # fmt: skip


@pytest.fixture
def finished(sender: Sender, template: MessageTemplate) -> Broadcast:
    """A completed broadcast to 20 people, of whom three replied."""
    return finish(make_broadcast(sender, template, addresses(20), status="completed", started_at=NOW))


def finish(broadcast: Broadcast) -> Broadcast:
    rows = iter(Recipient.objects.filter(broadcast=broadcast).order_by("pk").values_list("pk", flat=True))
    for people, fields in FATES:
        Recipient.objects.filter(pk__in=[next(rows) for _each in range(people)]).update(**fields)
    for row in Recipient.objects.filter(broadcast=broadcast, status="read")[:3]:
        InboundMessage.objects.create(
            business=broadcast.business, sender=broadcast.sender, recipient=row, address=row.address or "",
            provider="cloud", provider_message_id=f"in-{row.pk}", kind="text", received_at=NOW,
        )  # fmt: skip
    return broadcast


def page(name: str, broadcast: Broadcast, query: str = "") -> str:
    return reverse(name, kwargs={"slug": "clinic", "broadcast_id": broadcast.pk}) + query


def listed(client: Client, broadcast: Broadcast, query: str) -> int:
    return len(client.get(page("broadcast-people", broadcast, f"?{query}")).context["listing"].rows)


def test_each_reason_says_in_plain_words_what_to_do_and_opens_its_people(staff: Client, finished: Broadcast) -> None:
    found = result_of(finished)
    assert [(each.people, each.words, each.advice) for each in found.shortfalls] == [
        (
            3,
            "Limited by Meta: this person is getting a lot of marketing at the moment.",
            "Retry after a day: until then WhatsApp refuses more marketing to this person.",
        ),
        (2, "Not a phone number", "Correct the numbers in the file."),
        (
            2,
            "Not reachable on WhatsApp: no account, an old version, or terms not accepted.",
            "Check the number, or reach them in another way.",
        ),
        (1, "Not delivered in time", "Their phones were off or without a network for long."),
    ]
    for each in found.shortfalls:
        assert listed(staff, finished, each.query) == each.people, each.query
    assert "#131026" not in staff.get(page("broadcast-result", finished)).content.decode()


def test_percentages_say_of_what(staff: Client, finished: Broadcast) -> None:
    shown = " ".join(staff.get(page("broadcast-result", finished)).content.decode().split())
    for words in ("66.7 % of “To reach”", "66.7 % of “Delivered”", "25.0 % of “Delivered”"):
        assert words in shown, words
    rows = staff.get(page("broadcast-result", finished)).context["rows"]
    assert {row.figure: row.people for row in rows}[Figure.TO_REACH] == 18
    for row in rows:
        assert listed(staff, finished, f"figure={row.figure.value}") == row.people


def test_earlier_ones_of_the_same_template_are_beside_it(
    staff: Client, sender: Sender, template: MessageTemplate, finished: Broadcast
) -> None:
    before = finish(make_broadcast(sender, template, addresses(20, start=50), status="completed", name="Before"))
    Broadcast.objects.filter(pk=before.pk).update(created_at=finished.created_at - timedelta(days=7))
    draft = make_broadcast(sender, template, addresses(1), status="draft", started_at=None)
    Broadcast.objects.filter(pk=draft.pk).update(created_at=finished.created_at - timedelta(days=1))
    (earlier,) = result_of(finished).earlier
    assert earlier.broadcast == before
    assert earlier.figures.delivered == pytest.approx(200 / 3)


@pytest.mark.parametrize("group", ["replied", "not_read", "not_reached"])
def test_one_press_makes_the_follow_up_as_a_draft(staff: Client, finished: Broadcast, group: str) -> None:
    (follow_up,) = [each for each in result_of(finished).follow_ups if each.group == group]
    assert listed(staff, finished, f"group={group}") == follow_up.people == {"replied": 3, "not_read": 4}.get(group, 4)
    answer = staff.post(page("broadcast-follow-up", finished), {"group": group})
    made = Broadcast.objects.exclude(pk=finished.pk).get()
    assert answer["Location"] == page("broadcast", made)
    assert (made.status, made.total, made.template_id) == ("draft", follow_up.people, finished.template_id)
    expected = people_of(finished, Group(group)).values_list("address", flat=True)
    assert set(made.recipients.values_list("address", flat=True)) == set(expected)


@pytest.mark.parametrize("group", ["", "everybody", "read"])
def test_no_other_group_becomes_a_draft(staff: Client, finished: Broadcast, group: str) -> None:
    staff.post(page("broadcast-follow-up", finished), {"group": group})
    assert Broadcast.objects.count() == 1


def test_a_group_without_people_is_refused(staff: Client, finished: Broadcast) -> None:
    InboundMessage.objects.all().delete()
    answer = staff.post(page("broadcast-follow-up", finished), {"group": "replied"}, follow=True)
    assert "Nobody in the earlier broadcast matches" in answer.content.decode()
    assert Broadcast.objects.count() == 1


def test_what_has_not_started_has_no_result(staff: Client, sender: Sender, template: MessageTemplate) -> None:
    draft = make_broadcast(sender, template, addresses(1), status="draft", started_at=None)
    assert staff.get(page("broadcast-result", draft))["Location"] == page("broadcast", draft)


def test_it_takes_few_queries(
    staff: Client, finished: Broadcast, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    Broadcast.objects.update(started_at=timezone.now())
    staff.get(page("broadcast-result", finished))  # the badges are counted once in a while
    with django_assert_max_num_queries(12):
        assert staff.get(page("broadcast-result", finished)).status_code == 200


def test_a_query_that_asks_for_nothing_known_shows_all(staff: Client, finished: Broadcast) -> None:
    assert listed(staff, finished, "status=odd&figure=odd&group=odd") == 20
    assert parse_qs(staff.get(page("broadcast-people", finished, "?error=131026")).context["export"]) == {
        "error": ["131026"]
    }


def test_the_plan_of_what_is_over_is_added_up_once(finished: Broadcast) -> None:
    Recipient.objects.update(cost_estimate=Decimal("0.5"))
    assert money.costs_kept(finished).plan == 10
    with CaptureQueriesContext(connection) as asked:
        assert money.costs_kept(finished).plan == 10
    assert not [each for each in asked if Recipient._meta.db_table in each["sql"]]
    Recipient.objects.update(cost_estimate=Decimal("0.25"))
    finished.epoch += 1
    assert money.costs_kept(finished).plan == 5, "it has run again meanwhile"
    finished.status = "running"
    Recipient.objects.update(cost_estimate=Decimal("0.1"))
    assert money.costs_kept(finished).plan == 2
