"""A message to one person, step by step: which are due, who may post one, and what an answer makes of it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from testing.broadcasts import addresses
from whatsapp.models import DirectMessage, InboundMessage, MessageTemplate, Sender
from whatsapp.providers.base import SendOutcome, SendResult
from whatsapp.sending import direct

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FIRST = addresses(1)[0]
ACCEPTED = SendResult(SendOutcome.ACCEPTED, message_id="wamid.1")


def reply(sender: Sender, **fields: Any) -> DirectMessage:
    """Returns a reply to somebody who wrote an hour ago."""
    InboundMessage.objects.get_or_create(
        business=sender.business, sender=sender, provider=sender.provider, address=FIRST,
        provider_message_id="wamid.question", defaults={"kind": "text", "received_at": NOW - timedelta(hours=1)},
    )  # fmt: skip
    defaults = {"kind": "reply", "address": FIRST, "text": "Until six.", "created_at": NOW, "provider": sender.provider}
    return DirectMessage.objects.create(
        business=sender.business, key=uuid.uuid4(), sender=sender, **(defaults | fields)
    )


def now_of(message: DirectMessage) -> DirectMessage:
    return DirectMessage.objects.get(pk=message.pk)


# What is due ------------------------------------------------------------------------------------------------------
def test_the_oldest_twenty_that_wait_are_due(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direct, "BATCH", 3)
    later, now, never_tried = (
        reply(sender, next_attempt_at=NOW + timedelta(seconds=1)),
        reply(sender, next_attempt_at=NOW, created_at=NOW - timedelta(seconds=1)),
        reply(sender, created_at=NOW - timedelta(seconds=2)),
    )
    for status in ("sending", "unknown", "accepted", "failed"):
        reply(sender, status=status, created_at=NOW - timedelta(days=1), lease_until=NOW)
    assert direct.waiting(NOW) == [never_tried, now]
    assert now_of(later).status == "pending"
    for _ in range(3):
        reply(sender)
    assert len(direct.waiting(NOW)) == 3


def test_a_message_of_a_dead_process_is_unknown_once_its_lease_is_over_and_not_sent_again(sender: Sender) -> None:
    lost, alive = (
        reply(sender, status="sending", lease_until=NOW - timedelta(microseconds=1)),
        reply(sender, status="sending", lease_until=NOW),
    )
    done = reply(sender, status="accepted", lease_until=NOW - timedelta(days=1))
    assert direct.waiting(NOW) == []
    row = now_of(lost)
    assert (row.status, row.lease_until, row.error_class) == ("unknown", None, "unknown")
    assert (now_of(alive).status, now_of(alive).lease_until) == ("sending", NOW)
    assert now_of(done).status == "accepted"


# Who may post it --------------------------------------------------------------------------------------------------
def test_one_process_claims_it_for_twice_the_longest_request(sender: Sender, settings: Any) -> None:
    settings.WHATSAPP_TIMEOUT_S = 10
    message = reply(sender, tries=2)
    other = reply(sender)
    letter = direct.claim(message, NOW)
    assert letter is not None
    assert letter.template is None
    row = now_of(message)
    assert (row.status, row.tries, row.lease_until) == ("sending", 3, NOW + timedelta(seconds=21))
    assert direct.claim(message, NOW) is None, "another process has it"
    assert now_of(message).tries == 3
    assert now_of(other).status == "pending"


@pytest.mark.parametrize("seconds", [0, 1])
def test_free_text_is_given_up_a_day_after_the_person_wrote(sender: Sender, seconds: int) -> None:
    message, other = reply(sender), reply(sender)
    when = NOW + timedelta(hours=23, seconds=seconds - 1)
    assert (direct.claim(message, when) is None) is bool(seconds)
    row = now_of(message)
    if seconds:
        assert (row.status, row.failed_at, row.next_attempt_at, row.cause) == ("failed", when, None, "window_over")
    else:
        assert row.status == "sending"
    assert now_of(other).status == "pending"


def test_a_message_whose_window_closed_while_it_was_under_way_is_left_to_its_answer(sender: Sender) -> None:
    message = reply(sender, status="sending")
    assert direct.claim(message, NOW + timedelta(days=2)) is None
    assert now_of(message).status == "sending"


def test_a_test_needs_its_template_and_no_window(sender: Sender, template: MessageTemplate) -> None:
    message = reply(sender, kind="test", template=template, params={"first_name": "Dana"})
    gone = reply(sender, kind="test", template=None)
    InboundMessage.objects.all().delete()
    letter = direct.claim(message, NOW)
    assert letter is not None
    assert letter.template is not None
    sent = letter.template
    assert (sent.attempt_id, sent.address, sent.is_phone, sent.params) == (
        message.pk,
        FIRST,
        True,
        {"first_name": "Dana"},
    )
    assert sent.template.name == template.name
    assert direct.claim(gone, NOW) is None
    assert (now_of(gone).status, now_of(gone).cause) == ("failed", "template_gone")


def test_a_reply_is_text_also_when_a_template_hangs_on_it_and_a_user_id_is_no_phone(
    sender: Sender, template: MessageTemplate
) -> None:
    assert direct._template_message(reply(sender, template=template)) is None
    to_id = direct._template_message(reply(sender, kind="test", template=template, address="US.1349"))
    assert to_id is not None
    assert to_id.is_phone is False


def test_without_readable_credentials_it_is_given_up(sender: Sender) -> None:
    Sender.objects.update(encrypted_credentials="nothing that can be read")
    message = DirectMessage.objects.select_related("sender__business").get(pk=reply(sender).pk)
    assert direct.claim(message, NOW) is None
    assert (now_of(message).status, now_of(message).cause) == ("failed", "credentials_unreadable")


# What an answer makes of it ---------------------------------------------------------------------------------------
def landed(sender: Sender, result: SendResult, **fields: Any) -> DirectMessage:
    message = reply(sender, **({"status": "sending", "lease_until": NOW} | fields))
    direct.land(message, result, NOW)
    return now_of(message)


def test_an_acceptance_is_kept_with_its_time_and_id(sender: Sender) -> None:
    for number, (outcome, status) in enumerate(((SendOutcome.ACCEPTED, "accepted"), (SendOutcome.HELD, "held"))):
        row = landed(sender, SendResult(outcome, message_id=f"wamid.{number}"))
        assert (row.status, row.accepted_at, row.provider_message_id) == (status, NOW, f"wamid.{number}")
        assert (row.lease_until, row.next_attempt_at, row.failed_at, row.error_class) == (None, None, None, "")


def test_a_lost_answer_leaves_a_doubt_and_no_second_try(sender: Sender) -> None:
    row = landed(sender, SendResult(SendOutcome.UNKNOWN, text="t" * 600, code="c" * 30))
    assert (row.status, row.next_attempt_at, row.accepted_at, row.failed_at) == ("unknown", None, None, None)
    assert (row.error_class, row.error_text, row.error_code) == ("unknown", "t" * 500, "c" * 20)
    assert row.provider_message_id is None


@pytest.mark.parametrize("outcome", [SendOutcome.SAFE_RETRY, SendOutcome.THROTTLED, SendOutcome.RETRY])
@pytest.mark.parametrize(("tries", "wait_s"), [(0, 2), (1, 4), (4, 32)])
def test_what_never_left_is_tried_again_after_waits_that_double(
    sender: Sender, outcome: SendOutcome, tries: int, wait_s: int
) -> None:
    row = landed(sender, SendResult(outcome), tries=tries)
    assert (row.status, row.next_attempt_at) == ("pending", NOW + timedelta(seconds=wait_s))
    assert row.failed_at is None


def test_the_provider_may_ask_for_a_longer_wait(sender: Sender) -> None:
    row = landed(sender, SendResult(SendOutcome.THROTTLED, retry_after_s=60.0))
    assert row.next_attempt_at == NOW + timedelta(seconds=60)
    assert landed(sender, SendResult(SendOutcome.THROTTLED, retry_after_s=1.0)).next_attempt_at == NOW + timedelta(
        seconds=2
    )


def test_the_sixth_try_is_the_last(sender: Sender) -> None:
    assert direct.MOST_TRIES == 6
    row = landed(sender, SendResult(SendOutcome.RETRY), tries=5)
    assert (row.status, row.failed_at, row.next_attempt_at) == ("failed", NOW, None)


def test_a_refusal_is_final_at_once(sender: Sender) -> None:
    row = landed(sender, SendResult(SendOutcome.PERMANENT, code="131026", text="no"))
    assert (row.status, row.failed_at, row.accepted_at, row.error_class) == ("failed", NOW, None, "permanent")


def test_an_answer_after_the_doubt_settles_it_and_of_this_message_only(sender: Sender) -> None:
    other = reply(sender, status="sending")
    assert landed(sender, ACCEPTED, status="unknown").status == "accepted"
    assert (now_of(other).status, now_of(other).provider_message_id) == ("sending", None)


def test_after_a_report_an_answer_brings_the_id_only_if_there_is_none(sender: Sender) -> None:
    other = reply(sender, status="delivered")
    row = landed(sender, ACCEPTED, status="delivered")
    assert (row.status, row.provider_message_id, row.accepted_at) == ("delivered", "wamid.1", None)
    known = landed(
        sender, SendResult(SendOutcome.ACCEPTED, message_id="wamid.3"), status="read", provider_message_id="wamid.2"
    )
    assert known.provider_message_id == "wamid.2"
    assert landed(sender, SendResult(SendOutcome.UNKNOWN), status="delivered").provider_message_id is None
    assert now_of(other).provider_message_id is None
