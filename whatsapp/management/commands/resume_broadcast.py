"""Resume a paused broadcast exactly where it stopped."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from whatsapp.broadcasts.creation import set_budget
from whatsapp.control import starting
from whatsapp.management.asking import BroadcastCommand, amount
from whatsapp.models import Broadcast
from whatsapp.states import BroadcastStatus


class Command(BroadcastCommand):
    """Prints the broadcast's status as one JSON object."""

    help = __doc__ or ""
    already = (BroadcastStatus.PREPARING, BroadcastStatus.RUNNING, BroadcastStatus.COMPLETED)

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the broadcast's id and its new budget."""
        super().add_arguments(parser)
        parser.add_argument("--budget", type=amount, metavar="AMOUNT", help="what it may cost from now on, in all")

    def change_as_asked(self, broadcast: Broadcast, options: dict[str, Any]) -> None:
        """Set the budget if one is given, then resume."""
        if options.get("budget") is not None:
            set_budget(broadcast, options["budget"])
        self.change(broadcast)

    def change(self, broadcast: Broadcast) -> None:
        """Resume it, which also approves a trial, or the new category for which it paused."""
        starting.resume(broadcast, now=timezone.now())
