"""What beat looks for: an idle installation asks one query at each pace and sends nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from businesses import tasks
from businesses.models import Business
from businesses.polls import table
from businesses.polls.moment import Question
from businesses.polls.table import Pace
from businesses.tenancy import across_businesses, acting_for
from frontdesk import demo, stand_in_beat
from frontdesk.celery_app import app
from frontdesk.schedule import CELERY_BEAT_SCHEDULE
from testing.broadcasts import addresses, make_broadcast, make_sender, make_template
from whatsapp.models import Broadcast, Recipient
from whatsapp.states import BroadcastStatus, RecipientStatus


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the tasks that are sent. They don't run."""
    names: list[str] = []
    monkeypatch.setattr(app, "send_task", lambda name, *_args, **_options: names.append(name))
    return names


def test_every_pace_is_in_the_schedule_and_every_task_is_one() -> None:
    app.autodiscover_tasks(force=True)
    looks = {entry["schedule"]: entry["args"] for entry in CELERY_BEAT_SCHEDULE.values() if "args" in entry}
    assert looks == {float(pace): [int(pace)] for pace in Pace}
    assert {poll.task for poll in table.polls()} <= set(app.tasks)
    assert {poll.pace for poll in table.polls()} == set(Pace)


@pytest.mark.django_db
def test_a_question_that_was_put_together_once_is_the_query_of_its_moment() -> None:
    now = timezone.now()
    for poll in table.polls():
        for rows in poll.rows:
            with across_businesses():
                question = Question.of(rows)
                sql, parameters = rows(now).query.exists().get_compiler(connection=connection).as_sql()
            assert question.sql.replace("(%s)", "%s") == f"EXISTS ({sql})".replace("(%s)", "%s")
            assert question.filled(now) == list(parameters), poll


@pytest.mark.django_db
def test_a_minute_of_an_idle_installation(sent: list[str], settings: Any) -> None:
    settings.DEBUG = True  # the demo business wants it
    demo.seed()
    with across_businesses():
        Broadcast.objects.all().delete()
    midnight = datetime(2027, 1, 5, tzinfo=timezone.get_default_timezone())
    looked: list[str] = []
    with CaptureQueriesContext(connection) as queries:
        for second in range(60):
            at = midnight + timedelta(seconds=second)
            for name in stand_in_beat.due(at, at + timedelta(seconds=1)):
                entry: dict[str, Any] = CELERY_BEAT_SCHEDULE[name]
                app.tasks[entry["task"]](*entry.get("args", []), **entry.get("kwargs", {}))
                looked.append(name)
    assert len(looked) == 20 + 3 + 1 + 6
    assert len(queries) == len(looked)
    assert not set(sent) - {"calls.tasks.render_due_greetings"}, "the demo's greeting waits to be rendered"


@pytest.mark.django_db
def test_what_is_due_is_sent_once_and_nothing_else(sent: list[str]) -> None:
    acme = Business.objects.create(name="Acme", slug="acme")
    with acting_for(acme):
        sender = make_sender(acme)
        broadcast = make_broadcast(sender, make_template(sender), addresses(2))
    tasks.look_for_work(Pace.OFTEN)
    assert sent.count("whatsapp.tasks.drive") == 1
    for wait, is_soon in ((timedelta(days=1), False), (timedelta(minutes=5), True)):
        sent.clear()
        with across_businesses():
            Recipient.objects.update(status=RecipientStatus.RETRY_WAIT, next_attempt_at=timezone.now() + wait)
        tasks.look_for_work(Pace.OFTEN)
        assert ("whatsapp.tasks.drive" in sent) is is_soon
    with across_businesses():
        Recipient.objects.update(status=RecipientStatus.READ)
        Broadcast.objects.filter(pk=broadcast.pk).update(status=BroadcastStatus.COMPLETED)
    sent.clear()
    tasks.look_for_work(Pace.OFTEN)
    assert sent == []
    tasks.look_for_work(Pace.SELDOM)
    assert "whatsapp.tasks.drive" in sent, "its deliveries are all known now"
    with across_businesses():
        Broadcast.objects.update(settled_at=timezone.now())
    sent.clear()
    for pace in Pace:
        tasks.look_for_work(pace)
    assert sent == []


@pytest.mark.django_db
def test_a_wrong_question_keeps_no_task_from_being_sent(sent: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(_now: datetime) -> QuerySet[Broadcast]:
        return Broadcast.objects.extra(where=["no_such_column = 1"])

    monkeypatch.setattr(table, "_polls", [*table.polls(), table.Poll("some.task", Pace.OFTEN, (wrong,), lambda: True)])
    tasks.look_for_work(Pace.OFTEN)
    assert set(sent) == {poll.task for poll in table.polls() if poll.pace == Pace.OFTEN and poll.when()}
