"""Resume a paused broadcast exactly where it stopped."""

from django.utils import timezone

from whatsapp.control import starting
from whatsapp.management.asking import BroadcastCommand
from whatsapp.models import Broadcast
from whatsapp.states import BroadcastStatus


class Command(BroadcastCommand):
    """Prints the broadcast's status as one JSON object."""

    help = __doc__ or ""
    already = (BroadcastStatus.PREPARING, BroadcastStatus.RUNNING, BroadcastStatus.COMPLETED)

    def change(self, broadcast: Broadcast) -> None:
        """Resume it, which also approves a trial, or the new category for which it paused."""
        starting.resume(broadcast, now=timezone.now())
