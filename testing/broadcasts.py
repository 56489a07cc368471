"""A business with a WhatsApp number, a template and a broadcast, as rows: for tests and benchmarks of sending.

python -m testing.broadcasts 1000 --mps 80      makes one in DATABASE_URL and prints its ids as JSON
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from businesses.models import Business
from whatsapp.models import Broadcast, MessageTemplate, ProvedAccount, Recipient, Sender

TOKEN = "a-token"  # noqa: S105 - of the stand-in server


def make_sender(business: Business, *, provider: str = "cloud", max_mps: float | None = None, **fields: Any) -> Sender:
    """Returns a connected number with a token that the stand-in accepts."""
    defaults = {"number_id": "1055", "account_id": "2077", "throughput_mps": 1250.0}
    sender = Sender(business=business, provider=provider, max_mps=max_mps, **(defaults | fields))
    sender.set_credentials({"access_token": TOKEN})
    return proved(sender)


def proved(sender: Sender) -> Sender:
    """Save a number as if its provider had confirmed it. Returns it."""
    sender.proved_account, _is_new = ProvedAccount.objects.get_or_create(
        provider=sender.provider,
        account_id=sender.account_id,
        defaults={"business": sender.business, "proved_at": datetime.now(UTC)},
    )
    sender.save()
    return sender


def make_template(sender: Sender, **fields: Any) -> MessageTemplate:
    """Returns an approved template with one variable."""
    defaults: dict[str, Any] = {
        "provider_template_id": "77",
        "name": "spring_sale",
        "language": "en_US",
        "category": "MARKETING",
        "status": "APPROVED",
        "parameter_format": "NAMED",
        "components": [{"type": "BODY", "text": "Hi {{first_name}}"}],
        "content_hash": "0" * 64,
        "synced_at": datetime.now(UTC),
    }
    return MessageTemplate.objects.create(
        business=sender.business, provider=sender.provider, account_id=sender.account_id, **(defaults | fields)
    )


def make_lasting_template(sender: Sender) -> MessageTemplate:
    """Returns one for a trial of more than five minutes.

    The stand-in has never heard of it: asked again by then, it would say that the template is gone.
    """
    return make_template(sender, synced_at=datetime.now(UTC) + timedelta(days=1))


@transaction.atomic  # a worker completes a broadcast that has nobody yet
def make_broadcast(sender: Sender, template: MessageTemplate, addresses: Iterable[str], **fields: Any) -> Broadcast:
    """Returns a running broadcast to these addresses."""
    broadcast = Broadcast.objects.create(
        business=sender.business,
        sender=sender,
        template=template,
        **template.kept(),
        audience_kind="file",
        audience_ready_at=datetime.now(UTC),
        **({"name": "Spring", "status": "running", "started_at": datetime.now(UTC)} | fields),
    )
    people = Recipient.objects.bulk_create(
        (
            Recipient(
                business=sender.business,
                broadcast=broadcast,
                address=address,
                provider=sender.provider,
                params={"first_name": "Dana"},
            )
            for address in addresses
        ),
        batch_size=2_000,
    )
    Broadcast.objects.filter(pk=broadcast.pk).update(total=len(people))
    broadcast.refresh_from_db()
    return broadcast


def addresses(count: int, *, start: int = 0) -> list[str]:
    """Returns phone numbers that belong to nobody."""
    return [f"+9725{index:08d}" for index in range(start, start + count)]
