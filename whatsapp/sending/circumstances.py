"""What decides whether messages of a broadcast may leave, besides their rows: read anew for each wave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from businesses.models import AddressKey, Business, DailyLimits
from whatsapp.models import Broadcast, MessagingSettings
from whatsapp.sending.remembered import Queries, Remembered
from whatsapp.states import BroadcastStatus


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Those of one wave.

    The broadcast has its sender, template and business. `limits` are those of the business's day: an unsaved row if
    it has none. `keys`: the key of the fingerprints of erased people; none while nobody was erased.
    """

    broadcast: Broadcast
    limits: DailyLimits
    monthly_budget: Decimal | None
    keys: Sequence[AddressKey]


class Reader:
    """Reads the circumstances of one broadcast, again and again."""

    def __init__(self, broadcast_id: UUID, business: Business) -> None:
        self._broadcast_id, self._business = broadcast_id, business
        self._remembered = Remembered(self._queries)

    def read(self) -> Circumstances | None:
        """Returns them as they are; None if the broadcast does not run. Expects the business to be set."""
        found = self._remembered.read()
        if not found["running"]:
            return None
        (broadcast,), limits, settings = found["running"], found["limits"], found["settings"]
        return Circumstances(
            broadcast=broadcast,
            limits=limits[0] if limits else DailyLimits(business=self._business),
            monthly_budget=settings[0].monthly_budget if settings else None,
            keys=found["keys"],
        )

    def forget(self) -> None:
        """Make new objects the next time: a transaction that changed these may have been rolled back."""
        self._remembered.forget()

    def _queries(self) -> Queries:
        running = Broadcast.objects.filter(pk=self._broadcast_id, status=BroadcastStatus.RUNNING)
        return {
            "running": running.select_related("sender", "template", "business"),
            "limits": DailyLimits.objects.filter(business=self._business),
            "settings": MessagingSettings.objects.filter(business=self._business),
            "keys": AddressKey.objects.filter(business=self._business),
        }
