"""Resume a paused broadcast exactly where it stopped."""

from django.utils import timezone

from whatsapp.broadcasts import lifecycle
from whatsapp.management.asking import BroadcastCommand
from whatsapp.models import Broadcast
from whatsapp.states import BroadcastStatus


class Command(BroadcastCommand):
    """Prints the broadcast's status as one JSON object."""

    help = __doc__ or ""
    already = (BroadcastStatus.PREPARING, BroadcastStatus.RUNNING, BroadcastStatus.COMPLETED)

    def change(self, broadcast: Broadcast) -> None:
        """Resume it, which also approves a trial."""
        lifecycle.resume(broadcast, now=timezone.now())
