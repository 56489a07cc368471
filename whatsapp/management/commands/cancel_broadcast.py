"""Cancel a broadcast: nobody else gets its message; messages under way are finished."""

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
        """Cancel it, and mark at once all rows that are not being sent at this moment."""
        lifecycle.cancel(broadcast, now=timezone.now())
        lifecycle.finish_cancelling(broadcast, now=timezone.now())
