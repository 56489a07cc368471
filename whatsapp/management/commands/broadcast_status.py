"""Print the state of a broadcast."""

from whatsapp.management.asking import BroadcastCommand
from whatsapp.models import Broadcast


class Command(BroadcastCommand):
    """Prints one JSON object: status, pause_reason, total, and counts with a number for every recipient state."""

    help = __doc__ or ""

    def change(self, broadcast: Broadcast) -> None:
        """Change nothing: the state is printed by the base class."""
