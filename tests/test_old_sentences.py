"""Sentences that older versions stored are migrated to codes and data when an installation is upgraded."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from testing.databases import empty_database, manage

pytestmark = pytest.mark.once

BEFORE = """
import json
from datetime import UTC, datetime
from uuid import uuid4
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

NOW = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
targets = [("whatsapp", "0009_sender_is_ready_or_blocked")]
apps = MigrationExecutor(connection).loader.project_state(targets).apps
new = lambda model, /, **values: apps.get_model(model).objects.create(**values)
business = new("businesses.Business", name="Old", slug="old")
common = {"business": business, "provider": "cloud", "account_id": "1"}
sender = new("whatsapp.Sender", number_id="1", health="blocked", health_detail=__SENDER__, **common)
template = new("whatsapp.MessageTemplate", provider_template_id="1", name="t", language="en", synced_at=NOW, **common)
for words, (reason, detail) in __BROADCASTS__.items():
    broadcast = new(
        "whatsapp.Broadcast", business=business, sender=sender, template=template, name=words, status="paused",
        pause_reason=reason, status_detail=detail,
    )
for what, detail in __EVENTS__:
    new("whatsapp.BroadcastEvent", business=business, broadcast=broadcast, at=NOW, what=what, detail=detail)
people = {"business": business, "broadcast": broadcast, "provider": "cloud"}
for skip_reason, text in __SKIPPED__:
    new("whatsapp.Recipient", status="skipped", skip_reason=skip_reason, error_text=text, **people)
new("whatsapp.Recipient", status="failed", address="+1", error_code="131026", error_text="Undeliverable", **people)
direct = {"business": business, "sender": sender, "provider": "cloud", "kind": "reply", "created_at": NOW}
for code, text in __DIRECT__:
    new("whatsapp.DirectMessage", key=uuid4(), status="failed", error_code=code, error_text=text, **direct)
done = new("whatsapp.ContactImport", business=business, created_at=NOW, status="failed", error=__IMPORT__)
new("whatsapp.RejectedRow", business=business, contact_import=done, row=2, reason=__REJECTED__)
new("whatsapp.Contact", business=business, phone="+1", consent="withdrawn", consent_source="Entered by staff")
for number, problem in enumerate(__NEWS__):
    new("whatsapp.WebhookNews", provider="cloud", kind="other", dedupe_key=number, received_at=NOW, problem=problem)
new("whatsapp.Contact", business=business, phone="+2", consent="granted", consent_source="A form of May")
"""
AFTER = """
import json
from businesses.tenancy import across_businesses
from whatsapp.models import *
with across_businesses():
    kept = lambda rows: [[row.cause, row.cause_data] for row in rows]
    print(json.dumps({
        "senders": kept(Sender.objects.all()),
        "broadcasts": {each.name: [each.cause, each.cause_data] for each in Broadcast.objects.all()},
        "events": list(BroadcastEvent.objects.order_by("pk").values_list("kind", "data")),
        "people": [[*each, row.error_text] for row in Recipient.objects.order_by("pk") for each in kept([row])],
        "direct": sorted([*each, row.error_text] for row in DirectMessage.objects.all() for each in kept([row])),
        "imports": kept(ContactImport.objects.all()) + kept(RejectedRow.objects.all()),
        "news": list(WebhookNews.objects.order_by("pk").values_list("problem", flat=True)),
        "consent": list(Contact.objects.order_by("phone").values_list("consent_source", flat=True)),
    }))
"""
REFUSED = "WhatsApp disabled the template for low quality. Choose another one."
OLD = {
    "SENDER": "WhatsApp restricted the account (RESTRICTED_BIZ). See Account Quality at Meta.",
    "BROADCASTS": {
        "window": ("window", "It is too late or too early to write."),
        "quota": ("quota_24h", "WhatsApp מרשה למספר הזה לפנות ל־250 אנשים שונים ב־24 שעות, והמכסה מוצתה."),
        "burst": ("error_burst", "A value of this message is not valid. (131009 Parameter value is not valid)"),
        "one code": ("template", f"{REFUSED} (Template disabled)"),
        "several codes": ("account", "WhatsApp refused the access token. Connect the number again with a valid token."),
        "template": ("template", "Paused for its quality FLAGGED"),
        "template in Hebrew": ("template", "הושהתה בגלל איכותה"),
    },
    "EVENTS": [
        ("created", ""),
        ("scheduled", "2026-11-24T09:00 Asia/Jerusalem"),
        ("missed", "It had to start by 12:00 UTC."),
        ("missed", "It had to start by 13:00 UTC."),
        ("started", "on schedule"),
        ("started", "400 s late"),
        ("running", "12 people"),
        ("paused: user", ""),
        ("paused: window", "It is too late or too early to write."),
        ("reopened", "answers came late"),
        ("sent again", "the provider never got it"),
        ("assumed sent", ""),
        ("retried", "5 people are tried again"),
        ("failed", "Row 214 can't be read: somebody wrote this."),
        ("something new", "that nobody knows"),
    ],
    "SKIPPED": [
        ("duplicate", "The same person as in row 7: sent only once."),
        ("opted_out", "Asked not to get messages."),
        ("invalid_number", "“x%(y)s” אינו מספר טלפון. כתבו מספר אחד, כמו \u200e+972501234567."),
        ("bad_value", "Column “first name” has 2,000 characters; at most 1,024."),
    ],
    "DIRECT": [
        ("131047", "The person's last message is more than 24 hours old. (Re-engagement message)"),
        ("", "The template is gone."),
    ],
    "IMPORT": "Something went wrong on our side after row 12. What was read before stays.",
    "REJECTED": "The phone number is missing.",
    "NEWS": ["", "It can't be kept: DataError", "It belongs to no message of this installation."],
}
NEW = {
    "senders": [["account_restricted", {"event": "RESTRICTED_BIZ"}]],
    "broadcasts": {
        "window": ["", {}],
        "quota": ["people_limit", {"limit": "250"}],
        "burst": ["provider_error", {"provider": "cloud", "code": "131009", "words": "Parameter value is not valid"}],
        "one code": ["provider_error", {"provider": "cloud", "code": "132016", "words": "Template disabled"}],
        "several codes": ["other", {"text": OLD["BROADCASTS"]["several codes"][1]}],  # type: ignore[index]
        "template": ["template_status", {"status": "PAUSED", "words": "FLAGGED"}],
        "template in Hebrew": ["template_status", {"status": "PAUSED", "words": ""}],
    },
    "events": [
        ["created", {}],
        ["scheduled", {"wall_time": "2026-11-24T09:00", "zone": "Asia/Jerusalem"}],
        ["missed", {"not_after": "2026-11-24T12:00:00+00:00"}],
        ["missed", {"not_after": "2026-11-23T13:00:00+00:00"}],
        ["started", {"late_s": 0}],
        ["started", {"late_s": 400}],
        ["running", {"people": 12}],
        ["paused", {"pause_reason": "user"}],
        ["paused", {"pause_reason": "window"}],
        ["reopened", {"cause": "answers_late", "cause_data": {}}],
        ["sent_again", {"cause": "never_arrived", "cause_data": {}}],
        ["assumed_sent", {}],
        ["retried", {"people": 5}],
        ["failed", {"cause": "other", "cause_data": {"text": "Row 214 can't be read: somebody wrote this."}}],
        ["other", {"cause": "other", "cause_data": {"text": "something new that nobody knows"}}],
    ],
    "people": [
        ["same_as_row", {"row": "7"}, ""],
        ["", {}, ""],
        ["not_one_number", {"text": "“x%(y)s”"}, ""],
        ["value_too_long", {"name": "first name", "length": "2,000", "limit": "1,024"}, ""],
        ["", {}, "Undeliverable"],
    ],
    "direct": [["", {}, "Re-engagement message"], ["template_gone", {}, ""]],
    "imports": [["reading_failed", {"row": "12"}], ["number_missing", {}]],
    "news": ["", "unkeepable", "no_message"],
    "consent": ["staff", "A form of May"],
}


@pytest.mark.timeout(300)  # four processes, each of which starts Django
def test_sentences_become_codes(tmp_path: Path) -> None:
    fill = BEFORE
    for word, value in OLD.items():
        fill = fill.replace(f"__{word}__", repr(value))
    with empty_database(tmp_path) as database_url:
        environment = {**os.environ, "DATABASE_URL": database_url}
        manage("migrate", "whatsapp", "0009", environment=environment)
        manage("shell", "-c", fill, environment=environment)
        manage("migrate", environment=environment)
        kept = json.loads(manage("shell", "-c", AFTER, environment=environment).splitlines()[-1])
    assert kept == NEW
