"""Whole broadcasts through the loop, the database and HTTP, to a stand-in for Meta that logs every POST."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from businesses.models import Business
from testing.broadcasts import addresses, make_broadcast
from testing.meta import ThreadedMeta
from whatsapp.broadcasts import lifecycle
from whatsapp.broadcasts.reasons import why_it_stands
from whatsapp.conftest import Report, Send, states
from whatsapp.models import Attempt, Broadcast, MessageTemplate, Recipient, Sender, SenderHealth, Suppression
from whatsapp.people import suppressions
from whatsapp.providers import posting
from whatsapp.providers.sandbox.script import Action, Reaction, accept_and, refuse
from whatsapp.running.loop import SendingLoop
from whatsapp.sending import flights, waves

FIRST = addresses(1)[0]


def now() -> datetime:
    return datetime.now(UTC)


def posts_by_person(meta: ThreadedMeta) -> Counter[str]:
    return Counter(post.address for post in meta.posts)


def test_everybody_gets_it_once_and_the_reports_settle_it(
    meta: ThreadedMeta, broadcast: Broadcast, send: Send, report: Report
) -> None:
    assert send().accepted == 20
    assert posts_by_person(meta) == Counter(addresses(20))
    assert states(broadcast) == {"accepted": 20}
    assert Broadcast.objects.get().status == "completed"
    trackers = {str(tracker) for tracker in Recipient.objects.values_list("attempt_id", flat=True)}
    assert trackers == {post.tracker for post in meta.posts}

    report()
    send()
    assert states(broadcast) == {"delivered": 20}
    assert Broadcast.objects.get().settled_at is not None
    assert len(meta.posts) == 20


@pytest.mark.parametrize(
    "lost",
    [
        accept_and(Reaction.SERVER_ERROR),
        accept_and(Reaction.RESET),
        accept_and(Reaction.GARBAGE),
        accept_and(Reaction.ANSWER, latency_s=3.0),
    ],
    ids=["500", "reset", "garbage", "timeout"],
)
def test_an_accepted_message_whose_answer_was_lost_is_never_sent_again(
    meta: ThreadedMeta, broadcast: Broadcast, send: Send, report: Report, lost: Action
) -> None:
    meta.script = lambda address, _nth: lost if address == FIRST else Action()
    send()
    assert states(broadcast) == {"accepted": 19, "unknown": 1}
    assert Broadcast.objects.get().status == "completed"

    report()
    send()
    assert states(broadcast) == {"delivered": 20}
    assert posts_by_person(meta) == Counter(addresses(20))
    assert Recipient.objects.get(address=FIRST).provider_message_id


def test_a_refused_connection_is_tried_again_until_the_door_opens(
    meta: ThreadedMeta, broadcast: Broadcast, send: Send, settings: pytest.FixtureRequest
) -> None:
    url, settings.WHATSAPP_API_URL = meta.url, "http://127.0.0.1:9/v25.0"  # type: ignore[attr-defined]
    send(run_for_s=1.5)
    assert set(states(broadcast)) <= {"retry_wait", "pending"}

    settings.WHATSAPP_API_URL = url  # type: ignore[attr-defined]
    send()
    assert states(broadcast) == {"accepted": 20}
    assert posts_by_person(meta) == Counter(addresses(20))


def test_an_expired_token_pauses_the_broadcast_and_nobody_is_lost(
    meta: ThreadedMeta, broadcast: Broadcast, sender: Sender, send: Send
) -> None:
    meta.script = lambda _address, _nth: Action() if len(meta.posts) < 7 else refuse(190, 401)
    send()
    broadcast.refresh_from_db()
    assert (broadcast.status, broadcast.pause_reason) == ("paused", "account")
    assert "token" in why_it_stands(broadcast)
    assert states(broadcast) == {"accepted": 7, "pending": 13}
    sender.refresh_from_db()
    assert sender.health == SenderHealth.BLOCKED

    meta.script = lambda _address, _nth: Action()
    lifecycle.resume(broadcast, now=now())
    send()
    assert states(broadcast) == {"accepted": 20}
    assert Counter(post.address for post in meta.accepted) == Counter(addresses(20))
    sender.refresh_from_db()
    assert sender.health == SenderHealth.READY


def test_a_missing_template_pauses_before_anybody_has_failed(
    meta: ThreadedMeta, broadcast: Broadcast, send: Send
) -> None:
    meta.script = lambda _address, _nth: refuse(132001, 404)
    send()
    broadcast.refresh_from_db()
    assert (broadcast.status, broadcast.pause_reason) == ("paused", "template")
    assert states(broadcast) == {"pending": 20}


def test_a_person_who_cannot_be_reached_does_not_hold_up_the_others(
    meta: ThreadedMeta, broadcast: Broadcast, send: Send
) -> None:
    meta.script = lambda address, _nth: refuse(131026) if address == FIRST else Action()
    send()
    assert states(broadcast) == {"accepted": 19, "failed": 1}
    row = Recipient.objects.get(address=FIRST)
    assert (row.error_code, row.error_class, row.attempt_no) == ("131026", "permanent", 1)


def test_a_broadcast_that_mostly_fails_pauses_itself(meta: ThreadedMeta, broadcast: Broadcast, send: Send) -> None:
    meta.script = lambda _address, _nth: refuse(131009)
    send()
    broadcast.refresh_from_db()
    assert (broadcast.status, broadcast.pause_reason) == ("paused", "error_burst")
    assert "131009" in why_it_stands(broadcast)


def test_throttled_messages_follow_later_and_the_number_slows_down(
    meta: ThreadedMeta, broadcast: Broadcast, send: Send
) -> None:
    meta.script = lambda address, nth: refuse(130429, 429) if nth == 1 and address == FIRST else Action()
    send()
    assert states(broadcast) == {"accepted": 20}
    assert posts_by_person(meta)[FIRST] == 2
    waited = [post.at for post in meta.posts if post.address == FIRST]
    assert waited[1] - waited[0] >= 5.0


def test_who_stopped_marketing_at_meta_is_suppressed(
    meta: ThreadedMeta, acme: Business, broadcast: Broadcast, send: Send
) -> None:
    meta.script = lambda address, _nth: refuse(131050) if address == FIRST else Action()
    send()
    assert states(broadcast) == {"accepted": 19, "skipped": 1}
    assert suppressions.blocked(acme, [FIRST], "MARKETING") == {FIRST}


def test_who_opted_out_after_the_audience_was_frozen_gets_nothing(
    meta: ThreadedMeta, acme: Business, broadcast: Broadcast, send: Send
) -> None:
    Suppression.objects.create(business=acme, address=FIRST, category="all", created_at=now())
    send()
    assert states(broadcast) == {"accepted": 19, "skipped": 1}
    assert FIRST not in posts_by_person(meta)


def test_a_trial_sends_exactly_its_size_then_waits_for_a_person(
    meta: ThreadedMeta, sender: Sender, template: MessageTemplate, send: Send
) -> None:
    broadcast = make_broadcast(sender, template, addresses(300), canary_size=7)
    send()
    broadcast.refresh_from_db()
    assert (broadcast.status, broadcast.pause_reason, len(meta.posts)) == ("paused", "canary_review", 7)
    lifecycle.resume(broadcast, now=now())
    send()
    assert states(broadcast) == {"accepted": 300}


def test_the_24_hour_limit_pauses_until_people_are_free_again(
    meta: ThreadedMeta, sender: Sender, broadcast: Broadcast, send: Send
) -> None:
    Sender.objects.update(messaging_limit=9)
    send()
    broadcast.refresh_from_db()
    assert (broadcast.status, broadcast.pause_reason, len(meta.posts)) == ("paused", "quota_24h", 9)
    assert broadcast.resume_at is not None
    assert timedelta(hours=23, minutes=59) < broadcast.resume_at - now() <= timedelta(hours=24)


def test_a_small_broadcast_does_not_wait_for_a_large_one(
    meta: ThreadedMeta, sender: Sender, template: MessageTemplate, send: Send
) -> None:
    Sender.objects.update(max_mps=100)
    make_broadcast(sender, template, addresses(300), started_at=now() - timedelta(minutes=1))
    small = make_broadcast(sender, template, addresses(20, start=10_000))
    send(run_for_s=60.0)  # until all are sent, however slow the machine is: the order is what counts
    assert states(small) == {"accepted": 20}
    last_of_small = max(i for i, post in enumerate(meta.posts) if post.address >= addresses(1, start=10_000)[0])
    assert last_of_small < 100


def test_a_person_in_two_broadcasts_gets_a_breath_between_them(
    meta: ThreadedMeta, sender: Sender, template: MessageTemplate, broadcast: Broadcast, send: Send
) -> None:
    other = make_broadcast(sender, template, [FIRST])
    send(run_for_s=2.0)
    assert posts_by_person(meta)[FIRST] == 1
    assert {"retry_wait"} <= set(states(broadcast)) | set(states(other))


def test_sending_hours_hold_and_the_broadcast_knows_when_to_go_on(
    meta: ThreadedMeta, sender: Sender, template: MessageTemplate, send: Send
) -> None:
    local = now().astimezone(ZoneInfo("Asia/Jerusalem"))
    opens, closes = (local + timedelta(hours=2)).time(), (local + timedelta(hours=3)).time()
    broadcast = make_broadcast(sender, template, addresses(5), send_from=opens, send_until=closes)
    send()
    broadcast.refresh_from_db()
    assert (broadcast.status, broadcast.pause_reason, meta.posts) == ("paused", "window", [])
    assert broadcast.resume_at is not None
    assert timedelta(hours=1, minutes=59) < broadcast.resume_at - now() < timedelta(hours=2, minutes=1)


def test_a_template_whose_pause_lasts_longer_than_thought_is_looked_at_now_and_then(
    meta: ThreadedMeta, broadcast: Broadcast, send: Send
) -> None:
    MessageTemplate.objects.update(status="PAUSED", paused_until=now() - timedelta(seconds=1))
    send(until_idle=False, run_for_s=3.0)
    broadcast.refresh_from_db()
    assert (broadcast.status, broadcast.pause_reason, meta.posts) == ("paused", "template", [])
    assert broadcast.resume_at is not None
    assert broadcast.resume_at > now() + timedelta(minutes=1)
    assert broadcast.events.count() == 1


def test_pause_acts_within_two_seconds_and_resume_goes_on_exactly(
    meta: ThreadedMeta, sender: Sender, template: MessageTemplate, send: Send
) -> None:
    Sender.objects.update(max_mps=100)
    broadcast = make_broadcast(sender, template, addresses(500))
    loop = SendingLoop(run_for_s=4.0)
    thread = threading.Thread(target=lambda: asyncio.run(loop.run()))
    thread.start()
    while len(meta.posts) < 50:
        time.sleep(0.01)
    lifecycle.pause(broadcast, now=now())
    paused_at = time.monotonic()
    thread.join()
    assert meta.posts[-1].at - paused_at < 2.0
    assert len(meta.posts) < 250
    found = Counter(states(broadcast))  # who was about to leave waits for another try
    unsent = found.pop("pending") + found.pop("retry_wait", 0)
    assert (found, unsent) == ({"accepted": len(meta.posts)}, 500 - len(meta.posts))

    lifecycle.resume(broadcast, now=now())
    send()
    assert states(broadcast) == {"accepted": 500}
    assert posts_by_person(meta) == Counter(addresses(500))


def test_a_cancelled_broadcast_sends_no_more_and_says_of_whom(
    meta: ThreadedMeta, broadcast: Broadcast, send: Send
) -> None:
    lifecycle.cancel(broadcast, now=now())
    send()
    broadcast.refresh_from_db()
    assert (broadcast.status, meta.posts) == ("cancelled", [])
    assert states(broadcast) == {"cancelled": 20}


def test_a_wave_takes_two_commits(
    meta: ThreadedMeta,
    sender: Sender,
    template: MessageTemplate,
    send: Send,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_broadcast(sender, template, addresses(900))
    # On a busy machine messages may come late or find no connection in time: they would leave again, in another wave.
    monkeypatch.setattr(flights, "LATEST_S", 60.0)
    monkeypatch.setattr(posting, "CONNECT_TIMEOUT_S", 60.0)
    settings.WHATSAPP_TIMEOUT_S = 120
    commits = commits_by_step(monkeypatch)
    send(run_for_s=90.0)
    waves = Attempt.objects.values("started_at").distinct().count()
    assert 6 <= waves <= 60, "more where the database is quick"
    assert commits["Wave"] == [1] * waves
    assert commits["land_wave"] == [1] * waves
    assert not any(commits["Rest"] + commits["NothingDue"])  # looking costs no commit
    assert max(commits["Stopped"] + commits["complete_if_done"] + commits["give_back"]) == 1
    assert commits["elsewhere"] == [0]


def commits_by_step(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[int]]:
    """How often the threads that send committed, for each call: by what `depart_wave` returned, or the function."""
    commits: dict[str, list[int]] = defaultdict(list, elsewhere=[0])
    # Of the calls under way in each thread; the first stands for what happens in none of them.
    counts = {"waves_0": [0], "answers_0": [0]}
    wrapper: Any = BaseDatabaseWrapper
    commit = wrapper._commit

    def counting(self: BaseDatabaseWrapper) -> None:
        if here := counts.get(threading.current_thread().name):
            here[-1] += 1
            commits["elsewhere"] = [sum(each[0] for each in counts.values())]
        commit(self)

    def noted(step: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any) -> Any:
            here = counts[threading.current_thread().name]
            here.append(0)
            result = None
            try:
                result = step(*arguments)
                return result
            finally:
                name = type(result).__name__ if step.__name__ == "depart_wave" else step.__name__
                commits[name].append(here.pop())

        return run

    for step in (waves.depart_wave, waves.land_wave, waves.complete_if_done, waves.give_back):
        monkeypatch.setattr(waves, step.__name__, noted(step))
    monkeypatch.setattr(wrapper, "_commit", counting)
    return commits
