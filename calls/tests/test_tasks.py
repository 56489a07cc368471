"""Tasks: what a message becomes, the list, giving, finishing once, and taking that back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from businesses.models import Business, Membership, Role, User, WebhookDelivery, WebhookEndpoint
from businesses.tenancy import acting_for
from calls.followups import todo
from calls.models import Call, Task, TaskKind, TaskState

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
CALLER = "+972541234567"
MESSAGE = {"who": "Dana", "about": "The X-ray", "call_back_at_words": "", "number": ""}


@pytest.fixture
def clinic(db: None) -> Iterator[Business]:
    business = Business.objects.create(name="Clinic", slug="clinic", time_zone="Asia/Jerusalem", local_country="IL")
    cache.clear()
    with acting_for(business):
        yield business


@pytest.fixture
def call(clinic: Business) -> Call:
    return make_call(clinic)


def make_call(business: Business, **values: Any) -> Call:
    known = {"called_number": "+97231234567", "caller_number": CALLER, "started_at": NOW}
    return Call.objects.create(
        business=business, twilio_call_sid=f"CA{business.slug}{Call.objects.count()}", **(known | values)
    )


@pytest.fixture
def member(clinic: Business) -> Membership:
    user = User.objects.create_user("noa@clinic.test", "pw", first_name="Noa")
    return Membership.objects.create(business=clinic, user=user, role=Role.STAFF)


@pytest.fixture
def page(member: Membership, client: Client) -> Client:
    client.force_login(member.user)
    return client


def address(name: str, task: Task | None = None) -> str:
    return reverse(name, args=["clinic", *([task.pk] if task else [])])


def test_a_message_becomes_a_task_with_the_callers_own_number(clinic: Business, call: Call) -> None:
    task = todo.take_message(clinic, call, **MESSAGE, now=NOW)
    assert (task.kind, task.state, task.number) == (TaskKind.MESSAGE, TaskState.OPEN, CALLER)
    assert (task.who, task.about, task.call_id, task.created_at) == ("Dana", "The X-ray", call.pk, NOW)


def test_who_wants_to_be_called_back_is_called_at_the_number_they_said(clinic: Business, call: Call) -> None:
    said = MESSAGE | {"call_back_at_words": "tomorrow  after four", "number": "052-555-0000"}
    task = todo.take_message(clinic, call, **said, now=NOW)
    assert (task.kind, task.number, task.when) == (TaskKind.CALL_BACK, "+972525550000", "tomorrow after four")


def test_a_number_that_cannot_be_read_is_kept_as_it_was_said(clinic: Business, call: Call) -> None:
    assert todo.take_message(clinic, call, **(MESSAGE | {"number": "ext. 12"}), now=NOW).number == "ext. 12"


def test_the_businesss_own_systems_are_told_of_a_message(clinic: Business, call: Call) -> None:
    endpoint = WebhookEndpoint.objects.create(
        business=clinic, url="https://example.com/", kinds=["message.taken"], is_on=True, created_at=NOW
    )
    task = todo.take_message(clinic, call, **MESSAGE, now=NOW)
    told = json.loads(WebhookDelivery.objects.get(endpoint=endpoint).body)
    assert told["data"] == {
        "id": str(task.pk), "call": str(call.pk), "kind": "message", "who": "Dana", "number": CALLER,
        "about": "The X-ray", "when": "",
    }  # fmt: skip
    with transaction.atomic():
        todo.take_message(clinic, call, **MESSAGE, now=NOW)
        transaction.set_rollback(True)
    assert (Task.objects.count(), WebhookDelivery.objects.count()) == (1, 1)


@pytest.mark.parametrize("caller", ["", "browser", "anonymous"])
def test_a_withheld_number_is_no_number(clinic: Business, caller: str) -> None:
    call = make_call(clinic, caller_number=caller)
    assert todo.take_message(clinic, call, **MESSAGE, now=NOW).number == ""
    assert todo.take_message(clinic, None, **MESSAGE, now=NOW).number == ""


class AnyWords(TestCase):
    """Whatever the model says for a caller is kept, cut to what a row holds."""

    @given(words=st.text(max_size=1_500))
    def test_any_words_are_kept(self, words: str) -> None:
        business = Business.objects.create(name="Clinic", slug="clinic", time_zone="Asia/Jerusalem")
        with acting_for(business):
            task = todo.take_message(
                business, None, who=words, about=words, call_back_at_words=words, number=words, now=NOW
            )
            task.refresh_from_db()
        assert task.about == words.replace("\0", "").strip()[: todo.LONGEST_TEXT]
        assert words.replace("\0", "").split()[:1] == task.who.split()[:1] or len(task.who) == todo.LONGEST_NAME


def test_the_list_shows_what_is_open_and_what_is_due_first(clinic: Business, call: Call, page: Client) -> None:
    todo.take_message(clinic, call, **(MESSAGE | {"who": "Oldest"}), now=NOW - timedelta(days=1))
    due = todo.take_message(clinic, call, **(MESSAGE | {"who": "With a time"}), now=NOW)
    todo.give(due, None, NOW + timedelta(hours=1))
    finished = todo.take_message(clinic, call, **(MESSAGE | {"who": "Finished"}), now=NOW)
    todo.finish(finished, by=User.objects.get(), now=NOW)
    shown = page.get(address("tasks")).content.decode()
    assert shown.index("With a time") < shown.index("Oldest")
    assert "Finished" not in shown
    assert "Finished" in page.get(address("tasks"), {"state": "done"}).content.decode()
    assert "2 <" in shown.split("/tasks/", 1)[1][:300], "the number of open tasks in the navigation"


def test_the_list_is_filtered(clinic: Business, call: Call, member: Membership, page: Client) -> None:
    mine = todo.take_message(clinic, call, **(MESSAGE | {"who": "For Noa"}), now=NOW)
    todo.give(mine, member, None)
    todo.take_message(clinic, call, **(MESSAGE | {"who": "Free", "call_back_at_words": "today"}), now=NOW)
    for query, expected in (
        ({"whose": "mine"}, {"For Noa"}),
        ({"whose": "nobody"}, {"Free"}),
        ({"kind": "call_back"}, {"Free"}),
        ({"state": "all"}, {"Free", "For Noa"}),
    ):
        shown = page.get(address("tasks"), query).content.decode()
        assert {name for name in ("For Noa", "Free") if name in shown} == expected, query
    assert page.get(address("tasks"), {"kind": "nonsense"}).status_code == 422


def test_nothing_to_do(clinic: Business, page: Client) -> None:
    assert "Nothing to do" in page.get(address("tasks")).content.decode()


def test_a_task_is_done_once_and_can_be_taken_back(
    clinic: Business, call: Call, member: Membership, page: Client
) -> None:
    task = todo.take_message(clinic, call, **MESSAGE, now=NOW)
    shown = page.post(address("task-done", task) + "?kind=message", follow=True).content.decode()
    task.refresh_from_db()
    assert (task.state, task.done_by) == (TaskState.DONE, member.user)
    assert "Take it back" in shown
    other = User.objects.create_user("ron@clinic.test", "pw")
    assert not todo.finish(task, by=other, now=NOW)
    task.refresh_from_db()
    assert task.done_by == member.user
    page.post(address("task-reopen", task))
    assert Task.objects.filter(state=TaskState.OPEN, done_by=None, done_at=None).count() == 1


def test_a_task_is_given_to_a_member_of_this_business_only(
    clinic: Business, call: Call, member: Membership, page: Client
) -> None:
    task = todo.take_message(clinic, call, **MESSAGE, now=NOW)
    page.post(address("task-give", task), {"member": str(member.pk), "due": "2026-12-01T17:00"})
    task.refresh_from_db()
    assert task.assigned_to == member
    assert task.due_at == datetime(2026, 12, 1, 15, 0, tzinfo=UTC), "by the business's clock"
    elsewhere = Business.objects.create(name="Other", slug="other")
    with acting_for(elsewhere):
        stranger = Membership.objects.create(business=elsewhere, user=User.objects.create_user("x@y.test", "pw"))
    for wrong in ({"member": str(stranger.pk)}, {"member": "x"}, {"due": "tomorrow"}):
        page.post(address("task-give", task), wrong)
        task.refresh_from_db()
        assert task.assigned_to == member, wrong
    page.post(address("task-give", task), {"member": "", "due": ""})
    assert Task.objects.filter(assigned_to=None, due_at=None).count() == 1
