"""A business with a WhatsApp number, a template and a broadcast, as rows: for tests and benchmarks of sending.

    python -m testing.broadcasts 1000 --mps 80      makes one in DATABASE_URL and prints its ids as JSON
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

TOKEN = "a-token"  # noqa: S105 - of the stand-in server


def make_sender(business: Any, *, provider: str = "cloud", max_mps: float | None = None, **fields: Any) -> Any:
    """A connected number with a token that the stand-in takes."""
    from whatsapp.models import Sender

    defaults = {"number_id": "1055", "account_id": "2077", "throughput_mps": 1250.0}
    sender = Sender(business=business, provider=provider, max_mps=max_mps, **(defaults | fields))
    sender.set_credentials({"access_token": TOKEN})
    sender.save()
    return sender


def make_template(sender: Any, **fields: Any) -> Any:
    """An approved template with one variable."""
    from whatsapp.models import MessageTemplate

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


def make_broadcast(sender: Any, template: Any, addresses: Iterable[str], **fields: Any) -> Any:
    """A running broadcast to these addresses."""
    from whatsapp.models import Broadcast, Recipient

    broadcast = Broadcast.objects.create(
        business=sender.business,
        sender=sender,
        template=template,
        template_name=template.name,
        template_language=template.language,
        template_category=template.category,
        template_format=template.parameter_format,
        template_components=template.components,
        template_hash=template.content_hash,
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
    """Numbers of nobody."""
    return [f"+9725{index:08d}" for index in range(start, start + count)]


def main() -> None:
    """Make one in the database of this environment."""
    import django

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("people", type=int)
    parser.add_argument("--mps", type=float, default=None)
    parser.add_argument("--broadcasts", type=int, default=1)
    given = parser.parse_args()
    django.setup()
    from businesses.models import Business
    from businesses.tenancy import acting_for

    business = Business.objects.create(name="Acme", slug="acme")
    with acting_for(business):
        sender = make_sender(business, max_mps=given.mps)
        template = make_template(sender)
        made = [
            make_broadcast(sender, template, addresses(given.people, start=index * given.people))
            for index in range(given.broadcasts)
        ]
    print(json.dumps({"business": str(business.pk), "broadcasts": [str(broadcast.pk) for broadcast in made]}))


if __name__ == "__main__":
    main()
