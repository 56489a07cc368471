"""Pause a broadcast: sending stops within two seconds; messages under way are finished."""

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
        """Pause it, with no time at which it resumes."""
        lifecycle.pause(broadcast, now=timezone.now())
