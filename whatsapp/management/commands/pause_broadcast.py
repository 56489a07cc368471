"""Pause a broadcast: within two seconds nothing more is sent; what is on its way finishes."""

from django.utils import timezone

from whatsapp.broadcasts import lifecycle
from whatsapp.management.asking import BroadcastCommand
from whatsapp.models import Broadcast
from whatsapp.states import BroadcastStatus


class Command(BroadcastCommand):
    """Prints the broadcast's status as one JSON object."""

    help = __doc__ or ""
    already = (BroadcastStatus.PAUSED,)

    def change(self, broadcast: Broadcast) -> None:
        """Pause it."""
        lifecycle.pause(broadcast, now=timezone.now())
