"""Cancel a broadcast: who has not been messaged never will be; what is on its way finishes."""

from django.utils import timezone

from whatsapp.broadcasts import lifecycle
from whatsapp.management.asking import BroadcastCommand
from whatsapp.models import Broadcast
from whatsapp.states import BroadcastStatus


class Command(BroadcastCommand):
    """Prints the broadcast's status as one JSON object."""

    help = __doc__ or ""
    already = (BroadcastStatus.CANCELLING, BroadcastStatus.CANCELLED)

    def change(self, broadcast: Broadcast) -> None:
        """Cancel it, and mark at once whoever is not being messaged at this moment."""
        lifecycle.cancel(broadcast, now=timezone.now())
        lifecycle.finish_cancelling(broadcast, now=timezone.now())
