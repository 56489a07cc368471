"""Start a broadcast: now, or at its scheduled time if that is in the future."""

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
        """Start or schedule it."""
        start(broadcast, now=timezone.now())
