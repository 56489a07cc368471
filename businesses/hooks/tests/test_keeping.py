"""Secrets of addresses outlive the installation's key, and what was sent is kept for a month."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command

from businesses.happenings import Happening, happened
from businesses.hooks import endpoints
from businesses.keeping import retention
from businesses.models import ApiCreation, Business, WebhookDelivery
from businesses.tenancy import acting_for

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


@pytest.fixture
def acme() -> Business:
    return Business.objects.create(name="Acme", slug="acme")


def test_secrets_are_read_after_the_old_key_is_gone(acme: Business, settings: Any) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [old]
    with acting_for(acme):
        endpoint, first = endpoints.add(acme, url="https://acme.example/", kinds=list(Happening), now=NOW)
        second = endpoints.rotate(endpoint, now=NOW)
    settings.FIELD_ENCRYPTION_KEYS = [new, old]
    call_command("rotate_credentials")
    settings.FIELD_ENCRYPTION_KEYS = [new]
    with acting_for(acme):
        endpoint.refresh_from_db()
    assert endpoints.secrets_of(endpoint, now=NOW) == [second, first]


def test_the_log_and_the_keys_of_the_api_are_kept_for_a_while(acme: Business) -> None:
    with acting_for(acme):
        endpoints.add(acme, url="https://acme.example/", kinds=list(Happening), now=NOW)
        for days in (1, 29, 31):
            happened(acme, Happening.MESSAGE_TAKEN, {"days": days}, now=NOW - timedelta(days=days))
            ApiCreation.objects.create(business=acme, key=str(days), asked="x", at=NOW - timedelta(days=days))
    retention.sweep(now=NOW)
    with acting_for(acme):
        assert WebhookDelivery.objects.count() == 2
        assert [each.key for each in ApiCreation.objects.all()] == ["1"]
