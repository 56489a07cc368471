"""What becomes of the numbers of an installation that is older than their proof."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from django.apps import apps
from django.db import connection

from businesses.models import Business
from businesses.tenancy import across_businesses
from testing.broadcasts import make_broadcast, make_template
from whatsapp.models import Recipient, Sender
from whatsapp.models.senders import app_key_of
from whatsapp.tests.conftest import NOW


def upgrade() -> dict[str, tuple[bool, str]]:
    """Run the migration. Returns for each number whether it is active, and why not."""
    migration = import_module("whatsapp.migrations.0020_numbers_that_work_stay_proved")
    migration.forwards(apps, SimpleNamespace(connection=connection))
    with across_businesses():
        return {sender.number_id: (sender.is_proved, sender.cause) for sender in Sender.objects.all()}


def old(business: Business, number_id: str, account_id: str = "2077", **fields: Any) -> Sender:
    sender = Sender(business=business, provider="cloud", number_id=number_id, account_id=account_id, **fields)
    sender.set_credentials({"access_token": "t", "app_secret": "own"})
    sender.app_key = ""
    sender.save()
    return sender


def test_what_the_provider_has_answered_for_stays_active(clinic: Business) -> None:
    old(clinic, "checked", checked_at=NOW)
    old(clinic, "typed")
    old(clinic, "blocked", health="blocked", cause="account_restricted", cause_data={"event": "X"})
    sends = old(clinic, "sends", account_id="2078")
    make_broadcast(sends, make_template(sends), ["+972501234567"])
    Recipient.objects.update(accepted_at=NOW)
    expected = {
        "checked": (True, ""),
        "typed": (False, "not_proved"),
        "blocked": (False, "account_restricted"),
        "sends": (True, ""),
    }
    assert upgrade() == expected
    assert upgrade() == expected
    assert set(Sender.objects.values_list("app_key", flat=True)) == {app_key_of("own")}


def test_an_account_of_two_businesses_stays_with_the_older_connection(clinic: Business) -> None:
    other = Business.objects.create(name="Other", slug="other")
    old(clinic, "second", checked_at=NOW)
    old(other, "first", checked_at=NOW)
    with across_businesses():
        Sender.objects.filter(number_id="first").update(created_at=NOW - timedelta(days=999))
    assert upgrade() == {"first": (True, ""), "second": (False, "not_proved")}
