"""Send again to the people of a broadcast whose failures say nothing against them."""

from django.utils import timezone

from whatsapp.control import retrying
from whatsapp.management.asking import BroadcastCommand
from whatsapp.models import Broadcast


class Command(BroadcastCommand):
    """Prints the broadcast's status as one JSON object. A paused broadcast still has to be resumed."""

    help = __doc__ or ""

    def change(self, broadcast: Broadcast) -> None:
        """Let them wait for another try."""
        people = retrying.retry(broadcast, now=timezone.now())
        self.stderr.write(f"Sent again: {people}.")
