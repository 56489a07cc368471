"""Do the keys open the credentials of WhatsApp numbers?"""

from __future__ import annotations

from collections.abc import Iterator

from businesses.doctor import table
from businesses.doctor.keys import opened
from businesses.doctor.table import Check
from businesses.tenancy import across_businesses
from whatsapp.models import Sender


def register() -> None:
    """Have it tried."""
    table.register("whatsapp keys", _checks, needs=(table.TABLES,))


def _checks() -> Iterator[Check]:
    yield Check("credentials", lambda: opened(_stored()))


def _stored() -> Iterator[str]:
    with across_businesses():  # the keys belong to the installation
        yield from Sender.objects.exclude(encrypted_credentials="").values_list("encrypted_credentials", flat=True)
