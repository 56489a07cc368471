"""What becomes of messages that an earlier version counted as replies."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace

from django.apps import apps
from django.db import connection

from businesses.models import Business
from testing.broadcasts import make_broadcast, make_sender, make_template
from whatsapp.models import InboundMessage
from whatsapp.tests.conftest import NOW


def test_reactions_are_no_replies_any_more(clinic: Business) -> None:
    sender = make_sender(clinic)
    row = make_broadcast(sender, make_template(sender), ["+972501234567"]).recipients.get()
    for kind in ("text", "reaction", "unsupported", "image"):
        InboundMessage.objects.create(
            business=clinic, sender=sender, recipient=row, address="+972501234567", provider="cloud",
            provider_message_id=kind, kind=kind, received_at=NOW,
        )  # fmt: skip
    migration = import_module("whatsapp.migrations.0022_reactions_are_no_replies")
    for _ in range(2):
        migration.forwards(apps, SimpleNamespace(connection=connection))
        assert set(row.replies.values_list("kind", flat=True)) == {"text", "image"}
