"""Accept the category to which WhatsApp moved a broadcast's template, and its price."""

from django.utils import timezone

from whatsapp.control import starting
from whatsapp.management.asking import BroadcastCommand
from whatsapp.models import Broadcast
from whatsapp.states import BroadcastStatus


class Command(BroadcastCommand):
    """Prints the broadcast's status as one JSON object. One that paused for the category goes on."""

    help = __doc__ or ""
    already = (BroadcastStatus.PREPARING, BroadcastStatus.RUNNING, BroadcastStatus.COMPLETED)

    def change(self, broadcast: Broadcast) -> None:
        """Accept it."""
        starting.accept_category(broadcast, now=timezone.now())
