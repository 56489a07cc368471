"""What webhooks do to broadcasts, people, templates and numbers, from the POST to the rows."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from businesses.models import Business
from testing.broadcasts import addresses
from testing.meta import ThreadedMeta
from whatsapp.conftest import Send, states
from whatsapp.models import (
    Broadcast,
    Contact,
    InboundMessage,
    MessageTemplate,
    MessagingSettings,
    Recipient,
    Sender,
    WebhookNews,
)
from whatsapp.people import suppressions
from whatsapp.providers.sandbox import notices
from whatsapp.providers.sandbox.notices import Happening
from whatsapp.providers.sandbox.script import Action
from whatsapp.webhooks.applying import apply_news
from whatsapp.webhooks.tests.notes import AT, cloud_change, cloud_notice, post_cloud

FIRST = addresses(1)[0]


def apply(after: timedelta = timedelta()) -> None:
    while apply_news(datetime.now(UTC) + after):
        pass


def accept(row: Recipient) -> Recipient:
    """As if it had been sent and accepted."""
    row.status, row.attempt_id, row.provider_message_id = "accepted", uuid.uuid4(), f"wamid.{row.pk}"
    row.accepted_at = datetime.now(UTC)
    row.save()
    return row


def happening(row: Recipient, what: str, **more: Any) -> Happening:
    return Happening(str(row.address), str(row.provider_message_id), str(row.attempt_id or ""), what, AT, **more)


@pytest.fixture
def row(meta: ThreadedMeta, broadcast: Broadcast) -> Recipient:
    return accept(Recipient.objects.get(address=FIRST))


def test_a_status_finds_its_message_by_the_attempt_alone(client: Client, row: Recipient) -> None:
    Recipient.objects.filter(pk=row.pk).update(status="unknown", provider_message_id=None)
    post_cloud(client, cloud_notice([happening(row, "sent")]))
    apply()
    row.refresh_from_db()
    assert (row.status, row.provider_message_id, row.sent_at) == ("sent", f"wamid.{row.pk}", AT)


def test_a_status_finds_its_message_by_the_message_id_alone(client: Client, row: Recipient) -> None:
    post_cloud(client, cloud_notice([Happening(FIRST, str(row.provider_message_id), "", "delivered", AT)]))
    apply()
    row.refresh_from_db()
    assert (row.status, row.delivered_at) == ("delivered", AT)


def test_rows_are_looked_up_once_for_ties_and_statuses(client: Client, row: Recipient) -> None:
    post_cloud(client, cloud_notice([happening(row, what) for what in ("sent", "delivered", "read")]))
    with CaptureQueriesContext(connection) as asked:
        apply_news(datetime.now(UTC))
    table = f'FROM "{Recipient._meta.db_table}"'
    found, locked = [query["sql"] for query in asked if query["sql"].startswith("SELECT") and table in query["sql"]]
    assert '"attempt_id" IN' in found
    assert '"id" IN' in locked


def test_an_id_that_another_row_has_is_not_taken_from_it(client: Client, row: Recipient) -> None:
    other = accept(Recipient.objects.exclude(pk=row.pk)[0])
    Recipient.objects.filter(pk=other.pk).update(status="unknown", provider_message_id=None)
    report = Happening(str(other.address), str(row.provider_message_id), str(other.attempt_id), "delivered", AT)
    post_cloud(client, cloud_notice([report]))
    apply()
    other.refresh_from_db()
    assert (other.status, other.provider_message_id) == ("delivered", None)


def test_a_late_report_of_an_earlier_attempt_keeps_the_message_from_being_sent_again(
    client: Client, row: Recipient
) -> None:
    row.attempts.create(business=row.business, id=row.attempt_id, no=1, started_at=AT)
    body = cloud_notice([happening(row, "delivered")])
    Recipient.objects.filter(pk=row.pk).update(status="pending", attempt_id=None, provider_message_id=None)
    post_cloud(client, body)
    apply()
    row.refresh_from_db()
    assert (row.status, row.next_attempt_at) == ("delivered", None)


def test_a_report_that_comes_before_its_answer_waits_for_it(client: Client, row: Recipient) -> None:
    early = Happening(FIRST, "wamid.early", "", "sent", AT)
    post_cloud(client, cloud_notice([early]))
    apply()
    assert WebhookNews.objects.get().applied_at is None
    Recipient.objects.filter(pk=row.pk).update(provider_message_id="wamid.early")
    apply(after=timedelta(seconds=2))
    row.refresh_from_db()
    assert row.status == "sent"
    assert WebhookNews.objects.get().applied_at is not None


def test_a_report_of_other_software_is_given_up_in_the_end(client: Client, row: Recipient) -> None:
    post_cloud(client, cloud_notice([Happening(FIRST, "wamid.theirs", "not-ours", "sent", AT)]))
    for _ in range(6):
        apply(after=timedelta(hours=1))
    news = WebhookNews.objects.get()
    assert news.applied_at is not None
    assert "any message" in news.get_problem_display()


def test_one_piece_that_cannot_be_understood_does_not_hold_up_the_others(client: Client, row: Recipient) -> None:
    WebhookNews.objects.create(
        provider="cloud", kind="status", dedupe_key="x", payload={"field": "statuses"}, received_at=AT
    )
    post_cloud(client, cloud_notice([happening(row, "read")]))
    apply()
    row.refresh_from_db()
    assert row.status == "read"
    assert row.delivered_at == AT


def test_a_failure_that_is_reported_later_says_why(client: Client, row: Recipient) -> None:
    post_cloud(client, cloud_notice([happening(row, "sent"), happening(row, "failed", error_code=131026)]))
    apply()
    row.refresh_from_db()
    assert (row.status, row.error_code, row.error_class) == ("failed", "131026", "permanent")


def test_a_later_refusal_for_stopped_marketing_suppresses_the_person(
    client: Client, acme: Business, row: Recipient
) -> None:
    post_cloud(client, cloud_notice([happening(row, "failed", error_code=131050)]))
    apply()
    assert suppressions.blocked(acme, [FIRST], "MARKETING") == {FIRST}
    assert suppressions.blocked(acme, [FIRST], "UTILITY") == set()


def test_a_later_refusal_of_the_account_pauses_the_broadcast(
    client: Client, broadcast: Broadcast, row: Recipient
) -> None:
    post_cloud(client, cloud_notice([happening(row, "failed", error_code=131042)]))
    apply()
    broadcast.refresh_from_db()
    assert (broadcast.status, broadcast.pause_reason) == ("paused", "payment")


@pytest.mark.parametrize(
    "word", ["STOP", "stop.", " Stop! ", "הסר", "להסרה", "توقف", "стоп", "BAJA", "arrêt", "abmelden", "🛑 stop 🛑"]
)
def test_an_opt_out_word_suppresses_at_once_also_in_a_running_broadcast(
    client: Client, acme: Business, broadcast: Broadcast, row: Recipient, word: str
) -> None:
    waiting = Recipient.objects.get(address=addresses(2)[1])
    post_cloud(client, cloud_notice([Happening(str(waiting.address), "wamid.x", "", "reply", AT, text=word)]))
    apply()
    waiting.refresh_from_db()
    assert (waiting.status, waiting.skip_reason) == ("skipped", "opted_out")
    assert suppressions.blocked(acme, [str(waiting.address)], "UTILITY") == {waiting.address}


@pytest.mark.parametrize("text", ["stop by tomorrow?", "don't stop", "ok", "", "הסר לי את הספק", "x" * 5000])
def test_an_ordinary_message_is_kept_and_nothing_else(
    client: Client, acme: Business, row: Recipient, text: str
) -> None:
    post_cloud(client, cloud_notice([Happening(FIRST, str(row.provider_message_id), "", "reply", AT, text=text)]))
    apply()
    message = InboundMessage.objects.get()
    assert (message.text, message.action, message.recipient) == (text, "", row)
    assert suppressions.blocked(acme, [FIRST], "MARKETING") == set()
    assert Contact.objects.get().last_inbound_at == AT


def test_an_opt_out_is_confirmed_once_and_start_takes_it_back(
    meta: ThreadedMeta, client: Client, acme: Business, row: Recipient, send: Send
) -> None:
    def say(text: str, message_id: str) -> None:
        said = Happening(FIRST, message_id, "", "reply", datetime.now(UTC), text=text)
        post_cloud(client, cloud_notice([said]))
        post_cloud(client, cloud_notice([said]))
        send(run_for_s=0.1)

    Broadcast.objects.update(status="paused")
    say("הסר", "wamid.a")
    assert [text["to"] for text in meta.texts] == [FIRST]
    say("stop", "wamid.b")
    assert len(meta.texts) == 1
    say("START", "wamid.c")
    assert len(meta.texts) == 2
    assert suppressions.blocked(acme, [FIRST], "MARKETING") == set()


def test_a_business_adds_its_own_words(client: Client, acme: Business, row: Recipient) -> None:
    MessagingSettings.objects.create(business=acme, opt_out_words="Basta\nDi mana")
    post_cloud(client, cloud_notice([Happening(FIRST, "wamid.x", "", "reply", AT, text="basta!!")]))
    apply()
    assert suppressions.blocked(acme, [FIRST], "UTILITY") == {FIRST}


@pytest.mark.parametrize(("value", "blocked"), [("stop", {FIRST}), ("resume", set())])
def test_the_switch_in_whatsapp_stops_marketing_only(
    client: Client, acme: Business, row: Recipient, value: str, blocked: set[str]
) -> None:
    preference = {"wa_id": FIRST[1:], "category": "marketing_messages", "value": value, "timestamp": 1764000000}
    metadata = {"phone_number_id": "1055"}
    post_cloud(client, cloud_change("user_preferences", metadata=metadata, user_preferences=[preference]))
    apply()
    assert suppressions.blocked(acme, [FIRST], "MARKETING") == blocked
    assert suppressions.blocked(acme, [FIRST], "UTILITY") == set()


def test_a_paused_template_pauses_its_broadcast_until_it_is_approved_again(
    client: Client, broadcast: Broadcast, template: MessageTemplate, row: Recipient
) -> None:
    about = {"message_template_id": 77, "message_template_name": "spring_sale", "message_template_language": "en_US"}
    post_cloud(client, cloud_change("message_template_status_update", event="PAUSED", reason="LOW_QUALITY", **about))
    apply()
    broadcast.refresh_from_db()
    assert (broadcast.status, broadcast.pause_reason) == ("paused", "template")
    assert broadcast.resume_at is not None

    post_cloud(client, cloud_change("message_template_status_update", event="APPROVED", reason="NONE", **about))
    apply()
    broadcast.refresh_from_db()
    template.refresh_from_db()
    assert (broadcast.status, template.status) == ("running", "APPROVED")


def test_a_restricted_account_pauses_everything_of_it(
    client: Client, broadcast: Broadcast, sender: Sender, row: Recipient
) -> None:
    post_cloud(client, cloud_change("account_update", event="ACCOUNT_RESTRICTION"))
    apply()
    broadcast.refresh_from_db()
    sender.refresh_from_db()
    assert (broadcast.status, broadcast.pause_reason, sender.health) == ("paused", "account", "blocked")


def test_a_ban_on_new_numbers_stops_no_message(
    client: Client, meta: ThreadedMeta, broadcast: Broadcast, sender: Sender
) -> None:
    about = [{"restriction_type": "RESTRICTED_ADD_PHONE_NUMBER_ACTION", "expiration": 1797000000}]
    post_cloud(client, cloud_change("account_update", event="ACCOUNT_RESTRICTION", restriction_info=about))
    apply()
    broadcast.refresh_from_db()
    sender.refresh_from_db()
    assert (broadcast.status, sender.health) == ("running", "ready")
    assert WebhookNews.objects.get().applied_at


def test_a_flagged_template_goes_on(
    client: Client, meta: ThreadedMeta, broadcast: Broadcast, template: MessageTemplate
) -> None:
    post_cloud(client, cloud_change("message_template_status_update", event="FLAGGED", message_template_id=77))
    apply()
    broadcast.refresh_from_db()
    template.refresh_from_db()
    assert (broadcast.status, template.status) == ("running", "FLAGGED")


@pytest.mark.parametrize("told", [-1, "-1", "TIER_UNLIMITED"])
def test_a_limit_that_whatsapp_lifts_is_gone(client: Client, meta: ThreadedMeta, sender: Sender, told: Any) -> None:
    Sender.objects.update(messaging_limit=250)
    post_cloud(client, cloud_change("business_capability_update", max_daily_conversations_per_business=told))
    apply()
    sender.refresh_from_db()
    assert sender.messaging_limit is None


def test_a_status_with_odd_details_is_applied_and_so_are_its_neighbours(client: Client, row: Recipient) -> None:
    notice = json.loads(cloud_notice([happening(row, "failed", error_code=131026)]))
    change = notice["entry"][0]["changes"][0]
    (status,) = change["value"]["statuses"]
    status["errors"], status["pricing"] = status["errors"][0], "none"
    del status["timestamp"]
    change["value"]["statuses"] = [None, status, {"id": 7}]
    notice["entry"] = [None, {"id": "2077", "changes": None}, notice["entry"][0]]
    notice["entry"][2]["changes"] = [{"field": "messages", "value": None}, change]
    assert post_cloud(client, json.dumps(notice).encode()).status_code == 200
    apply()
    row.refresh_from_db()
    assert (row.status, row.error_code) == ("failed", "131026")
    assert WebhookNews.objects.filter(problem="unreadable").count() == 5


def test_an_upgraded_number_may_send_faster(client: Client, sender: Sender, meta: ThreadedMeta) -> None:
    Sender.objects.update(phone="+15550100000", throughput_mps=80)
    number = {"display_phone_number": "15550100000", "event": "THROUGHPUT_UPGRADE", "current_limit": "TIER_10K"}
    post_cloud(client, cloud_change("phone_number_quality_update", **number))
    apply()
    sender.refresh_from_db()
    assert (sender.throughput_mps, sender.messaging_limit) == (1000, 10_000)


def test_reports_of_a_whole_broadcast_repeated_and_shuffled_settle_it(
    meta: ThreadedMeta, client: Client, broadcast: Broadcast, send: Send
) -> None:
    meta.script = lambda address, _nth: Action(fails_later=131026) if address == FIRST else Action()
    send()
    happened = meta.to_report
    for batch in (happened[::-1], happened[::2], happened):
        post_cloud(client, cloud_notice(batch))
    apply()
    assert states(broadcast) == {"delivered": 19, "failed": 1}
    assert WebhookNews.objects.filter(applied_at=None).count() == 0


def test_another_business_is_never_touched(client: Client, row: Recipient) -> None:
    other = Business.objects.create(name="Beta", slug="beta")
    stranger = json.dumps(
        notices.notice("9999", "9999", [Happening(FIRST, "wamid.x", "", "reply", AT, text="STOP")])
    ).encode()
    post_cloud(client, stranger)
    apply()
    assert InboundMessage.objects.count() == 0
    assert not other.suppressions.exists()
    row.refresh_from_db()
    assert row.status == "accepted"
