"""Start a broadcast: at once, or at its scheduled time if that is still to come."""

from django.utils import timezone

from whatsapp.control.starting import start
from whatsapp.management.asking import BroadcastCommand
from whatsapp.models import Broadcast
from whatsapp.states import BroadcastStatus


class Command(BroadcastCommand):
    """Prints the broadcast's status as one JSON object. Workers or `run_broadcasts` do the sending."""

    help = __doc__ or ""
    already = (BroadcastStatus.PREPARING, BroadcastStatus.RUNNING, BroadcastStatus.COMPLETED)

    def change(self, broadcast: Broadcast) -> None:
        """Start it."""
        start(broadcast, now=timezone.now())
